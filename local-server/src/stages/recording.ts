import type { Recording } from "./bank.ts";

const SAMPLE_RATE_HZ = 48_000;
const FRAME_SAMPLES = 2400;
/** Shorter sounds are one-shots however steady they are. */
const MIN_BED_FRAMES = 40;
/** A recording has died away where it stays this far under its loudest 50 ms. */
const DECAYED_DB = 40;

export interface Measured {
  /** The first sample that reaches a tenth of the peak. */
  readonly onset: number;
  /** Loudest 50 ms, dBFS. */
  readonly loudnessDb: number;
  /** From the onset to the end of the last 50 ms that are less than 40 dB under the loudest. */
  readonly decaySeconds: number;
  /** Root mean square of the spectrum's frequencies: the higher, the brighter. */
  readonly brightnessHz: number;
  /** It goes on steadily (most 50 ms within 12 dB of the loudest) and so serves as a bed. */
  readonly steady: boolean;
}

/** Measures mono samples at 48 kHz. */
export function measureRecording(samples: Float32Array): Measured {
  let peak = 0;
  let power = 0;
  let slope = 0;
  for (let n = 0; n < samples.length; n++) {
    peak = Math.max(peak, Math.abs(samples[n]!));
    power += samples[n]! ** 2;
    slope += (samples[n]! - (samples[n - 1] ?? 0)) ** 2;
  }
  const frames: number[] = [];
  for (let start = 0; start < samples.length; start += FRAME_SAMPLES) {
    let sum = 0;
    for (const value of samples.subarray(start, start + FRAME_SAMPLES)) sum += value * value;
    frames.push(10 * Math.log10(sum / FRAME_SAMPLES + 1e-12));
  }
  const loudnessDb = Math.max(...frames);
  const onset = Math.max(
    0,
    samples.findIndex((value) => Math.abs(value) >= 0.1 * peak),
  );
  const end = FRAME_SAMPLES * (frames.findLastIndex((level) => level > loudnessDb - DECAYED_DB) + 1);
  const near = frames.filter((level) => level > loudnessDb - 12).length;
  return {
    onset,
    loudnessDb,
    decaySeconds: Math.max(0, Math.min(samples.length, end) - onset) / SAMPLE_RATE_HZ,
    brightnessHz: power > 0 ? (Math.sqrt(slope / power) * SAMPLE_RATE_HZ) / (2 * Math.PI) : 0,
    steady: frames.length >= MIN_BED_FRAMES && near > 0.6 * frames.length,
  };
}

/** A sound that came without tags, ready to be performed. */
export const describeRecording = (id: string, samples: Float32Array): Recording & { readonly steady: boolean } => {
  const { onset, loudnessDb, steady } = measureRecording(samples);
  return { id, samples, onset, loudnessDb, weight: "medium", steady };
};
