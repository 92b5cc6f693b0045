import {
  type BankIndex,
  bankSchema,
  type Credit,
  type Lexicon,
  lexiconSchema,
  type SoundClass,
} from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import { listSounds } from "../video/folder.ts";
import { decodeSound } from "../video/sound.ts";
import { describeRecording } from "./recording.ts";
import { encodeTexts } from "./text-features.ts";

/** A recording ready to be performed. */
export interface Recording {
  readonly id: string;
  /** Mono, 48 kHz. */
  readonly samples: Float32Array;
  /** The sample at which it hits. */
  readonly onset: number;
  /** Loudest 50 ms, dBFS. */
  readonly loudnessDb: number;
  readonly weight: "light" | "medium" | "heavy";
}

export interface LoadedClass {
  readonly mode: "event" | "bed";
  readonly recordings: readonly Recording[];
}

export interface Bank {
  readonly classes: readonly Pick<
    SoundClass,
    "id" | "name" | "action" | "tail" | "maxPerSecond" | "mode" | "levelDb" | "place"
  >[];
  /** One row a description; `classOfRow` says whose. [rows, D] */
  readonly text: Tensor;
  readonly classOfRow: readonly number[];
  /** Semantic features to class scores, [Dv, classes]; null for a user's folder. */
  readonly picture: Tensor | null;
  /** Words of languages that the text tower does not read; none for a user's folder. */
  readonly lexicons: readonly Lexicon[];
  load(classIndex: number): Promise<LoadedClass>;
  /** Where each recording comes from, by its id; nothing is known of a user's own. */
  readonly origins: ReadonlyMap<string, Credit>;
  /** Class of a recording by its id, or -1. */
  classOfSound(id: string): number;
}

/** The bundle's own bank. @throws UserError broken_bundle */
export async function openBundleBank(bundle: Bundle, signal: AbortSignal): Promise<Bank> {
  const file = bundle.manifest.roles.bank!.index;
  const index = await readParsed(bundle, file, bankSchema);
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const { picture } = index;
  const lexicons = [];
  for (const { file: name } of index.lexicons ?? [])
    lexicons.push(await readParsed(bundle, folder + name, lexiconSchema));
  return {
    classes: index.classes,
    text: tensor(await bundle.readFloats(folder + index.text.file), [index.text.rows, index.text.dims]),
    classOfRow: index.classes.flatMap((one, i) => one.descriptions.map(() => i)),
    picture: picture && tensor(await bundle.readFloats(folder + picture.file), [picture.rows, picture.columns]),
    lexicons,
    load: (classIndex) => loadClass(bundle, folder, index, classIndex, signal),
    origins: new Map(index.sounds.map(({ id, author, source, licence }) => [id, { author, source, licence }])),
    classOfSound(id) {
      const name = index.sounds.find((sound) => sound.id === id)?.class;
      return index.classes.findIndex((one) => one.id === name);
    },
  } as Bank;
}

/** A schema of the protocol, as far as reading by it goes. */
interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
}

async function readParsed<T>(bundle: Bundle, file: string, schema: Schema<T>): Promise<T> {
  const parsed = schema.safeParse(JSON.parse(await bundle.readText(file)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const came = `${issue.path.join(".")}: ${issue.message}`;
  throw new UserError("broken_bundle", `${file} as models/README.md says`, came, "install the bundle again");
}

/** All recordings of a class: they lie in one file, one after another. */
async function loadClass(
  bundle: Bundle,
  folder: string,
  index: BankIndex,
  classIndex: number,
  signal: AbortSignal,
): Promise<LoadedClass> {
  const { id, mode } = index.classes[classIndex]!;
  const sounds = index.sounds.filter((sound) => sound.class === id);
  const files = new Map<string, Float32Array>();
  for (const { file } of sounds) {
    if (!files.has(file)) files.set(file, await decodeSound(bundle.path(folder + file), { signal }));
  }
  const recordings = sounds.map(({ id, file, start, samples, onset, loudnessDb, weight }) => ({
    id,
    samples: files.get(file)!.subarray(start, start + samples),
    onset,
    loudnessDb,
    weight,
  }));
  return { mode, recordings };
}

/** Recordings of one class of a user's folder that are loaded at most: enough to alternate. */
export const MAX_RECORDINGS = 8;

/**
 * A user's folder of sounds as a bank: files whose names differ only by a take number form a class, and the names are its
 * descriptions. Recordings are measured when they are used.
 * @throws UserError bad_guide
 */
export async function openFolderBank(path: string, bundle: Bundle, signal: AbortSignal): Promise<Bank> {
  const byName = new Map<string, string[]>();
  for (const sound of await listSounds(path)) {
    const name = sound.name
      .replace(/[_\-./\\]+/g, " ")
      .replace(/\s*\d+\s*$/, "")
      .trim()
      .toLowerCase();
    byName.set(name, [...(byName.get(name) ?? []), sound.path]);
  }
  const classes = [...byName.keys()].sort();
  const features = await encodeTexts(classes, bundle);
  const width = features[0]!.pooled.length;
  const rows = new Float32Array(classes.length * width);
  for (const [i, { pooled }] of features.entries()) rows.set(pooled, i * width);
  return {
    classes: classes.map((name) => ({
      id: name,
      name,
      action: "other",
      tail: "ring" as const,
      maxPerSecond: 12,
      levelDb: 0,
      mode: "event" as const,
    })),
    text: tensor(rows, [classes.length, width]),
    classOfRow: classes.map((_, i) => i),
    picture: null,
    lexicons: [],
    async load(classIndex) {
      const paths = byName.get(classes[classIndex]!)!.sort().slice(0, MAX_RECORDINGS);
      const described = [];
      for (const file of paths) described.push(describeRecording(file, await decodeSound(file, { signal })));
      const beds = described.filter(({ steady }) => steady);
      const mode = 2 * beds.length > described.length ? "bed" : "event";
      return { mode, recordings: mode === "bed" ? beds : described };
    },
    origins: new Map(),
    classOfSound: (id) => classes.findIndex((name) => byName.get(name)!.includes(id)),
  };
}
