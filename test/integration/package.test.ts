import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPromise } from "yauzl";
import { createLauncher } from "../../panel/src/bridges/cep/launcher.ts";
import { tempFolder } from "../support/cli.ts";
import { node } from "../support/premiere/panel.ts";

const root = resolve(import.meta.dirname, "../..");
const platform = `${process.platform}-${process.arch}`;
const posix = process.platform !== "win32";
/** The scripts are plain JavaScript, without types. */
const script = (name: string) => import(pathToFileURL(join(root, "local-server/bin", name)).href);
const packaging = (args: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(root, "local-server/bin/package.mjs"), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });

let out: string;
let extension: string;

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), "foley-package-"));
  extension = join(out, platform, "com.foley.editor");
  const { stderr, status } = packaging(["--platform", platform, "--folder-only", "--out", out]);
  if (status !== 0) throw new Error(stderr);
}, 120_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

test("what the manifest and the panel look for is where they look", () => {
  const manifest = readFileSync(join(extension, "CSXS/manifest.xml"), "utf8");
  const named = [...manifest.matchAll(/<(?:MainPath|ScriptPath|Icon Type="[^"]+")>\.\/([^<]+)</g)].map(
    (match) => match[1]!,
  );
  expect(named).toHaveLength(6);
  expect(named.filter((path) => !existsSync(join(extension, path)))).toEqual([]);
  const { build } = JSON.parse(readFileSync(join(extension, "host/dist/build.json"), "utf8"));
  expect(readFileSync(join(extension, "host/dist/foley.jsx"), "utf8")).toContain(`"${build}"`);
  const launch = JSON.parse(readFileSync(join(extension, "server/launch.json"), "utf8"));
  for (const path of [launch.node, launch.script]) expect(existsSync(join(extension, "server", path)), path).toBe(true);
});

test("it holds no link, no empty file, no training, no other system's libraries, and nothing that only builds or tests", () => {
  const files = readdirSync(extension, { recursive: true, encoding: "utf8", withFileTypes: true });
  expect(files.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(extension.length + 1));
  expect(
    paths.filter((path) => /training|\.DS_Store|\.debug$|\.bin$|playwright|vitest|typescript|\.map$/.test(path)),
  ).toEqual([]);
  const binaries = paths.filter((path) => /bin[\\/]napi-v6[\\/].*\.(node|so|dylib|dll)/.test(path));
  expect(binaries.length).toBeGreaterThan(0);
  const [system, machine] = platform.split("-");
  expect(binaries.filter((path) => !path.includes(join(system!, machine!)))).toEqual([]);
});

test("every package it brings is named with its licence, and each lets us bring it", () => {
  const lines = readFileSync(join(extension, "THIRD-PARTY.txt"), "utf8").trim().split("\n").slice(2);
  expect(lines.length).toBeGreaterThan(10);
  expect(
    lines.filter((line) => !/: \(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|MIT OR CC0-1\.0)\)?$/.test(line)),
  ).toEqual([]);
  const brought = readdirSync(join(extension, "node_modules")).flatMap((name) =>
    name.startsWith("@")
      ? readdirSync(join(extension, "node_modules", name)).map((inner) => `${name}/${inner}`)
      : [name],
  );
  // One comes under another name than its own.
  const named = lines.map((line) => line.slice(0, line.lastIndexOf(" ", line.indexOf(": "))));
  expect(brought.filter((name) => !named.includes(name))).toEqual(["fluent-ffmpeg"]);
});

test("the panel's launcher starts the packaged server with its own Node, and it shows its model and the panel", async () => {
  const data = tempFolder();
  // Nothing of this clone, its Node or its packages can be found from there.
  const env = { PATH: process.env.PATH, HOME: data, FOLEY_DATA: data, SYSTEMROOT: process.env.SYSTEMROOT };
  const doors = node(env);
  const launch = createLauncher({
    node: { ...doors, os: { ...doors.os, homedir: () => data, tmpdir: () => data } },
    extensionFolder: extension,
    isWell: ({ origin }) =>
      fetch(`${origin}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    wait: (wait_ms) => wait(wait_ms),
  });
  const { origin, token } = await launch();
  const { pid } = JSON.parse(readFileSync(join(data, "run/server.json"), "utf8"));
  try {
    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ ok: true });
    const models = await (await fetch(`${origin}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).json();
    expect(models).toMatchObject({ models: [{ id: "foley-mini", problem: null }] });
    expect(await (await fetch(origin)).text()).toContain('id="root"');
    if (process.platform === "linux") expect(readlinkSync(`/proc/${pid}/exe`)).toBe(join(extension, "node/node"));
  } finally {
    process.kill(pid, "SIGTERM");
    while (existsSync(join(data, "run/server.json"))) await wait(50);
  }
});

test("the packaged engine makes a take: its ONNX Runtime and its model are whole", () => {
  const folder = tempFolder();
  const wav = join(folder, "rain.wav");
  const launch = JSON.parse(readFileSync(join(extension, "server/launch.json"), "utf8"));
  const args = [join(extension, "server/start.mjs"), "generate", "--prompt", "steady rain", "--to", "1", "-o", wav];
  const { stderr, status } = spawnSync(resolve(extension, "server", launch.node), args, {
    encoding: "utf8",
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, FOLEY_DATA: folder, SYSTEMROOT: process.env.SYSTEMROOT },
  });
  expect(status, stderr).toBe(0);
  expect(readFileSync(wav).toString("latin1", 0, 4)).toBe("RIFF");
});

test("the archive holds the same files, and the right to run Node", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "in/node"), { recursive: true });
  writeFileSync(join(folder, "in/a.txt"), "a");
  writeFileSync(join(folder, "in/node/node"), "x");
  chmodSync(join(folder, "in/node/node"), 0o755);
  const { zipFolder } = await script("extension/pack.mjs");
  const archives = ["one.zip", "two.zip"].map((name) => join(folder, name));
  for (const archive of archives) await zipFolder(join(folder, "in"), archive);
  expect(readFileSync(archives[0]!)).toEqual(readFileSync(archives[1]!));
  const zip = await openPromise(archives[0]!);
  const modes: [string, string][] = [];
  for await (const entry of zip.eachEntry())
    modes.push([entry.fileName, (entry.externalFileAttributes >>> 16).toString(8)]);
  expect(modes).toEqual([
    ["a.txt", "100644"],
    ["node/node", posix ? "100755" : "100644"],
  ]);
});

test("a tree that would break a signature is refused with every file at fault", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "empty.js"), "");
  writeFileSync(join(folder, ".DS_Store"), "x");
  writeFileSync(join(folder, "naïve.txt"), "x");
  if (posix) symlinkSync("empty.js", join(folder, "link"));
  const { checkTree } = await script("extension/files.mjs");
  const names = [
    "empty.js is empty",
    ".DS_Store does not belong",
    "naïve.txt: letters",
    ...(posix ? ["link is no plain file"] : []),
  ];
  for (const name of names) expect(() => checkTree(folder)).toThrow(name);
});

/** A stand-in for Adobe's signing tool, which is not to be had here: writes down how it was called. */
function signingTool(folder: string, refused: string): string {
  const tool = join(folder, "ZXPSignCmd");
  const log = join(folder, "calls.txt");
  writeFileSync(
    tool,
    `#!/bin/sh\necho "$@" >> "${log}"\ncase "$*" in *"${refused}"*) echo "no answer from $7"; exit 1;; esac\n[ "$1" = -sign ] && cp "$2/manifest" "$3"\n[ "$1" = -selfSignedCert ] && echo cert > "$7"\nexit 0\n`,
  );
  chmodSync(tool, 0o755);
  return tool;
}

test.runIf(posix)(
  "signing goes on to the next time server, checks what was signed, and never says the password",
  async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "in"));
    writeFileSync(join(folder, "in/manifest"), "x");
    const tool = signingTool(folder, "digicert");
    const { signFolder, makeCertificate } = await script("extension/pack.mjs");
    await makeCertificate(tool, join(folder, "own.p12"), "pass");
    const target = join(folder, "out.zxp");
    await signFolder(join(folder, "in"), target, { tool, certificate: join(folder, "own.p12"), password: "secret" });
    const calls = readFileSync(join(folder, "calls.txt"), "utf8").trim().split("\n");
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["-selfSignedCert", "-sign", "-sign", "-verify"]);
    expect(calls[2]).toContain("-tsa http://timestamp.sectigo.com");
    const broken = signingTool(folder, "secret");
    const failing = signFolder(join(folder, "in"), target, { tool: broken, certificate: "c", password: "secret" });
    await expect(failing).rejects.toThrow("could not be signed");
    await expect(failing).rejects.not.toThrow("secret");
    expect(existsSync(target)).toBe(false);
  },
);

test.each([
  ["a platform that is none", ["--platform", "amiga"], {}, "amiga is none of darwin-arm64"],
  [
    "a tool that is not there",
    ["--platform", platform],
    { FOLEY_ZXP_TOOL: join(tmpdir(), "no-such-tool") },
    "is no program",
  ],
  ["a tool without certificate", ["--platform", platform], { FOLEY_ZXP_TOOL: process.execPath }, "--self-signed"],
  [
    "a certificate that is not there",
    ["--platform", platform],
    { FOLEY_ZXP_TOOL: process.execPath, FOLEY_ZXP_CERT: "no.p12" },
    "is not there",
  ],
])("%s is said before anything is made", (_, args, env, words) => {
  const { stderr, status } = packaging([...args, "--out", join(out, "refused")], env as Record<string, string>);
  expect(stderr).toContain(words);
  expect(status).toBe(1);
  expect(existsSync(join(out, "refused", platform))).toBe(false);
});

/** A home of its own, and programs that only write down how they were called. */
function installing(args: readonly string[], system: "darwin" | "win32") {
  const home = tempFolder();
  const programs = join(home, "programs");
  mkdirSync(programs);
  for (const name of ["defaults", "reg"]) {
    writeFileSync(join(programs, name), `#!/bin/sh\necho "${name} $@" >> "${home}/calls.txt"\n`);
    chmodSync(join(programs, name), 0o755);
  }
  const run = (more: readonly string[]) =>
    spawnSync(process.execPath, [join(root, "local-server/bin/install-premiere.mjs"), "--system", system, ...more], {
      encoding: "utf8",
      input: "",
      env: {
        ...process.env,
        HOME: home,
        APPDATA: join(home, "AppData"),
        PATH: `${programs}:${dirname(process.execPath)}:${process.env.PATH}`,
      },
    });
  const folder =
    system === "darwin" ? "Library/Application Support/Adobe/CEP/extensions" : "AppData/Adobe/CEP/extensions";
  const calls = (): string[] =>
    existsSync(join(home, "calls.txt")) ? readFileSync(join(home, "calls.txt"), "utf8").trim().split("\n") : [];
  return { first: run(args), run, target: join(home, folder, "com.foley.editor"), calls };
}

test.runIf(posix).each(["darwin", "win32"] as const)(
  "install:premiere --link on %s: this clone's panel, its launch file, the debug key as text, and away again",
  (system) => {
    const { first, run, target, calls } = installing(["--link", "--debug-key", "yes"], system);
    expect(first.status, first.stderr).toBe(0);
    const launch = JSON.parse(readFileSync(join(target, "server/launch.json"), "utf8"));
    expect(existsSync(launch.node)).toBe(true);
    expect(readFileSync(join(target, "server/start.mjs"), "utf8")).toContain(
      pathToFileURL(join(root, "local-server/src/main.ts")).href,
    );
    for (const path of [".debug", "CSXS/manifest.xml", "panel/dist/index.html", "host/dist/foley.jsx"]) {
      expect(existsSync(join(target, path)), path).toBe(true);
    }
    const wanted =
      system === "darwin"
        ? "defaults write com.adobe.CSXS.12 PlayerDebugMode 1"
        : "reg add HKCU\\Software\\Adobe\\CSXS.12 /v PlayerDebugMode /t REG_SZ /d 1 /f";
    expect(calls()).toContain(wanted);
    expect(run(["--link", "--debug-key", "no"]).status).toBe(0);
    expect(run(["--remove"]).stdout).toContain("removed");
    expect(existsSync(target)).toBe(false);
    expect(existsSync(join(root, "panel/dist/index.html"))).toBe(true);
  },
);

test.runIf(posix)("without consent the debug key is left alone, also when nobody can be asked", () => {
  const { first, calls } = installing(["--link"], "darwin");
  expect(first.stdout).toContain("debug mode was left as it is");
  expect(calls()).toEqual([]);
});

test.runIf(posix)(
  "a packaged panel is swapped in whole over an older one, and a link never goes through to what it leads to",
  async () => {
    const folder = tempFolder();
    const { unpackExtension, removeExtension } = await script("extension/install.mjs");
    const target = join(folder, "extensions/com.foley.editor");
    for (const version of ["one", "two"]) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, `${version}.txt`), version);
      unpackExtension(join(folder, version), target);
      expect(readdirSync(target)).toEqual([`${version}.txt`]);
    }
    expect(readdirSync(dirname(target))).toEqual(["com.foley.editor"]);
    removeExtension(target);
    symlinkSync(join(folder, "one"), target);
    unpackExtension(join(folder, "two"), target);
    expect(readdirSync(join(folder, "one"))).toEqual(["one.txt"]);
    expect(readdirSync(target)).toEqual(["two.txt"]);
  },
);

test.runIf(process.platform === "linux")(
  "where there is no Premiere it says what it would do, and does nothing",
  () => {
    const { stdout, status } = spawnSync(process.execPath, [join(root, "local-server/bin/install-premiere.mjs")], {
      encoding: "utf8",
      input: "",
    });
    expect(status).toBe(0);
    expect(stdout).toContain("There is no Premiere for linux");
    expect(stdout).toContain("Library/Application Support/Adobe/CEP/extensions/com.foley.editor");
    expect(stdout).toContain("/t REG_SZ /d 1");
  },
);
