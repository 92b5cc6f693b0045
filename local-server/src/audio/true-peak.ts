import type { Waveform } from "../pipeline/types.ts";
import { kaiser, sinc } from "./kaiser.ts";

/**
 * True peak by 4x oversampling, after ITU-R BS.1770-4 annex 2. The annex's own filter (12 taps a phase) reads high
 * frequencies up to half a decibel low; 32 taps a phase read them within 0.1 dB up to 18 kHz.
 */
const HALF_TAPS = 16;
const BETA = 6;
const BLOCK = 64;

/** Interpolator at `phase` samples after the middle: [2 * HALF_TAPS]. */
function tapsAt(phase: number): Float64Array {
  const taps = Float64Array.from({ length: 2 * HALF_TAPS }, (_, k) => {
    const distance = phase - (k - HALF_TAPS + 1);
    return sinc(distance) * kaiser(distance / HALF_TAPS, BETA);
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}

/**
 * The values a quarter and three quarters after a sample have the same taps mirrored, the one half-way has symmetric
 * taps: with pairs of samples added and subtracted, half of the multiplications do. [HALF_TAPS] each.
 */
const QUARTER = tapsAt(1 / 4);
const MIDDLE = tapsAt(1 / 2).subarray(0, HALF_TAPS);
const EVEN = MIDDLE.map((_, k) => (QUARTER[k]! + QUARTER[2 * HALF_TAPS - 1 - k]!) / 2);
const ODD = MIDDLE.map((_, k) => (QUARTER[k]! - QUARTER[2 * HALF_TAPS - 1 - k]!) / 2);
/** No interpolated value is above this times the highest sample under the taps. */
const MOST_GAIN = Math.max(...[QUARTER, tapsAt(1 / 2)].map((taps) => taps.reduce((a, b) => a + Math.abs(b), 0)));

/** Highest |value| of the three interpolated after sample `n + HALF_TAPS - 1` of `around`. */
function peakAfter(around: Float64Array, n: number): number {
  let middle = 0;
  let even = 0;
  let odd = 0;
  for (let k = 0; k < HALF_TAPS; k++) {
    const early = around[n + k]!;
    const late = around[n + 2 * HALF_TAPS - 1 - k]!;
    middle += MIDDLE[k]! * (early + late);
    even += EVEN[k]! * (early + late);
    odd += ODD[k]! * (early - late);
  }
  return Math.max(Math.abs(middle), Math.abs(even) + Math.abs(odd));
}

/** Highest |value| of one channel between and at the samples, not below `floor` (what is lower is not looked at). */
function oversampledPeak(samples: Float32Array, floor: number): number {
  // A block and what its taps reach on both sides, silence beyond the ends. [BLOCK + 2 * HALF_TAPS]
  const around = new Float64Array(BLOCK + 2 * HALF_TAPS);
  let peak = floor;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  for (let start = 0; start <= samples.length; start += BLOCK) {
    let highest = 0;
    for (let k = 0; k < around.length; k++) {
      around[k] = samples[start + k - HALF_TAPS] ?? 0;
      highest = Math.max(highest, Math.abs(around[k]!));
    }
    // Most of a take is far below its peak: a block that cannot reach it is skipped.
    if (highest * MOST_GAIN <= peak) continue;
    for (let n = 0; n < BLOCK; n++) peak = Math.max(peak, peakAfter(around, n));
  }
  return peak;
}

/** True peak of all channels in dBTP; -Infinity for digital silence. Samples must be finite. */
export function truePeakDb({ channels }: Waveform): number {
  let peak = 0;
  for (const samples of channels) peak = oversampledPeak(samples, peak);
  return 20 * Math.log10(peak);
}
