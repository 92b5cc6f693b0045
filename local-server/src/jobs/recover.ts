import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { readTakeRecord } from "../takes/old-take.ts";
import { sweepTemp, takePaths } from "../takes/write.ts";
import { newId, readTarget, stemOf, takeId, targetOf } from "./names.ts";
import type { JobRow } from "./read.ts";
import type { NewTake, Store } from "./store.ts";

/** A job that the server has died of this often is not tried again. */
const MOST_ATTEMPTS = 3;

/**
 * After a start: what was running waits again (or is done, or is given up after too many deaths), finished takes are
 * recorded, what a process left half-written or wrote too late is removed. Takes whose job the store has lost are kept.
 */
export async function recover(store: Store, folder: string): Promise<void> {
  await sweepTemp(folder);
  for (const row of store.openRows()) {
    await recordFinished(store, folder, row);
    if (store.takesOf(row.id).length >= row.request.takes) store.end(row.id, "done");
    else if (row.state !== "running") continue;
    else if (row.attempt >= MOST_ATTEMPTS) store.end(row.id, "failed", poisoned(row.attempt));
    else store.requeue(row.id, "death");
  }
  await sortRest(store, folder);
}

/** Records the takes of a job's present attempt that lie whole on the disk: a process died between the two. */
export async function recordFinished(
  store: Store,
  folder: string,
  { id, stem, request, attempt }: JobRow,
): Promise<void> {
  for (let number = 1; number <= request.takes; number++) {
    const path = targetOf(folder, stem, number, attempt);
    const take = store.takeIdAt(path) === null ? await readWhole(path) : null;
    if (take) store.addTake({ ...take, id: takeId(id, number), jobId: id });
  }
}

/** Removes what a job has left on the disk besides its recorded takes, earlier attempts' included. */
export async function removeUnrecorded(
  store: Store,
  folder: string,
  { stem, request, attempt }: JobRow,
): Promise<void> {
  for (let number = 1; number <= request.takes; number++) {
    for (let one = 1; one <= attempt; one++) {
      const path = targetOf(folder, stem, number, one);
      if (store.takeIdAt(path) === null) await removeFiles(path);
    }
  }
}

/** All files of a take; what is not there is no matter. */
export async function removeFiles(wav: string): Promise<void> {
  // The WAV first: without it the others are no take.
  for (const path of Object.values(takePaths(wav))) await rm(path, { force: true });
}

/** The WAV is published last, whole and synced: with its record beside it and all its samples it is a take. */
async function readWhole(path: string): Promise<Required<Pick<NewTake, "path" | "record" | "createdAt_ms">> | null> {
  const facts = await stat(path).catch(() => null);
  const record = facts?.isFile() ? await readTakeRecord(path).catch(() => null) : null;
  if (!facts || !record || facts.size < record.sampleCount * record.channels * 2) return null;
  return { path, record, createdAt_ms: Math.round(facts.mtimeMs) };
}

/** Files with our names that no recorded take has: leftovers of jobs we know, takes of jobs we do not. */
async function sortRest(store: Store, folder: string): Promise<void> {
  const lost = new Map<string, string[]>();
  for (const name of (await readdir(folder)).sort()) {
    const wav = name.replace(/\.(take\.json|latents\.safetensors)$/, ".wav");
    const stem = readTarget(wav);
    const path = join(folder, wav);
    if (stem === null || store.takeIdAt(path) !== null) continue;
    if (store.hasStem(stem)) await removeFiles(path);
    else if (wav === name) lost.set(stem, [...(lost.get(stem) ?? []), path]);
  }
  for (const [stem, paths] of lost) {
    const takes = (await Promise.all(paths.map(readWhole))).filter((take) => take !== null);
    if (takes.length > 0) keepLost(store, stem, takes);
  }
}

/** Records a take that another program filed, wherever it lies, once. @throws UserError not_found */
export async function keepTake(store: Store, wav: string): Promise<string> {
  const known = store.takeIdAt(wav);
  if (known !== null) return known;
  const take = await readWhole(wav);
  if (take) return keepLost(store, null, [take]);
  throw new UserError("not_found", "the WAV of a take, its .take.json beside it", wav, "check the path");
}

/** Id of the first take. Without a stem the files keep the names that they have. */
function keepLost(store: Store, stem: string | null, takes: readonly Omit<NewTake, "id" | "jobId">[]): string {
  const id = newId();
  const { source, seconds, steps, ...record } = takes[0]!.record;
  const video = source?.path ?? record.request.video;
  const request = { ...record.request, ...(video === undefined ? {} : { video }), takes: takes.length };
  const facts = { seconds, steps, kind: "found", bytesPerTake: 0 };
  store.keepEnded(
    { id, stem: stem ?? stemOf(id, request), request, facts },
    takes.map((take, i) => ({ ...take, id: takeId(id, i + 1), jobId: id })),
  );
  return takeId(id, 1);
}

const poisoned = (attempts: number) => ({
  code: "poisoned" as const,
  expected: "the server to outlive the job",
  came: `its end in the middle of it, ${attempts} times`,
  todo: "ask for a shorter range or a smaller model, or look with `foley doctor` whether memory is short",
});
