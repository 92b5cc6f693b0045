import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  type Change,
  generateRequestSchema,
  type JobResource,
  ticksOfSeconds,
} from "../../local-server/protocol/index.ts";
import { createEngine, type Engine } from "../../local-server/src/engine/engine.ts";
import { type Jobs, openJobs } from "../../local-server/src/jobs/jobs.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";

const request = (fields: object = {}) =>
  generateRequestSchema.parse({ video: SAMPLE, prompt: "steps", toTicks: String(ticksOfSeconds(1)), ...fields });
/** Long enough to be met in the middle. */
const long = (fields: object = {}) => request({ guideStrength: 1, steps: 200, ...fields });

async function open(dataFolder: string, engine?: Engine): Promise<Jobs> {
  const jobs = await openJobs({ dataFolder, ...(engine ? { engine } : {}) });
  onTestFinished(() => jobs.close().catch(() => undefined));
  return jobs;
}
const ended = ({ state }: JobResource) => state === "done" || state === "failed" || state === "cancelled";
/** The first change that is what is waited for, the ones already made included. */
const heard = (jobs: Jobs, isIt: (change: Change) => boolean): Promise<Change> =>
  new Promise((settle) => {
    const stop = jobs.onChange((change) => {
      if (!isIt(change)) return;
      stop();
      settle(change);
    });
  });
const at = (id: string, stage: string) => (change: Change) =>
  change.type === "job" && change.job.id === id && change.job.stage === stage;
async function end(jobs: Jobs, id: string): Promise<JobResource> {
  if (!ended(jobs.job(id)))
    await heard(jobs, (change) => change.type === "job" && change.job.id === id && ended(change.job));
  return jobs.job(id);
}
const wavsIn = (dataFolder: string) => readdirSync(join(dataFolder, "takes")).filter((name) => name.endsWith(".wav"));

test("jobs run by priority and age, takes come one by one, progress goes forward, time left is told once it was measured", async () => {
  const jobs = await open(tempFolder());
  const changes: Change[] = [];
  jobs.onChange((change) => changes.push(change));
  const first = await jobs.create(request());
  expect(first.state).toBe("queued");
  const [late, early] = [
    await jobs.create(request({ takes: 2 })),
    await jobs.create(request({ seed: 5 }), { priority: 1 }),
  ];
  await end(jobs, late.id);
  const started = changes.flatMap((change) =>
    change.type === "job" && change.job.stage === "plan" ? [change.job.id] : [],
  );
  expect([...new Set(started)]).toEqual([first.id, early.id, late.id]);
  expect(jobs.job(late.id)).toMatchObject({ state: "done", error: null, takeIds: [`${late.id}-1`, `${late.id}-2`] });
  expect(jobs.takes().map(({ record }) => record.seed)).toEqual([1, 5, 1, 2]);
  for (const { path, record } of jobs.takes()) {
    expect(path).toMatch(/\/takes\/steps-[0-9a-f]{8}-[12]\.wav$/);
    expect([existsSync(path), record.sampleCount]).toEqual([true, 48_000]);
  }
  const firstTake = changes.findIndex((change) => change.type === "take" && change.take.jobId === late.id);
  expect(changes.slice(firstTake).filter((change) => change.type === "job" && !ended(change.job))).not.toEqual([]);
  const left = (id: string) =>
    changes.flatMap((change) =>
      change.type === "job" && change.job.id === id && change.job.stage ? [change.job.secondsLeft] : [],
    );
  expect(left(first.id).every((seconds) => seconds === null)).toBe(true);
  expect(left(late.id).every((seconds) => seconds !== null && seconds >= 0)).toBe(true);
  expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, i) => changes[0]!.seq + i));
});

test.each([
  ["no such clip", { video: "/none/clip.mp4" }, "not_found"],
  ["a file that is no video", { video: join(import.meta.dirname, "jobs.test.ts") }, "unsupported_or_damaged"],
  ["a range past the clip", { toTicks: String(ticksOfSeconds(100)) }, "range_outside_clip"],
  ["a model that is not there", { model: "foley-maxi" }, "unknown_model"],
  ["words alone without an end", { video: undefined, toTicks: undefined }, "bad_time"],
  ["a part of no take", { regenerate: { take: "/none/a.wav", fromTicks: "0", toTicks: "9" } }, "not_found"],
  ["a guide that is not there", { guide: { kind: "file", path: "/none/a.wav" } }, "bad_guide"],
])("%s is answered at once and not queued", async (_, fields, code) => {
  const jobs = await open(tempFolder());
  await expect(jobs.create(request(fields))).rejects.toMatchObject({ code });
  expect(jobs.jobs()).toEqual([]);
});

test("without room on the disk nothing is queued", async () => {
  const jobs = await openJobs({ dataFolder: tempFolder(), reserveBytes: Number.MAX_SAFE_INTEGER });
  await expect(jobs.create(request())).rejects.toMatchObject({ code: "disk_full" });
  await jobs.close();
});

test.runIf(process.platform !== "win32")(
  "a disk that fills up under a job: the job says so, and no part of a take stays",
  () => {
    const dataFolder = tempFolder();
    const program = join(import.meta.dirname, "../support/one-job-process.ts");
    // A limit on the size of a file stands in for a full disk: the write fails in the same place.
    const command = `ulimit -f 1500; exec "$0" "$@"`;
    const args = ["-c", command, process.execPath, program, dataFolder];
    const run = (seconds: string) => spawnSync("/bin/sh", [...args, seconds], { encoding: "utf8" }).stdout;
    expect(run("8")).toBe("failed disk_full\n");
    expect(readdirSync(join(dataFolder, "takes"))).toEqual([]);
    expect(run("1")).toBe("done undefined\n");
  },
);

test("a cancel ends a waiting job at once and the running one within its step, leaves no file, and may be said again", async () => {
  const dataFolder = tempFolder();
  const jobs = await open(dataFolder);
  const running = await jobs.create(long());
  const waiting = await jobs.create(request());
  expect((await jobs.cancel(waiting.id)).state).toBe("cancelled");
  await heard(jobs, at(running.id, "denoise"));
  expect(await jobs.cancel(running.id)).toMatchObject({ state: "cancelled", error: null, stage: null });
  expect((await jobs.cancel(running.id)).state).toBe("cancelled");
  await expect(jobs.cancel("none")).rejects.toMatchObject({ code: "not_found" });
  expect(readdirSync(join(dataFolder, "takes"))).toEqual([]);
  expect((await end(jobs, (await jobs.create(request())).id)).state).toBe("done");
});

test("the engine dies once: the job is tried again, a take that was there stays; twice: it has failed, and the next one runs", async () => {
  const engine = createEngine();
  const jobs = await open(tempFolder(), engine);
  const once_ = await jobs.create(long({ takes: 2, steps: 6 }));
  await heard(jobs, ({ type }) => type === "take");
  await heard(jobs, at(once_.id, "denoise"));
  const kept = jobs.takes()[0]!;
  const bytes = readFileSync(kept.path);
  await expect(jobs.removeTake(kept.id)).rejects.toMatchObject({ code: "locked" });
  engine.kill();
  expect(await end(jobs, once_.id)).toMatchObject({ state: "done", takeIds: [kept.id, `${once_.id}-2`] });
  expect(readFileSync(kept.path).equals(bytes)).toBe(true);
  expect(jobs.takes().map(({ record }) => record.seed)).toEqual([1, 2]);
  const twice = await jobs.create(long());
  for (let deaths = 0; deaths < 2; deaths++) {
    await heard(jobs, at(twice.id, "denoise"));
    engine.kill();
  }
  expect(await end(jobs, twice.id)).toMatchObject({ state: "failed", error: { code: "engine_crashed" } });
  expect((await end(jobs, (await jobs.create(request())).id)).state).toBe("done");
});

test("a server that ends in the middle goes on at the next start; marks, takes and history are there", async () => {
  const dataFolder = tempFolder();
  const before = await open(dataFolder);
  const done = await end(before, (await before.create(request({ toTicks: String(ticksOfSeconds(2)) }))).id);
  const [take] = before.takes();
  before.markTake(take!.id, { hearted: true });
  const part = { take: take!.path, fromTicks: String(ticksOfSeconds(0.5)), toTicks: String(ticksOfSeconds(1)) };
  const again = request({ toTicks: String(ticksOfSeconds(2)), regenerate: part, guideStrength: 1, steps: 10 });
  const job = await before.create(again);
  const waiting = await before.create(request());
  await expect(before.removeTake(take!.id)).rejects.toMatchObject({ code: "locked" });
  await heard(before, at(job.id, "denoise"));
  await before.close();
  await expect(before.create(request())).rejects.toMatchObject({ code: "in_use" });
  const after = await open(dataFolder);
  expect([after.job(done.id).state, after.job(waiting.id).state]).toEqual(["done", "queued"]);
  expect(await end(after, job.id)).toMatchObject({ state: "done" });
  expect(after.take(take!.id)).toEqual({ ...take, hearted: true });
  const [next] = after.takes().filter(({ jobId }) => jobId === job.id);
  expect(next!.record.history).toMatchObject([{ file: basename(take!.path), fromTicks: part.fromTicks }]);
  after.markTake(next!.id, { locked: true });
  await expect(after.removeTake(next!.id)).rejects.toMatchObject({ code: "locked" });
  after.markTake(next!.id, { locked: false });
  await after.removeTake(next!.id);
  expect(existsSync(next!.path)).toBe(false);
  await end(after, waiting.id);
});

test("one key fifty times at once, and again after a restart, is one job", async () => {
  const dataFolder = tempFolder();
  const before = await open(dataFolder);
  const ids = await Promise.all(Array.from({ length: 50 }, () => before.create(request(), { key: "press" })));
  expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
  await expect(before.create(request({ seed: 2 }), { key: "press" })).rejects.toMatchObject({ code: "key_reused" });
  await before.close();
  const after = await open(dataFolder);
  expect((await after.create(request(), { key: "press" })).id).toBe(ids[0]!.id);
  expect(after.jobs()).toHaveLength(1);
  await end(after, ids[0]!.id);
});

test("a store that is damaged is refused; moved away, the takes beside it are found again", async () => {
  const dataFolder = tempFolder();
  const before = await open(dataFolder);
  await end(before, (await before.create(request({ takes: 2 }))).id);
  const takes = before.takes();
  await before.close();
  const path = join(dataFolder, "jobs.sqlite");
  const whole = readFileSync(path);
  writeFileSync(path, Buffer.alloc(whole.length, "x"));
  await expect(openJobs({ dataFolder })).rejects.toMatchObject({ code: "damaged" });
  spawnSync("mv", [path, `${path}.damaged`]);
  const after = await open(dataFolder);
  const found = after.takes();
  expect(found.map((take) => [take.path, take.record])).toEqual(takes.map((take) => [take.path, take.record]));
  expect(after.job(found[0]!.jobId)).toMatchObject({ state: "done", takeIds: found.map(({ id }) => id) });
});

test("a take of the command line is listed where it lies, once, with its clip; forgotten, its files stay", async () => {
  const folder = tempFolder();
  const path = join(folder, "a.wav");
  const engine = createEngine();
  const quiet = { signal: new AbortController().signal, onProgress() {}, onNote() {} };
  await engine.run({ request: request(), targets: [path] }, quiet);
  engine.kill();
  const jobs = await open(tempFolder());
  const take = await jobs.keepTake(path);
  expect(take).toMatchObject({ path, hearted: false, record: { sampleCount: 48_000 } });
  expect(jobs.job(take.jobId)).toMatchObject({ state: "done", request: { video: SAMPLE }, takeIds: [take.id] });
  expect(await jobs.keepTake(path)).toEqual(take);
  await jobs.removeTake(take.id);
  expect(existsSync(path)).toBe(true);
  await expect(jobs.keepTake(SAMPLE)).rejects.toMatchObject({ code: "not_found" });
});

test("killed again and again while it submits and works: no accepted job and no finished take is lost or doubled", async () => {
  const dataFolder = tempFolder();
  const log = join(tempFolder(), "accepted");
  const program = join(import.meta.dirname, "../support/submit-jobs-process.ts");
  const accepted = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  for (let kill = 0; kill < 8; kill++) {
    const child = spawn(process.execPath, [program, dataFolder, log], { stdio: ["ignore", "ignore", "inherit"] });
    const before = accepted().length;
    await expect.poll(() => accepted().length, { interval: 5, timeout: 20_000 }).toBeGreaterThan(before + kill);
    await new Promise((settle) => setTimeout(settle, 150 * kill));
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  const jobs = await open(dataFolder);
  const ids = accepted();
  expect(ids.length).toBeGreaterThan(30);
  for (const { id, state } of jobs.jobs().filter((job) => !ended(job))) if (state === "queued") await jobs.cancel(id);
  for (const { id } of jobs.jobs().filter((job) => !ended(job))) await end(jobs, id);
  const all = ids.map((id) => jobs.job(id));
  expect(all.filter(({ state }) => state === "done").length).toBeGreaterThan(0);
  // A job that was running at three deaths is given up, and says so.
  expect(all.filter(({ state, error }) => state === "failed" && error?.code !== "poisoned")).toEqual([]);
  expect(all.filter((job) => !ended(job))).toEqual([]);
  const takes = jobs.takes();
  expect(takes.map(({ path }) => basename(path)).sort()).toEqual(wavsIn(dataFolder).sort());
  for (const { path, record } of takes) expect(statSync(path).size).toBeGreaterThan(record.sampleCount * 6);
  for (const { id, state, takeIds } of all) if (state === "done") expect(takeIds).toEqual([`${id}-1`, `${id}-2`]);
});
