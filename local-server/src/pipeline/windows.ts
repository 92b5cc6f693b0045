import type { Manifest } from "../../protocol/index.ts";
import { latentUnit } from "../sampling/lengths.ts";
import type { Guide, Plan, VisualFeatures, Window } from "./types.ts";

/**
 * Overlapping windows over `length` latents, blended in latent space at every step. Inside a shot neighbours share
 * `overlap` latents under linear weights; at a shot cut the weights end hard, so nothing leaks from one shot into the next.
 * All windows are `size` long (or the whole, when it is shorter): what the model was trained on.
 */
export function planWindows(
  length: number,
  size: number,
  overlap: number,
  cuts: readonly number[],
  unit = 2,
): Window[] {
  if (length <= size) return [{ start: 0, length, weights: new Float32Array(length).fill(1) }];
  const inside = cuts.map((cut) => whole(cut, unit)).filter((cut) => cut > 0 && cut < length);
  const edges = [0, ...inside.sort((a, b) => a - b), length];
  const windows: Window[] = [];
  for (let shot = 0; shot + 1 < edges.length; shot++) {
    windows.push(...shotWindows(edges[shot]!, edges[shot + 1]!, length, size, overlap, unit));
  }
  return windows;
}

/** Windows that together cover [from, to) and weigh nothing outside it; they may look beyond it. */
function shotWindows(from: number, to: number, length: number, size: number, overlap: number, unit: number): Window[] {
  const count = Math.max(1, Math.ceil((to - from - overlap) / (size - overlap)));
  // Spread evenly: a short last window would sound worse than a little more overlap.
  const stride = count === 1 ? 0 : (to - from - size) / (count - 1);
  const first = count === 1 ? (from + to - size) / 2 : from;
  const starts = Array.from({ length: count }, (_, i) =>
    whole(Math.max(0, Math.min(length - size, first + i * stride)), unit),
  );
  return starts.map((start, i) => {
    const shared = {
      before: i === 0 ? 0 : starts[i - 1]! + size - start,
      after: i + 1 === count ? 0 : start + size - starts[i + 1]!,
    };
    const weights = new Float32Array(size);
    for (let l = 0; l < size; l++) {
      if (start + l < from || start + l >= to) continue;
      const rise = shared.before > 0 ? Math.min(1, (l + 0.5) / shared.before) : 1;
      const fall = shared.after > 0 ? Math.min(1, (size - l - 0.5) / shared.after) : 1;
      weights[l] = Math.min(rise, fall);
    }
    return { start, length: size, weights };
  });
}

/** Models that join latents to a token, or share segments, see the same ones in every window. The media range fits as well. */
const whole = (latent: number, unit: number): number => unit * Math.round(latent / unit);

/** The windows of a plan. A bed runs on across cuts, as an ambience does in a mix; everything else starts anew. */
export function windowsOf(plan: Plan, visual: VisualFeatures, guide: Guide, { roles }: Manifest): Window[] {
  const { denoiser, decoder } = roles;
  const latentOf = (seconds: number) =>
    Math.round((seconds * decoder.sampleRate + plan.media.handleSamples) / decoder.hop);
  const { latentLength } = plan.media;
  if (plan.reference) return planWindows(latentLength, latentLength, 0, []);
  const cuts = guide.layers.action || !guide.layers.bed ? visual.cuts.map(latentOf) : [];
  return planWindows(latentLength, denoiser.windowLatents, denoiser.overlapLatents, cuts, latentUnit(roles));
}
