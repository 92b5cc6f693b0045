import type { Waveform } from "../pipeline/types.ts";

/** Raised cosine from 0 to 1 over `length` samples, sampled between them so that neither end repeats. */
const rise = (n: number, length: number): number => 0.5 - 0.5 * Math.cos((Math.PI * (n + 0.5)) / length);

/** Fades both edges of every channel in place; at most half the waveform each. 0 changes nothing. */
export function fadeEdges({ channels, sampleRate }: Waveform, seconds: number): void {
  for (const samples of channels) {
    const length = Math.min(Math.round(seconds * sampleRate), Math.floor(samples.length / 2));
    for (let n = 0; n < length; n++) {
      const gain = rise(n, length);
      const end = samples.length - 1 - n;
      samples[n] = samples[n]! * gain;
      samples[end] = samples[end]! * gain;
    }
  }
}

/** How alike the two sides of a crossfade are, -1..1; 0 where one of them is silent. */
function correlation(a: Float32Array, b: Float32Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let n = 0; n < a.length; n++) {
    ab += a[n]! * b[n]!;
    aa += a[n]! * a[n]!;
    bb += b[n]! * b[n]!;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/**
 * `from` [n] fading into `to` [n], constant in power. Plain sine and cosine gains add up to +3 dB where both sides are
 * alike (the same hum) and less where they oppose each other, so they are divided by the power they would give.
 */
export function crossfade(from: Float32Array, to: Float32Array): Float32Array {
  if (from.length !== to.length) throw new RangeError(`expected equal lengths, came ${from.length} and ${to.length}`);
  // Below -0.5 the sides nearly cancel; full compensation would only blow up what is left.
  const alike = Math.max(-0.5, correlation(from, to));
  return from.map((value, n) => {
    const angle = (Math.PI / 2) * rise(n, from.length);
    const scale = 1 / Math.sqrt(1 + alike * Math.sin(2 * angle));
    return scale * (Math.cos(angle) * value + Math.sin(angle) * to[n]!);
  });
}

/** `a` then `b`, the last `overlap` samples of `a` crossfaded into the first of `b`: a.length + b.length - overlap. */
export function joinCrossfaded(a: Float32Array, b: Float32Array, overlap: number): Float32Array {
  const length = Math.max(0, Math.min(overlap, a.length, b.length));
  const out = new Float32Array(a.length + b.length - length);
  out.set(a);
  out.set(crossfade(a.subarray(a.length - length), b.subarray(0, length)), a.length - length);
  out.set(b.subarray(length), a.length);
  return out;
}

/**
 * A bed of any length from a recording: it plays from `startSample` on and at each end crossfades back to its
 * beginning. The crossfade is at most half the recording. An empty recording gives silence.
 */
export function crossfadeLoop(
  samples: Float32Array,
  sampleCount: number,
  crossfadeSamples: number,
  startSample = 0,
): Float32Array {
  const out = new Float32Array(sampleCount);
  if (samples.length === 0) return out;
  const overlap = Math.max(0, Math.min(crossfadeSamples, Math.floor(samples.length / 2)));
  const period = samples.length - overlap;
  // One turn of the loop: the join first, then the rest. Every turn after the first is a copy of it.
  const turn = new Float32Array(period);
  turn.set(crossfade(samples.subarray(period), samples.subarray(0, overlap)));
  turn.set(samples.subarray(overlap, period), overlap);
  const start = ((startSample % period) + period) % period;
  const intro = samples.subarray(start, Math.min(period, start + sampleCount));
  out.set(intro);
  for (let n = intro.length; n < sampleCount; n += period) out.set(turn.subarray(0, sampleCount - n), n);
  return out;
}

/** Median of the first 100 ms: what the signal stands on before anything happens. */
function restingLevel(samples: Float32Array, sampleRate: number): number {
  const start = samples.slice(0, Math.max(1, Math.round(0.1 * sampleRate))).sort();
  return start[start.length >> 1] ?? 0;
}

/**
 * Removes offset in place: a first-order high-pass (5 Hz), which follows an offset that drifts over a long take and
 * moves no onset. It starts on the resting level, so neither an offset nor silence begins with a thump.
 */
export function removeDc({ channels, sampleRate }: Waveform, cutoffHz = 5): void {
  const pole = Math.exp((-2 * Math.PI * cutoffHz) / sampleRate);
  const gain = (1 + pole) / 2;
  for (const samples of channels) {
    let previous = restingLevel(samples, sampleRate);
    let state = 0;
    for (let n = 0; n < samples.length; n++) {
      const x = samples[n]!;
      state = pole * state + gain * (x - previous);
      previous = x;
      samples[n] = state;
    }
  }
}
