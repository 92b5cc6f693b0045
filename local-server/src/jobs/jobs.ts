import type { Change, GenerateRequest, JobResource, TakeResource } from "../../protocol/index.ts";

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
  /** Its files too. @throws UserError not_found, locked (by its mark, or an open job that needs it) */
  removeTake(id: string): Promise<void>;
  /** Hears every change in the order of `seq`, after it is on the disk (progress never is). Returns the way to stop. */
  onChange(listener: (change: Change) => void): () => void;
  /** Everything that changed after `seq`, each thing once as it is now; null where a snapshot is the shorter answer. */
  changesSince(seq: number): readonly Change[] | null;
  readonly seq: number;
  /** Takes no more jobs; lets a running one end that is about to, stops it else so that it runs again at the next start. */
  close(): Promise<void>;
}
