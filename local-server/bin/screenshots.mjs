// `npm run screenshots`: the panel in every view and state, dark and light, narrow and wide, into screenshots/.
// `-- browser` or `-- premiere`: only those.
import { join } from "node:path";
import { exitWith, root, run } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

await exitWith(async () => {
  const { node, chromium } = await ensureReady({ need: { ffmpeg: true, panel: true, chromium: true } });
  const script = join(root, "test", "support", "panel-screenshots.ts");
  const env = { ...process.env, FOLEY_CHROMIUM: chromium ?? process.env.FOLEY_CHROMIUM };
  const { code } = await run(node, ["--disable-warning=ExperimentalWarning", script, ...process.argv.slice(2)], {
    stdio: "inherit",
    env,
  });
  return code;
});
