import { dirname, join } from "node:path";
import type { Change, GenerateRequest, JobResource, Look, LookRequest, TakeResource } from "../../protocol/index.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { UserError } from "../errors.ts";
import { makeFolder } from "../takes/write.ts";
import { createCheck } from "./check.ts";
import { newId, stemOf } from "./names.ts";
import { createQueue } from "./queue.ts";
import { keepTake, recover, removeFiles } from "./recover.ts";
import { assertRoom, RESERVE_BYTES } from "./room.ts";
import { openStore } from "./store.ts";

/** Requests that wait for the engine, one after another, and the takes that came of them; both outlive the process. */
export interface Jobs {
  /**
   * Checks what can be checked without the engine, then queues. On the disk before it returns. Of two calls under one `key`
   * with the same request the second gets the first one's job. Higher `priority` goes first (default 0).
   * @throws UserError what a generation throws for its request; key_reused, queue_full, disk_full
   */
  create(
    request: GenerateRequest,
    options?: { readonly key?: string; readonly priority?: number },
  ): Promise<JobResource>;
  /** Comes back when the job has ended: a queued one at once, a running one within 2 s. An ended job stays as it is. @throws UserError not_found */
  cancel(id: string): Promise<JobResource>;
  /** @throws UserError not_found */
  job(id: string): JobResource;
  /** The open ones and the newest that ended, oldest first. */
  jobs(): readonly JobResource[];
  /** @throws UserError not_found */
  take(id: string): TakeResource;
  /** Newest last; of very many the newest, and all that are hearted or locked. */
  takes(): readonly TakeResource[];
  /** @throws UserError not_found, disk_full */
  markTake(id: string, change: { readonly hearted?: boolean; readonly locked?: boolean }): TakeResource;
  /** Lists a take that another program filed (the command line), where it lies. @throws UserError not_found */
  keepTake(wav: string): Promise<TakeResource>;
  /** Its files too, where they lie in the data folder. @throws UserError not_found, locked (by its mark, or an open job that made or needs it) */
  removeTake(id: string): Promise<void>;
  /**
   * What the picture of a range shows. Made while no job runs: a job that is queued ends it, and so does the next look.
   * @throws UserError as a generation for its request; cancelled
   */
  look(request: LookRequest): Promise<Look>;
  /** Hears every change in the order of `seq`, after it is on the disk (progress never is). Returns the way to stop. */
  onChange(listener: (change: Change) => void): () => void;
  /** Everything that changed after `seq`, each thing once as it is now; null where a snapshot is the shorter answer. */
  changesSince(seq: number): readonly Change[] | null;
  readonly seq: number;
  /** Takes no more jobs; lets a running one end that is about to, stops it else so that it runs again at the next start. */
  close(): Promise<void>;
}

export interface JobsOptions {
  /** Made where it is missing, for this user alone; holds the store, and the takes in a folder of their own. */
  readonly dataFolder: string;
  readonly engine?: Engine;
  /** Left free on its disk, whatever a job needs. */
  readonly reserveBytes?: number;
}

/**
 * Opens the data folder, finds again what a process before this one left in it, and goes on with what waits.
 * @throws UserError in_use where another server holds the folder, damaged, target_not_writable, disk_full
 */
export async function openJobs({ dataFolder, engine, reserveBytes = RESERVE_BYTES }: JobsOptions): Promise<Jobs> {
  const folder = join(dataFolder, "takes");
  await makeFolder(folder, 0o700);
  const store = openStore(join(dataFolder, "jobs.sqlite"));
  await recover(store, folder);
  const queue = createQueue({ store, engine: engine ?? createEngine({ quiet: true }), folder, reserveBytes });
  const check = createCheck();
  let isOpen = true;
  queue.wake();
  return {
    async create(request, { key, priority } = {}) {
      const known = key === undefined ? null : store.keyed(key, request);
      if (known) return known;
      const facts = await check(request);
      await assertRoom(folder, request.takes * facts.bytesPerTake, reserveBytes);
      if (!isOpen) throw closed();
      const id = newId();
      const job = store.submit({ id, stem: stemOf(id, request), request, facts, priority, key });
      queue.wake();
      return job;
    },
    async cancel(id) {
      store.job(id);
      await queue.cancel(id);
      return store.job(id);
    },
    job: store.job,
    jobs: store.jobs,
    take: store.take,
    takes: store.takes,
    markTake: store.markTake,
    keepTake: async (wav) => store.take(await keepTake(store, wav)),
    async removeTake(id) {
      const { path, locked, jobId } = store.take(id);
      if (locked) throw isLocked(path, "its lock");
      const needs = store.openRows().some((job) => job.id === jobId || job.request.regenerate?.take === path);
      if (needs) throw isLocked(path, "a job that is not done with it");
      store.removeTake(id);
      if (dirname(path) === folder) await removeFiles(path);
    },
    look: queue.look,
    onChange: store.onChange,
    changesSince: store.changesSince,
    get seq() {
      return store.seq;
    },
    async close() {
      isOpen = false;
      await queue.close();
      store.close();
    },
  };
}

const closed = (): UserError =>
  new UserError("in_use", "a server that goes on", "one that is ending", "send it again when the server is back");
const isLocked = (path: string, came: string): UserError =>
  new UserError("locked", `${path} without a lock`, came, "take the lock off, or wait until the job has ended");
