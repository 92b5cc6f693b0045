// `npm test [-- FILTER ...]`: set-up, all tests under Node 24, last line `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { exitWith, root, run } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

async function test(filters) {
  const { node, chromium, noChromium } = await ensureReady({ need: { ffmpeg: true, chromium: true, panel: true } });
  const folder = mkdtempSync(join(tmpdir(), "foley-test-"));
  const summary = join(folder, "summary.txt");
  const env = {
    ...process.env,
    PATH: dirname(node) + delimiter + process.env.PATH,
    FOLEY_TEST_SUMMARY: summary,
    ...(chromium ? { FOLEY_CHROMIUM: chromium } : { FOLEY_NO_CHROMIUM: noChromium }),
  };
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=./test/reporter/summary.ts"];
  const { code } = await run(node, [vitest, "run", "--config", "test/vitest.config.ts", ...reporters, ...filters], {
    stdio: "inherit",
    env,
  });
  const text = read(summary);
  rmSync(folder, { recursive: true, force: true });
  console.log(text ?? "The test runner ended before its report.\n0 passed, 1 failed");
  return text === undefined || !/(^|\n)[1-9]\d* passed, 0 failed(, \d+ skipped)?$/.test(text) ? code || 1 : code;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

await exitWith(() => test(process.argv.slice(2)));
