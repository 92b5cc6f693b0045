// `npm run build:panel`: the panel's bundle, built where it is missing or stale.
import { exitWith } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

await exitWith(async () => {
  await ensureReady({ need: { panel: true } });
  return 0;
});
