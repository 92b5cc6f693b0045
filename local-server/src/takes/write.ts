import { mkdir, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { TakeRecord } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { encodeSafetensors } from "./latents.ts";
import { fileError, isTaken, publish, syncFolder, taken, withTempFolder, writeSynced } from "./temp.ts";

export { sweepTemp } from "./temp.ts";

/** Paths of a take: the WAV and what lies beside it. */
export interface TakePaths {
  readonly wav: string;
  readonly record: string;
  readonly latents: string;
}

export function takePaths(wavPath: string): TakePaths {
  const stem = wavPath.replace(/\.wav$/i, "");
  return { wav: wavPath, record: `${stem}.take.json`, latents: `${stem}.latents.safetensors` };
}

/**
 * Refuses a target now that would fail after minutes of work: its name is taken (a WAV's sidecars too), or its folder
 * is missing or cannot be written to. Writing is tried, not asked for: rights alone know nothing of read-only disks.
 */
export async function checkTarget(path: string): Promise<void> {
  const { record, latents } = takePaths(path);
  const isWav = record !== `${path}.take.json`;
  const dir = dirname(path);
  await checkFolder(dir, path);
  for (const one of isWav ? [path, record, latents] : [path]) {
    if (!isTaken(one)) continue;
    if (one === path && (await stat(path).catch(() => null))?.isDirectory()) {
      throw new UserError("target_exists", `a new file at ${path}`, "a folder", "name a file inside it");
    }
    throw taken(one);
  }
  await withTempFolder(dir, async () => undefined);
}

async function checkFolder(dir: string, path: string): Promise<void> {
  const facts = await stat(dir).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (!facts.isDirectory()) {
    throw fileError(Object.assign(new Error("not a folder"), { code: "ENOTDIR" }), path);
  }
}

/**
 * A folder for takes, made where it is missing (with `mode`). The result takes it away again if nothing came to lie in it.
 * @throws UserError target_not_writable, disk_full
 */
export async function makeFolder(dir: string, mode = 0o777): Promise<() => Promise<void>> {
  const made = await mkdir(dir, { recursive: true, mode }).catch((error: unknown) => {
    throw fileError(error, dir);
  });
  return async () => {
    for (let folder = dir; made !== undefined && folder.length >= made.length; folder = dirname(folder)) {
      await rmdir(folder).catch(() => undefined);
    }
  };
}

/**
 * The first `count` free names `STEM-take1.wav`, `STEM-take2.wav`, … of a folder that can be written to. Nothing is held:
 * who comes first with `writeTake` has the name.
 */
export async function reserveNames(dir: string, stem: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  await checkFolder(dir, join(dir, `${stem}-take1.wav`));
  await withTempFolder(dir, async () => undefined);
  for (let n = 1; paths.length < count; n++) {
    const { wav, record, latents } = takePaths(join(dir, `${stem}-take${n}.wav`));
    if (![wav, record, latents].some(isTaken)) paths.push(wav);
  }
  return paths;
}

/**
 * Files a take, all of it or nothing: everything is written and synced under a hidden name first, then the sidecars get
 * their names and the WAV last, so whoever sees the WAV sees it whole. Never replaces a file, even when two processes
 * write one target. Throws target_exists, target_not_writable or disk_full.
 */
export async function writeTake(take: {
  readonly wavPath: string;
  readonly wav: Uint8Array;
  readonly record: TakeRecord;
  /** One tensor a voice: `latents.0`, `latents.1`, … in the file; no file where null. */
  readonly latents: readonly Tensor[] | null;
}): Promise<TakePaths> {
  const paths = takePaths(take.wavPath);
  const dir = dirname(take.wavPath);
  if ([paths.wav, paths.record, paths.latents].some(isTaken)) throw taken(take.wavPath);
  const files = new Map<string, Uint8Array | string>([[paths.record, `${JSON.stringify(take.record, null, 2)}\n`]]);
  if (take.latents !== null) {
    const tensors = Object.fromEntries(take.latents.map((voice, i) => [`latents.${i}`, voice]));
    files.set(paths.latents, encodeSafetensors(tensors));
  }
  files.set(paths.wav, take.wav);
  await withTempFolder(dir, async (temp) => {
    for (const [path, data] of files) await writeSynced(join(temp, basename(path)), data, path);
    publish(
      temp,
      [...files.keys()].map((path) => basename(path)),
      dir,
    );
    await syncFolder(dir);
  });
  return paths;
}
