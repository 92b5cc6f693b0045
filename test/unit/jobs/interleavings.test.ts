import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { generateRequestSchema } from "../../../local-server/protocol/index.ts";
import { newId, stemOf, takeId, targetOf } from "../../../local-server/src/jobs/names.ts";
import { recover } from "../../../local-server/src/jobs/recover.ts";
import { openStore } from "../../../local-server/src/jobs/store.ts";
import { writeTake } from "../../../local-server/src/takes/write.ts";
import { takeRecord } from "../../support/take-record.ts";

/** A job as it should be. `filed` takes lie on the disk in this attempt and are not recorded. */
interface Expected {
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  attempt: number;
  recorded: number;
  filed: number;
  readonly wanted: number;
  readonly priority: number;
}
const isOpen = ({ state }: Expected) => state === "queued" || state === "running";
const waiting = (jobs: Map<string, Expected>) =>
  [...jobs].filter(([, { state }]) => state === "queued").sort(([, a], [, b]) => b.priority - a.priority)[0]?.[0];

/** What each act means for the job it is done to; the server's death is done to all. */
const MODEL = {
  start: (job: Expected) => Object.assign(job, { state: "running" }),
  file: (job: Expected) => Object.assign(job, { filed: job.filed + 1 }),
  record: (job: Expected) => Object.assign(job, { recorded: job.recorded + job.filed, filed: 0 }),
  complete: (job: Expected) => Object.assign(job, { state: "done" }),
  fail: (job: Expected) => Object.assign(job, { state: "failed" }),
  cancel: (job: Expected) => Object.assign(job, { state: "cancelled" }),
  "stop it": (job: Expected) => Object.assign(job, { state: "queued" }),
  "engine dies": (job: Expected) => Object.assign(job, { state: "queued", attempt: job.attempt + 1, filed: 0 }),
  "server dies": (job: Expected) => {
    if (!isOpen(job)) return job;
    MODEL.record(job);
    if (job.recorded === job.wanted) return MODEL.complete(job);
    if (job.state === "queued") return job;
    return job.attempt === 3 ? MODEL.fail(job) : MODEL["engine dies"](job);
  },
};
type Act = { readonly act: keyof typeof MODEL | "submit"; readonly takes: number; readonly priority: number };

const rare: readonly Act["act"][] = ["complete", "fail", "cancel", "stop it", "engine dies"];
const acts: fc.Arbitrary<Act> = fc.record({
  act: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
    { weight: 2, arbitrary: fc.constantFrom<Act["act"][]>("submit", "record") },
    { weight: 6, arbitrary: fc.constantFrom<Act["act"][]>("start", "file", "server dies") },
  ),
  takes: fc.integer({ min: 1, max: 3 }),
  priority: fc.integer({ min: -1, max: 1 }),
});

/** The smallest files that count as a whole take. */
const fileTake = (wavPath: string) =>
  writeTake({ wavPath, wav: new Uint8Array(8), record: takeRecord({ sampleCount: 2 }), latents: null });

async function play(list: readonly Act[], folder: string): Promise<void> {
  const takes = join(folder, "takes");
  mkdirSync(takes, { recursive: true });
  const open = () => openStore(join(folder, "jobs.sqlite"));
  let store = open();
  let lastSeq = 0;
  const jobs = new Map<string, Expected>();
  const pathOf = (id: string, number: number) => targetOf(takes, store.row(id).stem, number, store.row(id).attempt);
  const listen = () =>
    store.onChange(({ seq }) => {
      expect(seq).toBeGreaterThan(lastSeq);
      lastSeq = seq;
    });
  listen();
  for (const { act, takes: wanted, priority } of list) {
    if (act === "submit") {
      const id = newId();
      const request = generateRequestSchema.parse({ prompt: "steps", takes: wanted });
      const facts = { seconds: 1, steps: 0, kind: "test", bytesPerTake: 1 };
      store.submit({ id, stem: stemOf(id, request), request, facts, priority });
      jobs.set(id, { state: "queued", attempt: 1, recorded: 0, filed: 0, wanted, priority });
    } else if (act === "server dies") {
      // Nothing is flushed or told at the end that the system would not do for a killed process.
      store.close();
      store = open();
      await recover(store, takes);
      listen();
      for (const job of jobs.values()) MODEL[act](job);
    } else {
      const running = [...jobs].find(([, { state }]) => state === "running")?.[0];
      const id = act === "start" ? (running ?? waiting(jobs)) : running;
      expect(store.next()?.id).toBe(waiting(jobs));
      const job = id === undefined ? undefined : jobs.get(id);
      if (id === undefined || !job || (act === "start" && running !== undefined)) continue;
      const number = job.recorded + job.filed;
      if (act === "file" && number === job.wanted) continue;
      if (act === "start") store.start(id);
      if (act === "file") await fileTake(pathOf(id, number + 1));
      for (let one = job.recorded + 1; act === "record" && one <= number; one++) {
        const take = { id: takeId(id, one), jobId: id, path: pathOf(id, one), record: takeRecord() };
        expect([store.addTake(take), store.addTake(take)]).toEqual([true, false]);
      }
      if (act === "complete") store.end(id, "done");
      if (act === "fail") store.end(id, "failed", { code: "internal", expected: "", came: "", todo: "" });
      if (act === "cancel") store.end(id, "cancelled");
      if (act === "stop it") store.requeue(id, "stop");
      if (act === "engine dies") store.requeue(id, "crash");
      MODEL[act](job);
    }
    for (const [id, { state, attempt, recorded }] of jobs) {
      const { takeIds, state: found } = store.job(id);
      expect([id, found, store.row(id).attempt, takeIds.length]).toEqual([id, state, attempt, recorded]);
      // A state that has ended never changes.
      if (state === "done" || state === "failed" || state === "cancelled") {
        expect([store.start(id), store.requeue(id, "stop"), store.end(id, "failed")]).toEqual([false, false, false]);
      }
    }
  }
  store.close();
  store = open();
  await recover(store, takes);
  // Every recorded take is a file, and there is no other.
  const files = readdirSync(takes).filter((name) => name.endsWith(".wav"));
  expect(files.map((name) => join(takes, name)).sort()).toEqual(
    store
      .takes()
      .map(({ path }) => path)
      .sort(),
  );
  store.close();
}

test("however jobs are submitted, run, filed, cancelled, and engine and server die in between: all is as the model says", async () => {
  const root = mkdtempSync(join(tmpdir(), "foley-jobs-"));
  let run = 0;
  const property = fc.asyncProperty(fc.array(acts, { minLength: 40, maxLength: 50 }), (list) =>
    play(list, join(root, String(++run))),
  );
  try {
    await fc.assert(property, { numRuns: 10 });
  } finally {
    rmSync(root, { recursive: true });
  }
});
