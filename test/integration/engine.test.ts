import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateRequestSchema, STAGES } from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { foley, SAMPLE, startFoley, tempFolder } from "../support/cli.ts";
import { descendants, isAlive } from "../support/processes.ts";

const request = (fields: object) => generateRequestSchema.parse({ video: SAMPLE, prompt: "steps", ...fields });
const quiet = { signal: new AbortController().signal, onProgress() {}, onNote() {} };

test("a crash fails its job with a clear error; the next job gets a fresh engine; nothing is left behind", async () => {
  const folder = tempFolder();
  const engine = createEngine();
  const job = { request: request({ guideStrength: 1, steps: 50 }), targets: [join(folder, "a.wav")] };
  const onProgress = (stage: string) => {
    if (stage === "denoise") engine.kill();
  };
  await expect(engine.run(job, { ...quiet, onProgress })).rejects.toMatchObject({ code: "engine_crashed" });
  expect(readdirSync(folder)).toEqual([]);
  const next = await engine.run({ request: request({}), targets: [join(folder, "b.wav")] }, quiet);
  expect(next.takes).toHaveLength(1);
  engine.kill();
});

test("a cancel comes back within one denoise step and leaves no file; the engine goes on to the next job", async () => {
  const folder = tempFolder();
  const engine = createEngine();
  const controller = new AbortController();
  let steps = 0;
  const onProgress = (stage: string) => {
    if (stage === "denoise" && ++steps === 3) controller.abort();
  };
  const job = { request: request({ guideStrength: 1, steps: 100 }), targets: [join(folder, "a.wav")] };
  const run = engine.run(job, { signal: controller.signal, onProgress, onNote() {} });
  await expect(run).rejects.toMatchObject({ code: "cancelled" });
  // The window in flight when the cancel arrives may still report, and the one after it where the message was late.
  expect(steps).toBeLessThanOrEqual(5);
  expect(readdirSync(folder)).toEqual([]);
  const pid = engine.pid;
  await engine.run({ request: request({}), targets: [join(folder, "b.wav")] }, quiet);
  expect(engine.pid).toBe(pid);
  engine.kill();
});

test("progress goes forward through the stages", async () => {
  const engine = createEngine();
  const seen: string[] = [];
  const onProgress = (stage: string, fraction: number) => {
    if (seen.at(-1) !== stage) seen.push(stage);
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThanOrEqual(1);
  };
  const target = join(tempFolder(), "a.wav");
  await engine.run({ request: request({ guideStrength: 0.5 }), targets: [target] }, { ...quiet, onProgress });
  expect(seen).toEqual(STAGES);
  engine.kill();
});

test.each(["SIGINT", "SIGTERM"] as const)("%s at any moment: exit 130, no half files, no orphans", async (name) => {
  for (const delayMs of [50, 400, 900, 1500]) {
    const folder = tempFolder();
    const args = ["generate", SAMPLE, "--prompt", "steps", "--guide-strength", "1", "--steps", "200", "-o", "a.wav"];
    const { child, done } = startFoley(args, { cwd: folder });
    await new Promise((settle) => setTimeout(settle, delayMs));
    const family = await descendants(child.pid!);
    child.kill(name);
    const { code } = await done;
    // Before the handlers stand (Node is still starting), the signal itself ends the process.
    expect([130, null]).toContain(code);
    expect(readdirSync(folder)).toEqual([]);
    await expect.poll(() => family.filter(isAlive), { timeout: 3000 }).toEqual([]);
  }
});

test("a killed parent takes the engine and ffmpeg along", async () => {
  const folder = tempFolder();
  const args = ["generate", SAMPLE, "--prompt", "steps", "--guide-strength", "1", "--steps", "200", "-o", "a.wav"];
  const { child, done } = startFoley(args, { cwd: folder });
  await expect.poll(() => descendants(child.pid!).then(({ length }) => length), { timeout: 10_000 }).toBeGreaterThan(0);
  const family = await descendants(child.pid!);
  child.kill("SIGKILL");
  await done;
  await expect.poll(() => family.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  expect((await foley(["models", "list"])).code).toBe(0);
});
