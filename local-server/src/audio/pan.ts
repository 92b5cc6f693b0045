import type { Waveform } from "../pipeline/types.ts";

/** Where a sound sits at a time: -1 left edge of the picture, 1 right edge. */
export interface PanPoint {
  readonly time: number;
  readonly x: number;
}

/** Faster moves than this would be heard as a click; points closer together become one. */
const SHORTEST_MOVE_SECONDS = 0.03;
/** The gains are exact every so many samples and straight lines between (error below -100 dB of the gain). */
const GAIN_STEP = 32;

/** Sorted, finite, inside -1..1, points closer than the shortest move averaged. */
function tidyPoints(points: readonly PanPoint[]): PanPoint[] {
  const tidy: { time: number; x: number; count: number }[] = [];
  const sorted = points
    .filter(({ time, x }) => Number.isFinite(time) && Number.isFinite(x))
    .sort((a, b) => a.time - b.time);
  for (const { time, x } of sorted) {
    const inside = Math.max(-1, Math.min(1, x));
    const last = tidy.at(-1);
    if (last === undefined || time - last.time >= SHORTEST_MOVE_SECONDS) tidy.push({ time, x: inside, count: 1 });
    else last.x += (inside - last.x) / ++last.count;
  }
  return tidy;
}

/** Position at a time: held before the first and after the last point, a raised-cosine move between two. */
function positionAt(points: readonly PanPoint[], next: number, time: number): number {
  const before = points[next - 1];
  const after = points[next];
  if (before === undefined || after === undefined) return (before ?? after)?.x ?? 0;
  const fraction = (time - before.time) / (after.time - before.time);
  return before.x + (after.x - before.x) * (0.5 - 0.5 * Math.cos(Math.PI * fraction));
}

/**
 * Mono [n] placed between two speakers by equal power: x = 0 gives both channels -3 dB, and left^2 + right^2 is the
 * same everywhere. `x` is scaled by `maxPan`, so the edge of the picture is never the edge of the room; both gains
 * stay positive, so the sum to mono loses at most 2 dB against the middle. A point is reached exactly at its time.
 */
export function placeStereo(
  mono: Float32Array,
  sampleRate: number,
  points: readonly PanPoint[],
  maxPan = 0.7,
): Waveform {
  const tidy = tidyPoints(points);
  const left = new Float32Array(mono.length);
  const right = new Float32Array(mono.length);
  let next = 0;
  const angleAt = (sample: number): number => {
    const time = sample / sampleRate;
    while (next < tidy.length && tidy[next]!.time <= time) next++;
    return ((positionAt(tidy, next, time) * maxPan + 1) * Math.PI) / 4;
  };
  let angle = angleAt(0);
  for (let start = 0; start < mono.length; start += GAIN_STEP) {
    const following = angleAt(start + GAIN_STEP);
    const stop = Math.min(mono.length, start + GAIN_STEP);
    const leftGain = Math.cos(angle);
    const rightGain = Math.sin(angle);
    const leftStep = (Math.cos(following) - leftGain) / GAIN_STEP;
    const rightStep = (Math.sin(following) - rightGain) / GAIN_STEP;
    for (let n = start; n < stop; n++) {
      left[n] = mono[n]! * (leftGain + leftStep * (n - start));
      right[n] = mono[n]! * (rightGain + rightStep * (n - start));
    }
    angle = following;
  }
  return { channels: [left, right], sampleRate };
}

/**
 * A wide bed from two takes of it that do not resemble each other: L = (a cos + b sin) / sqrt 2, R = (a cos - b sin) /
 * sqrt 2 with the angle `width` * 45 degrees. Width 0 is the take in the middle (as `placeStereo` at x = 0), 1 has no
 * correlation between the channels; the power is the same at any width, and the sum to mono is `a` alone.
 */
export function widen(a: Float32Array, b: Float32Array, width: number, sampleRate: number): Waveform {
  if (a.length !== b.length) throw new RangeError(`expected equal lengths, came ${a.length} and ${b.length}`);
  const angle = (Math.max(0, Math.min(1, width)) * Math.PI) / 4;
  const middle = Math.cos(angle) * Math.SQRT1_2;
  const side = Math.sin(angle) * Math.SQRT1_2;
  return {
    channels: [a.map((value, n) => middle * value + side * b[n]!), a.map((value, n) => middle * value - side * b[n]!)],
    sampleRate,
  };
}
