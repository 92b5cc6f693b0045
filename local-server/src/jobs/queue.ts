import { setTimeout as wait } from "node:timers/promises";
import {
  type GenerateRequest,
  generateRequestSchema,
  type Look,
  type LookRequest,
  type Stage,
} from "../../protocol/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { DeliveredTake, JobResult } from "../engine/messages.ts";
import { asUserError, cancelled, UserError } from "../errors.ts";
import { createEstimate, ratesOf } from "./estimate.ts";
import { takeId, targetOf } from "./names.ts";
import type { JobRow, LiveProgress } from "./read.ts";
import { recordFinished, removeUnrecorded } from "./recover.ts";
import { assertRoom } from "./room.ts";
import type { Store } from "./store.ts";

/** Ten times a second at most. */
const PROGRESS_MS = 100;
/** A disk that was full is tried again this often. */
const RETRY_MS = 2_000;
/** A running job with no more than this left is waited for at the end. */
const WORTH_WAITING_SECONDS = 5;
const MOST_CRASHES = 2;
/** Why a job is aborted that shall run again. */
const STOPPED = "stopped";

/** Runs the waiting jobs on the engine, one after another, by priority and age. */
export function createQueue({
  store,
  engine,
  folder,
  reserveBytes,
}: {
  readonly store: Store;
  readonly engine: Engine;
  /** Where takes are written. */
  readonly folder: string;
  readonly reserveBytes: number;
}) {
  let pumped: Promise<void> = Promise.resolve();
  let isPumping = false;
  let running: { readonly id: string; readonly controller: AbortController; readonly ended: Promise<void> } | null =
    null;
  let closing = false;
  let looking: { readonly controller: AbortController; readonly ended: Promise<unknown> } | null = null;

  /** Jobs go first: a look gives way at once, and is asked for again by who still wants it. */
  async function stopLooking(): Promise<void> {
    looking?.controller.abort();
    await looking?.ended;
  }

  function wake(): void {
    if (isPumping || closing) return;
    isPumping = true;
    pumped = pump();
  }

  async function pump(): Promise<void> {
    try {
      await stopLooking();
      for (let row = store.next(); row && !closing; row = store.next()) {
        const controller = new AbortController();
        const ended = runOne(row, controller.signal);
        running = { id: row.id, controller, ended };
        await ended;
      }
    } catch (error) {
      // The store cannot be written to any more: what is on the disk is taken up at the next start.
      console.error(asUserError(error).message);
    } finally {
      running = null;
      isPumping = false;
    }
  }

  /** A write that must not get lost: while the disk is full nothing else is begun. */
  async function write(work: () => unknown): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (asUserError(error).code !== "disk_full" || closing) throw error;
        await wait(RETRY_MS);
      }
    }
  }

  async function runOne(row: JobRow, signal: AbortSignal): Promise<void> {
    const { id } = row;
    await write(() => store.start(id));
    const error = await work(row, signal).then(
      () => null,
      (thrown: unknown) => asUserError(thrown),
    );
    if (error && signal.reason === STOPPED) return write(() => store.requeue(id, "stop"));
    if (error?.code === "engine_crashed") {
      await write(() => recordFinished(store, folder, row));
      const isDone = store.takesOf(id).length >= row.request.takes;
      if (!isDone && row.crashes + 1 < MOST_CRASHES) return write(() => store.requeue(id, "crash"));
      await write(() => (isDone ? store.end(id, "done") : store.end(id, "failed", crashedTwice(error).body)));
    } else if (signal.aborted) await write(() => store.end(id, "cancelled"));
    else await write(() => (error ? store.end(id, "failed", error.body) : store.end(id, "done")));
    // What cannot be removed now is at the next start.
    await removeUnrecorded(store, folder, row).catch(() => undefined);
  }

  async function work(row: JobRow, signal: AbortSignal): Promise<void> {
    const { id, facts, request } = row;
    const before = store.takesOf(id).length;
    const missing = request.takes - before;
    await assertRoom(folder, missing * facts.bytesPerTake, reserveBytes);
    const targets = Array.from({ length: missing }, (_, i) => targetOf(folder, row.stem, before + i + 1, row.attempt));
    const progress = reportProgress(row, missing);
    let recorded = Promise.resolve();
    let number = before;
    const onTake = ({ path, record }: DeliveredTake) => {
      number += 1;
      const take = { id: takeId(id, number), jobId: id, path, record };
      progress.takeDone();
      // What comes after a cancel is too late.
      recorded = recorded.then(() => write(() => !signal.aborted && store.addTake(take)));
      recorded.catch(() => undefined);
    };
    try {
      const job = { request: restOf(request, before), targets };
      const result = await engine.run(job, { signal, onProgress: progress.report, onNote() {}, onTake });
      await recorded;
      if (signal.aborted) throw cancelled();
      await measure(row, result);
    } finally {
      progress.stop();
      await recorded;
    }
  }

  const measure = ({ facts }: JobRow, { timings, takes }: JobResult) =>
    write(() => store.measured(facts.kind, ratesOf(timings, facts, takes.length)));

  /** The first report of a time is told at once, the last one of a tenth of a second at its end. */
  function reportProgress({ id, facts }: JobRow, takes: number) {
    const estimate = createEstimate(store.rates(facts.kind), facts, takes);
    let timer: NodeJS.Timeout | null = null;
    let latest: LiveProgress | null = null;
    const tell = () => {
      timer = latest && setTimeout(tell, PROGRESS_MS);
      try {
        if (latest) store.progress(id, latest);
      } catch {
        // Only told: a store that cannot go on says so when the job ends.
      }
      latest = null;
    };
    return {
      takeDone: estimate.takeDone,
      report(stage: Stage, fraction: number): void {
        latest = { stage, fraction, secondsLeft: estimate.report(stage, fraction, performance.now()) };
        if (!timer) tell();
      },
      stop: () => timer && clearTimeout(timer),
    };
  }

  return {
    wake,
    async look({ path, ...range }: LookRequest): Promise<Look> {
      await stopLooking();
      await pumped;
      if (closing || isPumping || looking) throw cancelled();
      const controller = new AbortController();
      const watcher = { signal: controller.signal, onProgress() {}, onNote() {} };
      const seen = engine.look(generateRequestSchema.parse({ video: path, ...range }), watcher);
      const ended = seen
        .catch(() => undefined)
        .then(() => {
          looking = null;
        });
      looking = { controller, ended };
      return seen;
    },
    /** Comes back when the job has ended. */
    async cancel(id: string): Promise<void> {
      if (running?.id === id) {
        running.controller.abort();
        await running.ended;
      } else store.end(id, "cancelled");
    },
    /** Begins no other job; one that is nearly done ends, else it is stopped and waits for the next start. */
    async close(): Promise<void> {
      closing = true;
      await stopLooking();
      if (running) {
        const { secondsLeft } = store.job(running.id);
        const patience = secondsLeft !== null && secondsLeft <= WORTH_WAITING_SECONDS ? WORTH_WAITING_SECONDS : 0;
        await Promise.race([running.ended, wait(1000 * patience, undefined, { ref: false })]);
        running?.controller.abort(STOPPED);
      }
      await pumped;
      engine.kill();
    },
  };
}

/** What is still to be made of a request of which the first `done` takes are there: each take has its own seed. */
const restOf = (request: GenerateRequest, done: number): GenerateRequest => ({
  ...request,
  seed: (request.seed + done) >>> 0,
  takes: request.takes - done,
});

const crashedTwice = ({ expected, came, todo }: UserError): UserError =>
  new UserError("engine_crashed", expected, `${came}, again at a second try`, todo);
