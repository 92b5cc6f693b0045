import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CALLS, CLOSE_CODES, ERRORS } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** docs/api.md as it stands: its shell lines in one shell, its script, its error. */

const page = readFileSync(resolve(import.meta.dirname, "../../docs/api.md"), "utf8");
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , text]) => text!);
const hasTools = ["bash", "curl"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

let server: ServerHere;
beforeAll(async () => {
  server = await serveHere();
});
afterAll(() => server.close());

const env = () => ({
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  FOLEY: server.origin,
  KEY: server.token,
});

/** Not `spawnSync`: the server runs in this process. */
const run = (program: string, args: string[], cwd: string) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((settle) => {
    const child = spawn(program, args, { cwd, env: env() });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.on("close", (code) => settle({ code, stdout, stderr }));
  });

test.skipIf(!hasTools)(
  "the curl lines do what the page says (skipped without bash and curl)",
  { timeout: 180_000 },
  async () => {
    const folder = tempFolder();
    copyFileSync(SAMPLE, join(folder, "walk-wood-floor.mp4"));
    const shell = blocks("sh");
    expect(shell.length).toBeGreaterThan(10);
    const script = shell.map((block, i) => `echo "--- ${i}"\n${block}`).join("\n");
    writeFileSync(join(folder, "all.sh"), `set -euo pipefail\n${script}`);
    const { code, stdout, stderr } = await run("bash", ["all.sh"], folder);
    expect([code, stderr]).toEqual([0, ""]);
    const said = stdout.split(/--- \d+\n/).slice(1);
    expect(JSON.parse(said[0]!.trim())).toMatchObject({ ok: true });
    const [follow, state] = [
      shell.findIndex((block) => block.includes("uniq -c")),
      shell.findIndex((block) => block.includes("TAKE=$(")),
    ];
    expect(said[follow]).toMatch(/2 event: take\n/);
    expect(said[state]!.trim()).toBe("done");
    expect(said.find((text) => text.includes("RIFF"))).toBeDefined();
    const { waveform } = decodeWav(readFileSync(join(folder, "steps.wav")));
    expect([waveform.sampleRate, waveform.channels.length, waveform.channels[0]!.length]).toEqual([48_000, 2, 595_200]);
    expect(readFileSync(join(folder, "preview.mp4")).toString("latin1", 4, 8)).toBe("ftyp");
    expect(statSync(join(folder, "peaks.f32")).size).toBe(600 * 2 * 4);
    const [problem] = blocks("json");
    expect(JSON.parse(said.at(-1)!.trim())).toEqual(JSON.parse(problem!));
  },
);

test("the script connects, proves both sides and hears its job to the end", { timeout: 120_000 }, async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "example.mjs"), blocks("js")[0]!);
  const { code, stdout, stderr } = await run(process.execPath, ["example.mjs"], folder);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^\d+ takes, up to change \d+\n/);
  // Progress is told ten times a second: a quick machine passes several stages between two of them.
  expect(stdout).toMatch(/^\d+ running [a-z]+/m);
  expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+ done/);
});

test("the page names every call and every close code, and no other", () => {
  for (const call of Object.keys(CALLS)) expect(page).toContain(`\`${call}\``);
  const told = [...page.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes]) => codes!.split(", ").map(Number));
  expect(told.sort()).toEqual([...Object.values(CLOSE_CODES), 1009].sort());
  const named = [...page.matchAll(/"code": "(\w+)"/g)].map(([, code]) => code!);
  for (const code of named) expect(Object.keys(ERRORS)).toContain(code);
});
