import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Change, ErrorBody, GenerateRequest, JobResource, Stage, TakeResource } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";

/** What was found out of a request before it was queued. */
export interface Facts {
  /** Length of one take. */
  readonly seconds: number;
  /** Denoising steps; 0 where the take is performed alone. */
  readonly steps: number;
  /** Jobs of one kind go through the same stages. */
  readonly kind: string;
  /** What one take may fill on the disk. */
  readonly bytesPerTake: number;
}

/** A job as the queue needs it. */
export interface JobRow {
  readonly id: string;
  readonly state: JobResource["state"];
  readonly stem: string;
  readonly request: GenerateRequest;
  readonly facts: Facts;
  /** From 1; another one each time the job is begun anew after a death. */
  readonly attempt: number;
  /** How often the engine's process died of it. */
  readonly crashes: number;
}

/** Where a running job is. */
export interface LiveProgress {
  readonly stage: Stage;
  readonly fraction: number;
  readonly secondsLeft: number | null;
}

export type Row = Record<string, SQLInputValue>;

/** SQL by its text, prepared once. */
export function statements(database: DatabaseSync) {
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const sql = (text: string) => {
    const statement = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, statement);
    return statement;
  };
  return {
    all: (text: string, ...values: SQLInputValue[]) => sql(text).all(...values) as Row[],
    one: (text: string, ...values: SQLInputValue[]) => sql(text).get(...values) as Row | undefined,
    /** Number of rows changed. */
    run: (text: string, ...values: SQLInputValue[]) => Number(sql(text).run(...values).changes),
  };
}

const OPEN = "('queued', 'running')";
const ENDED_SHOWN = 200;
const TAKES_SHOWN = 1_000;
const CHANGES_SENT = 500;

/** Everything that is asked of the store; `live` is the progress of running jobs, which is in no row. */
export function reader({ all, one }: ReturnType<typeof statements>, live: ReadonlyMap<string, LiveProgress>) {
  const takesOf = (jobId: string): TakeResource[] =>
    all("SELECT * FROM takes WHERE jobId = ? ORDER BY ordinal", jobId).map(takeResource);
  const jobResource = (row: Row): JobResource => {
    const { id, state, request } = rowOf(row);
    const { stage = null, fraction = 0, secondsLeft = null } = live.get(id) ?? {};
    const takeIds = all("SELECT id FROM takes WHERE jobId = ? ORDER BY ordinal", id).map((take) => String(take.id));
    const error = row.error === null ? null : (JSON.parse(String(row.error)) as ErrorBody);
    return {
      ...{ id, state, request, stage, fraction, secondsLeft, error, takeIds },
      createdAt_ms: Number(row.createdAt_ms),
    };
  };
  const jobRow = (id: string): Row => {
    const row = one("SELECT * FROM jobs WHERE id = ?", id);
    if (row) return row;
    throw new UserError("not_found", "the id of a job", JSON.stringify(id), "list the jobs");
  };
  const jobChange = (row: Row): Change => ({ seq: Number(row.seq), type: "job", job: jobResource(row) });
  const takeChange = (row: Row): Change => ({ seq: Number(row.seq), type: "take", take: takeResource(row) });
  const goneChange = (row: Row): Change => ({ seq: Number(row.seq), type: "takeGone", takeId: String(row.takeId) });
  return {
    /** @throws UserError not_found */
    job: (id: string): JobResource => jobResource(jobRow(id)),
    /** @throws UserError not_found */
    row: (id: string): JobRow => rowOf(jobRow(id)),
    /** @throws UserError not_found */
    take(id: string): TakeResource {
      const row = one("SELECT * FROM takes WHERE id = ?", id);
      if (row) return takeResource(row);
      throw new UserError("not_found", "the id of a take", JSON.stringify(id), "list the takes");
    },
    takesOf,
    jobs: (): JobResource[] =>
      all(
        `SELECT * FROM jobs WHERE state IN ${OPEN} OR ordinal IN
           (SELECT ordinal FROM jobs WHERE state NOT IN ${OPEN} ORDER BY ordinal DESC LIMIT ${ENDED_SHOWN})
         ORDER BY ordinal`,
      ).map(jobResource),
    takes: (): TakeResource[] =>
      all(
        `SELECT * FROM takes WHERE hearted OR locked OR ordinal IN
           (SELECT ordinal FROM takes ORDER BY ordinal DESC LIMIT ${TAKES_SHOWN}) ORDER BY ordinal`,
      ).map(takeResource),
    openRows: (): JobRow[] => all(`SELECT * FROM jobs WHERE state IN ${OPEN} ORDER BY ordinal`).map(rowOf),
    next(): JobRow | null {
      const row = one("SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, ordinal LIMIT 1");
      return row ? rowOf(row) : null;
    },
    takeIdAt(wav: string): string | null {
      const row = one("SELECT id FROM takes WHERE path = ?", wav);
      return row ? String(row.id) : null;
    },
    hasStem: (stem: string): boolean => one("SELECT 1 FROM jobs WHERE stem = ?", stem) !== undefined,
    /** Seconds by stage of jobs of a kind; see estimate.ts. */
    rates: (kind: string): Map<string, number> =>
      new Map(all("SELECT * FROM measures WHERE kind = ?", kind).map((row) => [String(row.stage), Number(row.rate)])),
    /** Each thing that changed after `since`, once, as it is now; null where that is too much, or `since` is not ours. */
    changesSince(since: number, seq: number): Change[] | null {
      if (since > seq) return null;
      const after = (table: string) => all(`SELECT * FROM ${table} WHERE seq > ? LIMIT ${CHANGES_SENT}`, since);
      const written = [
        ...after("jobs").map(jobChange),
        ...after("takes").map(takeChange),
        ...after("gone").map(goneChange),
      ];
      return written.length < CHANGES_SENT ? written.sort((a, b) => a.seq - b.seq) : null;
    },
  };
}

const rowOf = (row: Row): JobRow => ({
  id: String(row.id),
  state: row.state as JobResource["state"],
  stem: String(row.stem),
  request: JSON.parse(String(row.request)) as GenerateRequest,
  facts: JSON.parse(String(row.facts)) as Facts,
  attempt: Number(row.attempt),
  crashes: Number(row.crashes),
});

const takeResource = (row: Row): TakeResource => ({
  id: String(row.id),
  jobId: String(row.jobId),
  path: String(row.path),
  // Takes that were recorded before these fields were have none.
  record: { recordings: [], credits: [], ...JSON.parse(String(row.record)) },
  hearted: row.hearted === 1,
  locked: row.locked === 1,
  createdAt_ms: Number(row.createdAt_ms),
});
