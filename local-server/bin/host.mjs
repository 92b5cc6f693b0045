import { join } from "node:path";
import { lastLines, root, run, SetupError } from "./process.mjs";

/** Builds the script for Premiere into host/dist. Returns what was done, for the set-up's line. */
export async function ensureHost(node) {
  const { code, output } = await run(node, [join(root, "host", "build.mjs")]);
  if (code !== 0) throw new SetupError(`the host script could not be built:\n${lastLines(output)}`);
  return output.trim();
}
