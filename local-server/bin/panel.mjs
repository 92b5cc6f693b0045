import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, root, run, SetupError } from "./process.mjs";

const dist = join(root, "panel", "dist");
const stamp = join(dist, ".made-from");
/** What the bundle is made of. */
const SOURCES = ["panel/src", "panel/index.html", "panel/vite.config.ts", "local-server/protocol", "package-lock.json"];

/** One hash over names and bytes of all sources. */
function hashOfSources() {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(root, source);
    const files = source.includes(".") ? [""] : readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
    for (const file of files.filter((name) => name === "" || /\.(tsx?|css)$/.test(name))) {
      hash.update(`${source}/${file}\0`).update(readFileSync(join(path, file)));
    }
  }
  return hash.digest("hex");
}

/** Builds the panel into panel/dist where it is missing or older than its sources. Returns what was done, for the set-up's line. */
export async function ensurePanel(node) {
  const wanted = hashOfSources();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return "in place";
  const start_ms = Date.now();
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const { code, output } = await run(node, [vite, "build", "--config", join(root, "panel", "vite.config.ts")]);
  if (code !== 0) throw new SetupError(`the panel could not be built:\n${lastLines(output)}`);
  writeFileSync(stamp, wanted);
  return `built in ${((Date.now() - start_ms) / 1000).toFixed(1)} s`;
}
