import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "foley-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Check {
  readonly name: string;
  readonly state: "ok" | "info" | "todo";
  readonly found: string;
  readonly todo: string | null;
}

function doctor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    const options = { env: { ...process.env, ...env }, cwd: folder };
    execFile(
      process.execPath,
      [join(root, "local-server/src/main.ts"), "doctor", ...args],
      options,
      (error, stdout, stderr) => done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

async function checksOf(env: NodeJS.ProcessEnv): Promise<{ code: number; ok: boolean; byName: Map<string, Check> }> {
  const { code, stdout } = await doctor(["--json"], env);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  return { code, ok, byName: new Map(checks.map((check) => [check.name, check])) };
}

test("on a machine that is set up: exit 0, every part looked at, one JSON object and nothing else", async () => {
  const { code, ok, byName } = await checksOf({});
  expect([code, ok]).toEqual([0, true]);
  const names = [
    "Node",
    "ffmpeg",
    "CPU",
    "memory",
    "GPU",
    "ONNX Runtime",
    "provider cpu",
    "model foley-mini",
    "data folder",
  ];
  expect(names.filter((name) => !byName.has(name))).toEqual([]);
  expect(byName.get("Node")!.found).toContain(process.version);
  expect(byName.get("ONNX Runtime")!.found).toMatch(/^\d+\.\d+\.\d+, compiled in: .*\bcpu\b/);
  expect(byName.get("model foley-mini")!.found).toMatch(/every hash right$/);
});

test("the page says the same in words, and nothing on stderr", async () => {
  const { code, stdout, stderr } = await doctor([]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^ok +ffmpeg +\d/m);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("Takes can be made.");
});

test("without ffmpeg: exit 1 and how to get it", async () => {
  const { code, ok, byName } = await checksOf({ PATH: folder, FOLEY_FFMPEG: "", FOLEY_FFPROBE: "" });
  expect([code, ok]).toEqual([1, false]);
  expect(byName.get("ffmpeg")).toMatchObject({ state: "todo", todo: expect.stringMatching(/install/) });
});

test("a file of the default model was changed: exit 1, and the file is named", async () => {
  const models = join(folder, "changed");
  cpSync(join(root, "models/foley-mini"), join(models, "foley-mini"), {
    recursive: true,
    filter: (path) => !path.includes("training"),
  });
  const licence = join(models, "foley-mini/LICENSE");
  const bytes = readFileSync(licence);
  bytes[0]! ^= 1;
  writeFileSync(licence, bytes);
  const { code, byName } = await checksOf({ FOLEY_MODELS: models });
  expect(code).toBe(1);
  const check = byName.get("model foley-mini")!;
  expect(check.state).toBe("todo");
  expect(check.found).toContain("wrong_hash");
  expect(check.found).toContain(createHash("sha256").update(bytes).digest("hex"));
});

test("another model that is broken is told of, but takes can be made", async () => {
  const models = join(folder, "other");
  mkdirSync(join(models, "broken-one"), { recursive: true });
  writeFileSync(join(models, "broken-one/manifest.json"), "{");
  const { code, byName } = await checksOf({ FOLEY_MODELS: models });
  expect(code).toBe(0);
  expect(byName.get("model broken-one")).toMatchObject({
    state: "todo",
    found: expect.stringContaining("broken_bundle"),
  });
});

test("an argument that it does not know: exit 2", async () => {
  const { code, stderr } = await doctor(["--fix"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error usage: /);
});
