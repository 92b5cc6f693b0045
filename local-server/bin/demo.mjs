// `npm run demo [-- OUT.html]`: set-up, then one page with clips before and after. `npm run demo -- --blind CLIPS_DIR [...]`: see blind-page.ts.
import { join } from "node:path";
import { callerFolder, exitWith, root, run } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

async function demo(args) {
  const { node } = await ensureReady({ need: { ffmpeg: true }, quiet: true });
  const isBlind = args[0] === "--blind";
  const script = join(root, "test", "support", isBlind ? "blind-page.ts" : "demo-page.ts");
  const nodeArgs = ["--disable-warning=ExperimentalWarning", script, ...(isBlind ? args.slice(1) : args)];
  const { code } = await run(node, nodeArgs, { stdio: "inherit", cwd: callerFolder() });
  return code;
}

await exitWith(() => demo(process.argv.slice(2)));
