import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  type GenerateRequest,
  type Rational,
  secondsOfTicks,
  type TakeRecord,
  takeSchema,
  ticksOfString,
} from "../../protocol/index.ts";
import { decodeWav } from "../audio/wav.ts";
import { UserError } from "../errors.ts";
import type { Kept } from "../pipeline/types.ts";
import { decodeSafetensors } from "./latents.ts";
import { takePaths } from "./write.ts";

/** A take on disk of which a part is made anew. */
export interface OldTake {
  readonly record: TakeRecord;
  readonly kept: Kept;
  /** The WAV's interleaved samples, byte for byte. */
  readonly sampleBytes: Uint8Array;
  /** Its own history, and itself. */
  readonly history: NonNullable<TakeRecord["history"]>;
}

const AGAIN = "give the WAV of a take that still has its .take.json beside it, unchanged";
/** Half an hour of stereo float: more than any take. */
const MAX_WAV_BYTES = 1 << 30;

/**
 * Reads take.json beside a take's WAV.
 * @throws UserError not_found, damaged
 */
export async function readTakeRecord(wavPath: string): Promise<TakeRecord> {
  const path = takePaths(wavPath).record;
  const text = await readFile(path, "utf8").catch(() => {
    throw new UserError("not_found", `the record of the take at ${path}`, "nothing readable", AGAIN);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError("damaged", `JSON in ${path}`, "something else", AGAIN);
  }
  const parsed = takeSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UserError("damaged", `${path} as written`, `${issue.path.join(".")}: ${issue.message}`, AGAIN);
}

/**
 * The take's record and the part in seconds, before anything large is read.
 * @throws UserError not_found, damaged, too_large, empty_range, range_outside_clip
 */
export async function checkPart(
  wavPath: string,
  fromTicks: string,
  toTicks: string,
): Promise<{ readonly record: TakeRecord; readonly fromSeconds: number; readonly toSeconds: number }> {
  const record = await readTakeRecord(wavPath);
  const facts = await stat(wavPath).catch(() => null);
  if (!facts?.isFile()) throw new UserError("not_found", "the WAV of a take", wavPath, AGAIN);
  if (facts.size > MAX_WAV_BYTES) throw new UserError("too_large", "a take", `${facts.size} bytes`, AGAIN);
  const fromSeconds = secondsOfTicks(ticksOfString(fromTicks));
  const toSeconds = secondsOfTicks(ticksOfString(toTicks));
  const range = `${fromSeconds.toFixed(3)} to ${toSeconds.toFixed(3)} s`;
  if (!(toSeconds > fromSeconds)) throw new UserError("empty_range", "an end after the start", range, "mark a part");
  if (fromSeconds >= record.seconds || toSeconds > record.seconds + 0.001) {
    const inside = `a part inside the take (0 to ${record.seconds.toFixed(3)} s)`;
    throw new UserError("range_outside_clip", inside, range, "mark a part inside it");
  }
  return { record, fromSeconds, toSeconds };
}

/**
 * A take with all that its part [fromTicks, toTicks) is made anew from.
 * @throws UserError not_found, damaged, empty_range, range_outside_clip
 */
export async function readOldTake(wavPath: string, fromTicks: string, toTicks: string): Promise<OldTake> {
  const { record, fromSeconds, toSeconds } = await checkPart(wavPath, fromTicks, toTicks);
  const bytes = await readFile(wavPath);
  const { waveform, sampleBytes } = readable(wavPath, () => decodeWav(bytes));
  const samples = waveform.channels[0]?.length ?? 0;
  if (samples !== record.sampleCount || waveform.channels.length !== record.channels) {
    const expected = `${record.sampleCount} samples, ${record.channels} channels in ${wavPath}`;
    throw new UserError("damaged", expected, `${samples} samples, ${waveform.channels.length} channels`, AGAIN);
  }
  const history = {
    file: basename(wavPath),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    fromTicks,
    toTicks,
    prompt: record.request.prompt,
    seed: record.seed,
  };
  return {
    record,
    sampleBytes,
    history: [...(record.history ?? []), history],
    kept: {
      fromSeconds,
      toSeconds: Math.min(toSeconds, record.seconds),
      part: { from: sampleAt(fromSeconds), to: Math.min(record.sampleCount, sampleAt(toSeconds)) },
      events: record.events.filter(({ time }) => time < fromSeconds || time >= toSeconds),
      replaced: record.events.filter(({ time }) => time >= fromSeconds && time < toSeconds),
      recordings: record.recordings,
      credits: record.credits,
      waveform,
      gainDb: record.gainDb,
      latents: await readLatents(wavPath, record),
    },
  };
}

const sampleAt = (seconds: number): number => Math.round(seconds * 48_000);

async function readLatents(wavPath: string, { latentsFile }: TakeRecord): Promise<Kept["latents"]> {
  if (latentsFile === null) return null;
  const path = takePaths(wavPath).latents;
  const bytes = await readFile(path).catch(() => {
    throw new UserError("not_found", `the latents of the take at ${path}`, "nothing readable", AGAIN);
  });
  return Object.values(readable(path, () => decodeSafetensors(bytes)));
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UserError("damaged", `${path} as written`, error instanceof Error ? error.message : "", AGAIN);
  }
}

const HEAD_BYTES = 1 << 20;

/** sha256 of a file's first MiB. */
export async function hashOfHead(path: string): Promise<string> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex");
}

/**
 * The clip that a take was made for: where it lay, or beside the take under its name; null for a take without a picture.
 * @throws UserError not_found, changed
 */
async function findClip(wavPath: string, { source }: TakeRecord): Promise<string | null> {
  if (!source) return null;
  const places = [...(source.path ? [source.path] : []), join(dirname(wavPath), source.name)];
  let found: string | null = null;
  for (const path of places) {
    const facts = await stat(path).catch(() => null);
    if (!facts?.isFile()) continue;
    found = path;
    if (facts.size === source.bytes && (await hashOfHead(path)) === source.sha256Head) return path;
  }
  const expected = `the clip of the take (${source.name})`;
  if (found) throw new UserError("changed", expected, `another file at ${found}`, "put the clip beside the take");
  throw new UserError("not_found", expected, "nothing where it lay", "put the clip beside the take");
}

/** Frame rate of the picture that a take was made for, or null. @throws UserError not_found, damaged */
export const readTakeRate = async (wavPath: string): Promise<Rational | null> =>
  (await readTakeRecord(wavPath)).source?.frameRate ?? null;

/** What shall be different in the part. */
export interface Change {
  readonly fromTicks: string;
  readonly toTicks: string;
  readonly prompt?: string | undefined;
  readonly negativePrompt?: string | undefined;
  readonly seed?: number | undefined;
}

/**
 * The request that makes a part of a take anew: the take's own, on its own clip, with another seed where none is given.
 * @throws UserError not_found, changed, damaged
 */
export async function regenerateRequest(wavPath: string, change: Change): Promise<GenerateRequest> {
  const record = await readTakeRecord(wavPath);
  const { video: _, regenerate: __, ...request } = record.request;
  const video = await findClip(wavPath, record);
  return {
    ...request,
    ...(video === null ? {} : { video }),
    prompt: change.prompt ?? request.prompt,
    ...(change.negativePrompt === undefined ? {} : { negativePrompt: change.negativePrompt }),
    seed: change.seed ?? (record.seed + 1) >>> 0,
    takes: 1,
    regenerate: { take: wavPath, fromTicks: change.fromTicks, toTicks: change.toTicks },
  };
}
