import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** The host script as it is delivered, built from the sources as they are now. */
export function hostScript(): { readonly code: string; readonly build: string } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [resolve(import.meta.dirname, "../../../host/build.mjs"), "--print"],
    { encoding: "utf8", maxBuffer: 8 << 20 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
