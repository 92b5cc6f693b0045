import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runtimePath } from "../../local-server/src/server/runtime-file.ts";
import { createLauncher, serverFilePath } from "../../panel/src/bridges/cep/launcher.ts";
import type { Address } from "../../panel/src/bridges/server.ts";
import { node } from "../support/premiere/panel.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "foley-launcher-"));
  data = join(folder, "data");
  mkdirSync(join(folder, "server"));
});
afterEach(async () => {
  const pid = pidOf();
  if (pid !== null) process.kill(pid, "SIGTERM");
  while (pid !== null && isAlive(pid)) await wait(50);
  rmSync(folder, { recursive: true, force: true });
});

const serverFile = () => join(data, "run", "server.json");
function pidOf(): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(serverFile(), "utf8"));
    return isAlive(pid) ? pid : null;
  } catch {
    return null;
  }
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
async function isWell({ origin, token }: Address): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${origin}/v1/health`, { headers }).then(
    ({ ok }) => ok,
    () => false,
  );
}
/** A panel's launcher over an extension folder whose engine is this checkout's, or `script`. */
function launcher(script = join(root, "local-server/src/main.ts"), hurry = 1): () => Promise<Address> {
  writeFileSync(join(folder, "server", "launch.json"), JSON.stringify({ node: process.execPath, script }));
  const env = { ...process.env, FOLEY_DATA: data, TMPDIR: folder };
  const doors = node(env);
  return createLauncher({
    node: { ...doors, os: { ...doors.os, homedir: doors.os.homedir, tmpdir: () => folder } },
    extensionFolder: folder,
    isWell,
    wait: (wait_ms) => wait(wait_ms / hurry),
  });
}

test("two panels that open at once share one engine; a killed one is started again; both find it", async () => {
  const [first, second] = [launcher(), launcher()];
  const [a, b] = await Promise.all([first(), second()]);
  expect(b).toEqual(a);
  expect(await first()).toEqual(a);
  const pid = pidOf()!;
  process.kill(pid, "SIGKILL");
  while (isAlive(pid)) await wait(20);
  const again = await second();
  expect(again.token).not.toBe(a.token);
  expect(await first()).toEqual(again);
});

test("an engine that does not start is said with its own last words", async () => {
  const broken = join(folder, "broken.mjs");
  writeFileSync(broken, 'console.error("error missing_ffmpeg: expected ffmpeg"); process.exit(2);');
  await expect(launcher(broken, 10)()).rejects.toThrow(
    "the engine did not start: error missing_ffmpeg: expected ffmpeg",
  );
});

test("a panel without its engine says so", async () => {
  const find = launcher();
  rmSync(join(folder, "server"), { recursive: true });
  await expect(find()).rejects.toThrow("this panel came without its engine (server/launch.json); install it again");
});

test("an engine that speaks another wire is left alone, and the sentence says what to do", async () => {
  const address = await launcher()();
  const facts = JSON.parse(readFileSync(serverFile(), "utf8"));
  writeFileSync(serverFile(), JSON.stringify({ ...facts, apiVersions: ["2"], version: "9.0.0" }));
  await expect(launcher()()).rejects.toThrow("an engine of version 9.0.0 runs that this panel does not understand");
  expect(await isWell(address)).toBe(true);
});

test.each([
  ["linux", { FOLEY_RUNTIME: "/run/here" }],
  ["linux", { FOLEY_DATA: "/data" }],
  ["linux", { XDG_RUNTIME_DIR: "/run/user/1000" }],
  ["linux", {}],
])("panel and server look for server.json in the same place: %s %j", (platform, env) => {
  const doors = node(env);
  expect(serverFilePath({ ...doors, process: { platform, env } })).toBe(runtimePath(env));
});
