import { crossfadeLoop } from "../audio/fades.ts";
import type { VisualFeatures } from "../pipeline/types.ts";
import type { Random } from "../random.ts";
import type { Recording } from "./bank.ts";
import type { Stretch } from "./cues.ts";
import { HIT_LEVEL_DB, type Span } from "./perform.ts";

const SAMPLE_RATE_HZ = 48_000;
/** Loudest 50 ms of a bed alone, dBFS. */
const BED_LEVEL_DB = -26;
/** A bed lies this far under the action at least, and at most: heard, never in the way. */
const LEAST_UNDER_ACTION_DB = 8;
const MOST_UNDER_ACTION_DB = 22;
/** Of the distance between two things in nature, this much is kept between two layers of hits, and no more than so many dB. */
const BESIDE_SHARE = 0.5;
const MOST_BESIDE_DB = 9;
/** A bed that ends at a cut goes in this time, half of it on either side. */
const EDGE_SECONDS = 0.06;

/** Gain of one layer of hits beside the loudest one. */
export const beside = (levelDb: number, loudestDb: number): number =>
  10 ** (-Math.min(MOST_BESIDE_DB, BESIDE_SHARE * (loudestDb - levelDb)) / 20);

/** How much lower each of several beds lies, so that all together are as loud as one, dB. */
export const underLevelDb = (count: number): number => 10 * Math.log10(Math.max(1, count));

/** A layer added to others (null: the first), in place. */
export function mixInto(sum: Float32Array | null, layer: Float32Array, gain: number): Float32Array {
  const out = sum ?? new Float32Array(layer.length);
  for (let n = 0; n < layer.length; n++) out[n]! += gain * layer[n]!;
  return out;
}

/** A bed in two decorrelated versions, and the recordings of them. */
export interface Bed {
  readonly sides: [Float32Array, Float32Array];
  readonly recordings: readonly [Recording, Recording];
}

/** A bed where its stretches are, soft at the cuts it begins and ends with. */
export function layBed(
  recordings: readonly Recording[],
  stretches: readonly Stretch[],
  motion: VisualFeatures["motion"],
  levelDb: number,
  span: Span,
  random: Random,
): Bed {
  const bed = performBed(recordings, motion, levelDb, span, random);
  const everywhere = stretches.some(
    ({ from, to }) => from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY,
  );
  if (!everywhere) for (const side of bed.sides) keepOnly(side, stretches, span);
  return bed;
}

function keepOnly(samples: Float32Array, stretches: readonly Stretch[], { startSeconds }: Span): void {
  for (let n = 0; n < samples.length; n++) {
    const time = startSeconds + n / SAMPLE_RATE_HZ;
    let gain = 0;
    for (const { from, to } of stretches) {
      const inside = Math.min(time - from, to - time) / EDGE_SECONDS + 0.5;
      if (inside > 0) gain = Math.max(gain, inside >= 1 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * inside));
    }
    samples[n]! *= gain;
  }
}

/** Level of a bed, dBFS: under action as far as the things themselves lie apart in nature, within limits. */
export function bedLevelDb(bed: { levelDb: number }, action: { levelDb: number } | null): number {
  if (!action) return BED_LEVEL_DB;
  const apart = Math.max(LEAST_UNDER_ACTION_DB, Math.min(MOST_UNDER_ACTION_DB, action.levelDb - bed.levelDb));
  return HIT_LEVEL_DB - apart;
}

/** Two decorrelated beds of the span's length, looped without a seam, following the amount of motion gently. */
function performBed(
  recordings: readonly Recording[],
  motion: VisualFeatures["motion"],
  levelDb: number,
  span: Span,
  random: Random,
): Bed {
  const first = random.int(recordings.length);
  const second = recordings.length > 1 ? (first + 1 + random.int(recordings.length - 1)) % recordings.length : first;
  const levels = motionLevels(motion, span);
  const lay = (recording: Recording, offset: number): Float32Array => {
    const crossfade = Math.min(SAMPLE_RATE_HZ, Math.floor(recording.samples.length / 3));
    const start = Math.floor((random.next() * 0.5 + offset) * recording.samples.length);
    const bed = crossfadeLoop(recording.samples, span.sampleCount, crossfade, start);
    const gain = 10 ** ((levelDb - rmsDb(recording.samples)) / 20);
    for (let n = 0; n < bed.length; n++) bed[n]! *= gain * levelAt(levels, n);
    return bed;
  };
  const pair = [recordings[first]!, recordings[second]!] as const;
  return { sides: [lay(pair[0], 0), lay(pair[1], 0.5)], recordings: pair };
}

function rmsDb(samples: Float32Array): number {
  let power = 0;
  for (const value of samples) power += value * value;
  return 10 * Math.log10(power / Math.max(1, samples.length) + 1e-12);
}

const LEVEL_STEP = 4800;
const BED_RANGE_DB = 3;

/** Gains at every 0.1 s: the motion around it (1.5 s, raised cosine) against the clip's mean, at most ±3 dB. */
function motionLevels({ times, amount }: VisualFeatures["motion"], span: Span): Float32Array {
  const levels = new Float32Array(Math.ceil(span.sampleCount / LEVEL_STEP) + 2).fill(1);
  if (times.length < 3) return levels;
  const mean = amount.reduce((a, b) => a + b, 0) / amount.length + 1e-3;
  let from = 0;
  for (let i = 0; i < levels.length; i++) {
    const at = span.startSeconds + (i * LEVEL_STEP) / SAMPLE_RATE_HZ;
    while (from < times.length && times[from]! < at - 0.75) from++;
    let sum = 0;
    let weight = 0;
    for (let t = from; t < times.length && times[t]! < at + 0.75; t++) {
      const w = 1 + Math.cos(((times[t]! - at) / 0.75) * Math.PI);
      sum += w * amount[t]!;
      weight += w;
    }
    const ratio = weight > 0 ? sum / weight / mean : 1;
    levels[i] = 10 ** (Math.max(-BED_RANGE_DB, Math.min(BED_RANGE_DB, 4 * Math.log2(ratio + 0.1))) / 20);
  }
  return levels;
}

function levelAt(levels: Float32Array, sample: number): number {
  const position = sample / LEVEL_STEP;
  const index = Math.floor(position);
  return levels[index]! + (levels[index + 1]! - levels[index]!) * (position - index);
}
