import type { SQLInputValue } from "node:sqlite";
import type {
  Change,
  ErrorBody,
  GenerateRequest,
  JobResource,
  TakeRecord,
  TakeResource,
} from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { openDatabase, transaction } from "./database.ts";
import { type Facts, type LiveProgress, reader, statements } from "./read.ts";

export interface NewJob {
  readonly id: string;
  readonly stem: string;
  readonly request: GenerateRequest;
  readonly facts: Facts;
  readonly priority?: number | undefined;
  /** A key names one request; sent again with the same one it gets the same job. */
  readonly key?: string | undefined;
}

export interface NewTake {
  readonly id: string;
  readonly jobId: string;
  readonly path: string;
  readonly record: TakeRecord;
  readonly createdAt_ms?: number;
}

export type Store = ReturnType<typeof openStore>;

const KEY_MS = 48 * 3_600_000;
const MOST_WAITING = 1_000;
/** Numbers of changes are taken in blocks, so that none is given twice although progress is never written. */
const BLOCK = 10_000;

/**
 * Jobs and takes on the disk, and what changed in which order. Each writing call is one transaction that is on the disk
 * when it returns; then the listeners hear of it. A state changes only from the one it is thought to be in: the calls that
 * return a boolean say whether it did.
 * @throws UserError in_use, damaged, disk_full
 */
export function openStore(path: string) {
  const database = openDatabase(path);
  const table = statements(database);
  const { one, run } = table;
  const live = new Map<string, LiveProgress & { readonly seq: number }>();
  const read = reader(table, live);
  const listeners = new Set<(change: Change) => void>();
  let seq = Number(one("SELECT value FROM counters WHERE name = 'seq'")?.value ?? 0);
  let ceiling = seq;

  function nextSeq(): number {
    if (seq >= ceiling) {
      const next = ceiling + BLOCK;
      transaction(database, path, () => run("INSERT OR REPLACE INTO counters VALUES ('seq', ?)", next));
      ceiling = next;
    }
    return ++seq;
  }
  const emit = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  /** Does `work` with the number of the change; where it says that something changed, the listeners hear `tell`. */
  function change(work: (seq: number) => boolean, tell: () => { type: "job"; job: JobResource } | TakeTold): boolean {
    const number = nextSeq();
    const changed = transaction(database, path, () => work(number));
    if (changed) emit({ seq: number, ...tell() });
    return changed;
  }
  const job = (id: string) => () => ({ type: "job", job: read.job(id) }) as const;
  const take = (id: string) => () => ({ type: "take", take: read.take(id) }) as const;

  function keyed(key: string, request: string, now_ms: number): JobResource | null {
    const found = one("SELECT * FROM keys WHERE key = ? AND createdAt_ms > ?", key, now_ms - KEY_MS);
    if (!found) return null;
    if (found.request === request) return read.job(String(found.jobId));
    throw new UserError("key_reused", "a key of its own for each request", JSON.stringify(key), "send another key");
  }

  const insertJob = (values: readonly SQLInputValue[]) =>
    run(
      `INSERT INTO jobs (id, seq, state, stem, request, facts, priority, createdAt_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...values,
    );
  const insertTake = ({ id, jobId, path: wav, record, createdAt_ms = Date.now() }: NewTake, seq: number): boolean =>
    run(
      "INSERT OR IGNORE INTO takes (id, jobId, seq, path, record, createdAt_ms) VALUES (?, ?, ?, ?, ?, ?)",
      ...[id, jobId, seq, wav, JSON.stringify(record), createdAt_ms],
    ) === 1;

  return {
    ...read,
    get seq() {
      return seq;
    },
    /** The job that a key of the last 48 hours has. @throws UserError key_reused */
    keyed: (key: string, request: GenerateRequest, now_ms = Date.now()): JobResource | null =>
      keyed(key, JSON.stringify(request), now_ms),
    /** Queues a job, or hands back the one that its key has. @throws UserError key_reused, queue_full */
    submit({ id, stem, request, facts, priority = 0, key }: NewJob, now_ms = Date.now()): JobResource {
      const text = JSON.stringify(request);
      let known: JobResource | null = null;
      change((seq) => {
        run("DELETE FROM keys WHERE createdAt_ms <= ?", now_ms - KEY_MS);
        known = key === undefined ? null : keyed(key, text, now_ms);
        if (known) return false;
        if (Number(one("SELECT count(*) AS n FROM jobs WHERE state = 'queued'")!.n) >= MOST_WAITING) throw full();
        insertJob([id, seq, "queued", stem, text, JSON.stringify(facts), priority, now_ms]);
        if (key !== undefined) run("INSERT INTO keys VALUES (?, ?, ?, ?)", key, text, id, now_ms);
        return true;
      }, job(id));
      return known ?? read.job(id);
    },
    start: (id: string): boolean =>
      change(
        (seq) => run("UPDATE jobs SET state = 'running', seq = ? WHERE id = ? AND state = 'queued'", seq, id) === 1,
        job(id),
      ),
    /** Ends an open job for good. */
    end(id: string, state: "done" | "failed" | "cancelled", error: ErrorBody | null = null): boolean {
      const text = error && JSON.stringify(error);
      const update = `UPDATE jobs SET state = ?, error = ?, seq = ? WHERE id = ? AND state IN ('queued', 'running')`;
      return change(
        (seq) => run(update, state, text, seq, id) === 1,
        () => {
          live.delete(id);
          return job(id)();
        },
      );
    },
    /** Puts a running job back into its place in the queue: it was stopped, the server died, or the engine did. */
    requeue(id: string, after: "stop" | "death" | "crash"): boolean {
      live.delete(id);
      const [attempts, crashes] = { stop: [0, 0] as const, death: [1, 0] as const, crash: [1, 1] as const }[after];
      const update = `UPDATE jobs SET state = 'queued', attempt = attempt + ?, crashes = crashes + ?, seq = ?
        WHERE id = ? AND state = 'running'`;
      return change((seq) => run(update, attempts, crashes, seq, id) === 1, job(id));
    },
    /** Where a running job is: heard by the listeners, never written. */
    progress(id: string, now: LiveProgress): void {
      const number = nextSeq();
      live.set(id, { ...now, seq: number });
      emit({ seq: number, ...job(id)() });
    },
    /** Records a take of an open job, once. */
    addTake: (added: NewTake): boolean =>
      change(
        (seq) =>
          one("SELECT 1 FROM jobs WHERE id = ? AND state IN ('queued', 'running')", added.jobId) !== undefined &&
          insertTake(added, seq),
        take(added.id),
      ),
    /** Records a job that ended before this store was there, with its takes. */
    keepEnded({ id, stem, request, facts }: NewJob, takes: readonly NewTake[]): void {
      change((seq) => {
        insertJob([id, seq, "done", stem, JSON.stringify(request), JSON.stringify(facts), 0, Date.now()]);
        return takes.every((one) => insertTake(one, seq));
      }, job(id));
    },
    /** @throws UserError not_found */
    markTake(id: string, { hearted, locked }: { readonly hearted?: boolean; readonly locked?: boolean }): TakeResource {
      const [heart, lock] = [hearted, locked].map((mark) => (mark === undefined ? null : Number(mark)));
      const update =
        "UPDATE takes SET hearted = coalesce(?, hearted), locked = coalesce(?, locked), seq = ? WHERE id = ?";
      change((seq) => run(update, heart!, lock!, seq, id) === 1, take(id));
      return read.take(id);
    },
    removeTake: (id: string): boolean =>
      change(
        (seq) =>
          run("DELETE FROM takes WHERE id = ?", id) === 1 &&
          run("INSERT OR REPLACE INTO gone VALUES (?, ?)", id, seq) === 1,
        () => ({ type: "takeGone", takeId: id }),
      ),
    changesSince(since: number): Change[] | null {
      const written = read.changesSince(since, seq);
      if (written === null) return null;
      const moved = [...live].filter(([, now]) => now.seq > since);
      const ids = new Set(moved.map(([id]) => id));
      return [
        ...written.filter((change) => change.type !== "job" || !ids.has(change.job.id)),
        ...moved.map(([id, now]) => ({ seq: now.seq, ...job(id)() })),
      ].sort((a, b) => a.seq - b.seq);
    },
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Each new measure counts as much as all before it. */
    measured(kind: string, rates: ReadonlyMap<string, number>): void {
      const write = `INSERT INTO measures VALUES (?, ?, ?)
        ON CONFLICT (kind, stage) DO UPDATE SET rate = (rate + excluded.rate) / 2`;
      transaction(database, path, () => {
        for (const [stage, rate] of rates) run(write, kind, stage, rate);
      });
    },
    close: () => database.close(),
  };
}

type TakeTold = { type: "take"; take: TakeResource } | { type: "takeGone"; takeId: string };

const full = (): UserError =>
  new UserError(
    "queue_full",
    `fewer than ${MOST_WAITING} waiting jobs`,
    "as many already",
    "wait until some have ended, or cancel some",
  );
