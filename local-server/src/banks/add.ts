import { realpath, stat } from "node:fs/promises";
import { basename, extname, relative, sep } from "node:path";
import type { UserBank } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import { type Bundle, loadBundle } from "../onnx/bundle.ts";
import { type Measured, measureRecording } from "../stages/recording.ts";
import { encodeTexts } from "../stages/text-features.ts";
import { listSounds } from "../video/folder.ts";
import { decodeSound } from "../video/sound.ts";
import { type NameTags, tagsOf } from "./names.ts";
import { assertFree, saveBank } from "./store.ts";

const SAMPLE_RATE_HZ = 48_000;
/** About a quarter of an hour of looking through. */
const MAX_FILES = 5000;
/** Of a longer file the beginning is used. */
const MAX_SECONDS = 30;
/** Sound kept before the attack. */
const LEAD_SAMPLES = 240;
/** A one-shot that rings longer than this is not cut by the next event. */
const RINGS_SECONDS = 0.6;
/** How loud things are beside others is not known of a user's sounds. */
const LEVEL_DB = -12;

interface Added {
  readonly bank: UserBank;
  readonly seconds: number;
}

/**
 * Looks through a folder of sounds once and keeps what it finds: classes by the files' names, text embeddings of them,
 * attack, loudness, decay and brightness of each file. Files that cannot be used are listed in `problems`; nothing in the
 * folder is changed.
 * @throws UserError not_found, bad_guide, bad_value, target_exists, disk_full; the typed cancel error
 */
export async function addBank(
  dir: string,
  name: string | undefined,
  model: string,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Added> {
  const started = performance.now();
  const folder = await realFolder(dir);
  const id = idOf(name ?? basename(folder));
  await assertFree(id);
  const bundle = await loadBundle(model);
  const files = await listSounds(folder, MAX_FILES);
  const found: Found[] = [];
  const problems: UserBank["problems"] = [];
  for (const [i, { path }] of files.entries()) {
    throwIfCancelled(signal);
    onProgress(i / files.length);
    try {
      found.push(await examine(path, folder, signal));
    } catch (error) {
      if (!(error instanceof UserError) || error.code === "cancelled") throw error;
      problems.push({ file: relative(folder, path), why: error.came });
    }
  }
  if (found.length === 0) {
    throw new UserError(
      "bad_guide",
      `a folder with sounds that can be read`,
      `${files.length} that cannot in ${folder}`,
      "look at one of them",
    );
  }
  const { classes, sounds } = classify(found);
  const { rows, dims, data } = await embed(classes, bundle);
  const textGraph = bundle.manifest.files[bundle.manifest.roles.text.graphs.cpu]!.sha256;
  const bank: UserBank = {
    format: 1,
    id,
    name: name ?? basename(folder),
    folder,
    textGraph,
    classes,
    sounds,
    problems,
    text: { rows, dims },
  };
  await saveBank(bank, data);
  return { bank, seconds: (performance.now() - started) / 1000 };
}

async function realFolder(dir: string): Promise<string> {
  const folder = await realpath(dir).catch(() => null);
  if (folder && (await stat(folder)).isDirectory()) return folder;
  throw new UserError("not_found", "a folder of sounds", JSON.stringify(dir), "check the path");
}

/** @throws UserError bad_value */
function idOf(name: string): string {
  const id = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  if (id !== "") return id;
  throw new UserError("bad_value", "a name with Latin letters or digits", JSON.stringify(name), "give one with --name");
}

/** One file as it was found. */
interface Found {
  readonly tags: NameTags;
  readonly measured: Measured;
  readonly file: Pick<UserBank["sounds"][number], "id" | "bytes" | "modifiedMs" | "start" | "samples">;
}

async function examine(path: string, folder: string, signal: AbortSignal): Promise<Found> {
  const { size, mtimeMs } = await stat(path);
  const samples = await decodeSound(path, { signal, samples: MAX_SECONDS * SAMPLE_RATE_HZ });
  const measured = measureRecording(samples);
  if (measured.loudnessDb < -100) throw new UserError("bad_guide", "a sound", "silence", "leave it out");
  const inside = relative(folder, path).split(sep).join("/");
  const start = measured.steady ? 0 : Math.max(0, measured.onset - LEAD_SAMPLES);
  const end = measured.steady ? samples.length : measured.onset + Math.ceil(measured.decaySeconds * SAMPLE_RATE_HZ);
  return {
    tags: tagsOf(inside.slice(0, -extname(inside).length)),
    measured,
    file: { id: inside, bytes: size, modifiedMs: mtimeMs, start, samples: Math.max(1, end - start) },
  };
}

/** Takes of one thing together; a class in which most go on is a bed of those. */
function classify(found: readonly Found[]): Pick<UserBank, "classes" | "sounds"> {
  const classes: UserBank["classes"] = [];
  const sounds: UserBank["sounds"] = [];
  for (const [name, all] of Map.groupBy(found, ({ tags }) => tags.class)) {
    const steady = all.filter(({ measured }) => measured.steady);
    const isBed = 2 * steady.length > all.length;
    const used = isBed ? steady : all;
    const decays = used.map(({ measured }) => measured.decaySeconds).sort((a, b) => a - b);
    const decay = decays[decays.length >> 1]!;
    const { action, descriptions } = used[0]!.tags;
    classes.push({
      id: name,
      name: descriptions[0]!,
      descriptions: [...descriptions],
      mode: isBed ? "bed" : "event",
      action,
      tail: decay > RINGS_SECONDS && action !== "step" ? "ring" : "choke",
      maxPerSecond: action === "step" ? 5 : Math.max(1, Math.min(12, 2 / Math.max(0.1, decay))),
      levelDb: LEVEL_DB,
    });
    sounds.push(...weighed(name, used));
  }
  return { classes, sounds };
}

/** A weight in the name counts; else the dark third of a class is heavy, the bright third light. */
function weighed(name: string, found: readonly Found[]): UserBank["sounds"] {
  const order = found.map(({ measured }) => measured.brightnessHz).sort((a, b) => a - b);
  return found.map(({ tags, measured, file }) => {
    const place = order.indexOf(measured.brightnessHz) / order.length;
    const third = found.length < 3 ? "medium" : place < 1 / 3 ? "heavy" : place < 2 / 3 ? "medium" : "light";
    const { onset, loudnessDb, decaySeconds, brightnessHz } = measured;
    return {
      ...file,
      class: name,
      onset: onset - file.start,
      loudnessDb,
      decaySeconds,
      brightnessHz,
      weight: tags.weight ?? third,
    };
  });
}

async function embed(classes: UserBank["classes"], bundle: Bundle) {
  const encoded = await encodeTexts(
    classes.flatMap(({ descriptions }) => descriptions),
    bundle,
  );
  const dims = encoded[0]!.pooled.length;
  const data = new Float32Array(encoded.length * dims);
  for (const [row, { pooled }] of encoded.entries()) data.set(pooled, row * dims);
  return { rows: encoded.length, dims, data };
}
