import { kaiser, sinc } from "./kaiser.ts";

/**
 * Band-limited resampling by any ratio: Kaiser-windowed sinc (J. O. Smith, "Digital Audio Resampling"), from a table
 * read with linear interpolation (its error lies below -110 dB).
 */
const ZERO_CROSSINGS = 40;
const STEPS = 512;
const BETA = 9;

/** Half of the symmetric kernel, `STEPS` values a zero crossing, two zeros at the end: [ZERO_CROSSINGS * STEPS + 2]. */
const KERNEL = Float64Array.from({ length: ZERO_CROSSINGS * STEPS + 2 }, (_, i) => {
  const x = i / STEPS;
  return x >= ZERO_CROSSINGS ? 0 : sinc(x) * kaiser(x / ZERO_CROSSINGS, BETA);
});

/**
 * `samples` [n] at a new rate: ratio = new rate / old rate (44.1 -> 48 kHz: 48000 / 44100; an octave down: 2), to
 * round(n * ratio) samples. Sample 0 stays sample 0, so onsets do not move. Lowering the rate filters to the new band.
 */
export function resample(samples: Float32Array, ratio: number): Float32Array {
  if (!(ratio > 0) || !Number.isFinite(ratio)) throw new RangeError(`expected a ratio above 0, came ${ratio}`);
  if (ratio === 1) return samples.slice();
  const out = new Float32Array(Math.round(samples.length * ratio));
  const bandwidth = Math.min(1, ratio);
  const reach = ZERO_CROSSINGS / bandwidth;
  const step = STEPS * bandwidth;
  for (let n = 0; n < out.length; n++) {
    const centre = n / ratio;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let value = 0;
    for (let k = first; k <= last; k++) {
      const position = Math.abs(k - centre) * step;
      const index = position | 0;
      const low = KERNEL[index]!;
      value += samples[k]! * (low + (position - index) * (KERNEL[index + 1]! - low));
    }
    out[n] = value * bandwidth;
  }
  return out;
}
