import type { Waveform } from "../pipeline/types.ts";
import { kaiser, sinc } from "./kaiser.ts";

/**
 * True peak by 4x oversampling, after ITU-R BS.1770-4 annex 2. The annex's own filter (12 taps a phase) reads high
 * frequencies up to half a decibel low; 32 taps a phase read them within 0.1 dB.
 */
const OVERSAMPLING = 4;
const HALF_TAPS = 16;
const BETA = 6;
const BLOCK = 64;

/** Phases 1..3 of the interpolator, [phase][2 * HALF_TAPS]; phase 0 is the samples themselves. */
const PHASES = [1, 2, 3].map((phase) => {
  const taps = Float64Array.from({ length: 2 * HALF_TAPS }, (_, k) => {
    const distance = phase / OVERSAMPLING - (k - HALF_TAPS + 1);
    return sinc(distance) * kaiser(distance / HALF_TAPS, BETA);
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
});
/** No interpolated value is above this times the highest sample under the taps. */
const MOST_GAIN = Math.max(...PHASES.map((taps) => taps.reduce((a, b) => a + Math.abs(b), 0)));

/** Highest |value| of one channel between and at the samples, not below `floor` (what is lower is not looked at). */
function oversampledPeak(samples: Float32Array, floor: number): number {
  const padded = new Float64Array(samples.length + 2 * HALF_TAPS);
  padded.set(samples, HALF_TAPS);
  let peak = floor;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  for (let start = 0; start < padded.length; start += BLOCK) {
    // Most of a take is far below its peak: a block that cannot reach it is skipped.
    let highest = 0;
    const last = Math.min(padded.length, start + BLOCK + 2 * HALF_TAPS);
    for (let n = start; n < last; n++) highest = Math.max(highest, Math.abs(padded[n]!));
    if (highest * MOST_GAIN <= peak) continue;
    const stop = Math.min(start + BLOCK, padded.length - 2 * HALF_TAPS + 1);
    for (let n = start; n < stop; n++) {
      for (const taps of PHASES) {
        let value = 0;
        for (let k = 0; k < taps.length; k++) value += taps[k]! * padded[n + k]!;
        peak = Math.max(peak, Math.abs(value));
      }
    }
  }
  return peak;
}

/** True peak of all channels in dBTP; -Infinity for digital silence. Samples must be finite. */
export function truePeakDb({ channels }: Waveform): number {
  let peak = 0;
  for (const samples of channels) peak = oversampledPeak(samples, peak);
  return 20 * Math.log10(peak);
}
