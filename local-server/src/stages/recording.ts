import type { Recording } from "./bank.ts";

const FRAME_SAMPLES = 2400;
/** Shorter sounds are one-shots however steady they are. */
const MIN_BED_FRAMES = 40;

/**
 * Measures a sound that came without tags: its loudest 50 ms, the sample where it hits (the first that reaches a tenth of
 * the peak), and whether it goes on steadily (most 50 ms frames within 12 dB of the loudest) and so serves as a bed.
 */
export function describeRecording(id: string, samples: Float32Array): Recording & { readonly steady: boolean } {
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  const frames: number[] = [];
  for (let start = 0; start < samples.length; start += FRAME_SAMPLES) {
    let power = 0;
    for (const value of samples.subarray(start, start + FRAME_SAMPLES)) power += value * value;
    frames.push(10 * Math.log10(power / FRAME_SAMPLES + 1e-12));
  }
  const loudnessDb = Math.max(...frames);
  const onset = Math.max(
    0,
    samples.findIndex((value) => Math.abs(value) >= 0.1 * peak),
  );
  const near = frames.filter((level) => level > loudnessDb - 12).length;
  const steady = frames.length >= MIN_BED_FRAMES && near > 0.6 * frames.length;
  return { id, samples, onset, loudnessDb, weight: "medium", steady };
}
