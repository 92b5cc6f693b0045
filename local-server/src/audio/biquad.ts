/** Second-order filters. Formulas: Robert Bristow-Johnson's "Audio EQ Cookbook". Gains in dB, frequencies in Hz. */

/** y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], a0 divided out. */
export interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

const BUTTERWORTH_Q = Math.SQRT1_2;

const normalized = (b0: number, b1: number, b2: number, a0: number, a1: number, a2: number): Biquad => ({
  b0: b0 / a0,
  b1: b1 / a0,
  b2: b2 / a0,
  a1: a1 / a0,
  a2: a2 / a0,
});

/** cos and alpha of the cookbook; the frequency is kept below Nyquist, where the formulas break down. */
function angles(frequencyHz: number, sampleRate: number, q: number): { cos: number; alpha: number } {
  if (!(frequencyHz > 0) || !(q > 0))
    throw new RangeError(`expected frequency and Q above 0, came ${frequencyHz}, ${q}`);
  const omega = (2 * Math.PI * Math.min(frequencyHz, 0.49 * sampleRate)) / sampleRate;
  return { cos: Math.cos(omega), alpha: Math.sin(omega) / (2 * q) };
}

export function lowPass(frequencyHz: number, sampleRate: number, q = BUTTERWORTH_Q): Biquad {
  const { cos, alpha } = angles(frequencyHz, sampleRate, q);
  return normalized((1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha);
}

export function highPass(frequencyHz: number, sampleRate: number, q = BUTTERWORTH_Q): Biquad {
  const { cos, alpha } = angles(frequencyHz, sampleRate, q);
  return normalized((1 + cos) / 2, -(1 + cos), (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha);
}

/** Bell of `gainDb` around the frequency. */
export function peaking(frequencyHz: number, sampleRate: number, gainDb: number, q = BUTTERWORTH_Q): Biquad {
  const { cos, alpha } = angles(frequencyHz, sampleRate, q);
  const a = 10 ** (gainDb / 40);
  return normalized(1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a);
}

/** `gainDb` below the frequency, half of it (in dB) at the frequency, 0 above. */
export function lowShelf(frequencyHz: number, sampleRate: number, gainDb: number, q = BUTTERWORTH_Q): Biquad {
  const { cos, alpha } = angles(frequencyHz, sampleRate, q);
  const a = 10 ** (gainDb / 40);
  const root = 2 * Math.sqrt(a) * alpha;
  return normalized(
    a * (a + 1 - (a - 1) * cos + root),
    2 * a * (a - 1 - (a + 1) * cos),
    a * (a + 1 - (a - 1) * cos - root),
    a + 1 + (a - 1) * cos + root,
    -2 * (a - 1 + (a + 1) * cos),
    a + 1 + (a - 1) * cos - root,
  );
}

/** `gainDb` above the frequency, half of it (in dB) at the frequency, 0 below. */
export function highShelf(frequencyHz: number, sampleRate: number, gainDb: number, q = BUTTERWORTH_Q): Biquad {
  const { cos, alpha } = angles(frequencyHz, sampleRate, q);
  const a = 10 ** (gainDb / 40);
  const root = 2 * Math.sqrt(a) * alpha;
  return normalized(
    a * (a + 1 + (a - 1) * cos + root),
    -2 * a * (a - 1 + (a + 1) * cos),
    a * (a + 1 + (a - 1) * cos - root),
    a + 1 - (a - 1) * cos + root,
    2 * (a - 1 - (a + 1) * cos),
    a + 1 - (a - 1) * cos - root,
  );
}

/**
 * Filters [n] samples, from silence. State is f64 (transposed direct form II), so low corners stay exact.
 * `out` may be `samples` itself.
 */
export function applyBiquad(
  samples: Float32Array,
  { b0, b1, b2, a1, a2 }: Biquad,
  out: Float32Array = new Float32Array(samples.length),
): Float32Array {
  let s1 = 0;
  let s2 = 0;
  for (let n = 0; n < samples.length; n++) {
    const x = samples[n]!;
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    out[n] = y;
  }
  return out;
}
