// `npm run check`: types, lint and format, import table, dead code. One line each; stops at the first that is not clean.
import { delimiter, dirname, join } from "node:path";
import { exitWith, root, run } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

const inModules = (...path) => join(root, "node_modules", ...path);
const CHECKS = [
  ["types", [inModules("typescript", "bin", "tsc"), "-b"]],
  ["lint and format", [inModules("@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings"]],
  [
    "import table",
    [inModules("vitest", "vitest.mjs"), "run", "--config", "test/vitest.config.ts", "test/architecture.test.ts"],
  ],
  ["dead code", [inModules("knip", "bin", "knip.js")]],
];

async function check() {
  const { node } = await ensureReady({ quiet: true });
  const env = { ...process.env, PATH: dirname(node) + delimiter + process.env.PATH };
  for (const [name, args] of CHECKS) {
    const { code, output } = await run(node, args, { env });
    console.log(`${name}: ${code === 0 ? "clean" : "not clean"}`);
    if (code !== 0) {
      console.log(output.trimEnd());
      return 1;
    }
  }
  return 0;
}

await exitWith(check);
