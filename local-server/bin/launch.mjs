import { join } from "node:path";
import { callerFolder, programPath, root, run, SetupError } from "./process.mjs";
import { ensureFfmpeg } from "./programs.mjs";
import { ensureReady } from "./setup.mjs";

/** Verbs that read video. The others must work, and `doctor` must speak, where ffmpeg is missing. */
const NEED_FFMPEG = ["generate", "regenerate", "serve", "bench"];

/** Runs the CLI under Node 24 in the folder the user called from; stdout is the CLI's alone. Returns its exit code. */
export async function foley(args) {
  const need = { panel: args[0] === "serve" };
  const { node } = await ensureReady({ need, quiet: true, out: process.stderr });
  if (NEED_FFMPEG.includes(args[0]) && !programPath(process.env.FOLEY_FFMPEG || "ffmpeg")) {
    try {
      const version = await ensureFfmpeg((text) => process.stderr.write(`ffmpeg: ${text}`));
      process.stderr.write(`${version}\n`);
    } catch (error) {
      // The CLI has its own words and exit code for a missing ffmpeg.
      if (!(error instanceof SetupError)) throw error;
      process.stderr.write("not to be had\n");
    }
  }
  const main = join(root, "local-server", "src", "main.ts");
  // The warning is of Node 24.0, where running TypeScript was still called experimental.
  const nodeArgs = ["--disable-warning=ExperimentalWarning", main];
  const { code } = await run(node, [...nodeArgs, ...args], { stdio: "inherit", cwd: callerFolder() });
  return code;
}
