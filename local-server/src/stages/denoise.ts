import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Session } from "../onnx/session.ts";
import { type Tensor, tensor, zeros } from "../onnx/tensor.ts";
import type { Context, Plan, Window } from "../pipeline/types.ts";
import { guide } from "../sampling/guidance.ts";
import { eulerScheduler } from "../sampling/scheduler.ts";
import type { Conditioning } from "./conditioning.ts";
import type { Hold } from "./latents.ts";

/**
 * The loop: at every step each window's velocity, guided, blended over the overlaps, then one scheduler step of the whole.
 * starts [voices][1,C,L] -> latents of the same shapes.
 */
export async function denoise(
  plan: Plan,
  windows: readonly Window[],
  conditioning: Conditioning,
  starts: readonly Tensor[],
  known: readonly Tensor[] | null,
  bundle: Bundle,
  context: Context,
  hold: Hold | null = null,
): Promise<Tensor[]> {
  const { denoiser } = bundle.manifest.roles;
  await using session = await bundle.open("denoiser");
  const startSigma = known ? plan.guideStrength : 1;
  const scheduler = eulerScheduler(plan.steps, denoiser.shift, denoiser.timestepScale, startSigma);
  const steps = scheduler.timesteps.length;
  const results: Tensor[] = [];
  for (const [voice, start] of starts.entries()) {
    let latents = start;
    // Strength 1 ignores the guide altogether: it neither starts from it nor follows it.
    const guideLatents = plan.guideStrength < 1 ? (known?.[Math.min(voice, known.length - 1)] ?? null) : null;
    for (let i = 0; i < steps; i++) {
      const velocity = zeros(...latents.dims);
      const weight = new Float32Array(plan.media.latentLength);
      for (const [w, window] of windows.entries()) {
        throwIfCancelled(context.signal);
        const feeds = windowFeeds(latents, scheduler.timesteps[i]!, window, conditioning, guideLatents);
        accumulate(velocity, weight, window, guide(await runModel(session, feeds), plan.guidance));
        context.progress("denoise", (voice * steps + i + (w + 1) / windows.length) / (steps * starts.length));
        // ONNX Runtime blocks the thread: let a cancel message in.
        await new Promise(setImmediate);
      }
      for (let n = 0; n < velocity.data.length; n++) velocity.data[n]! /= weight[n % weight.length]!;
      latents = scheduler.step(velocity, i, latents);
      if (hold) latents = hold(latents, scheduler.sigmas[i + 1]!, voice);
    }
    results.push(latents);
  }
  return results;
}

type Feeds = Readonly<Record<string, Tensor>>;

async function runModel(session: Session, feeds: Feeds): Promise<Tensor> {
  const { velocity } = await session.run(feeds);
  return velocity!;
}

/** The batch [negative, positive] of one window; the negative half has no sync and no guide. */
function windowFeeds(
  latents: Tensor,
  timestep: number,
  window: Window,
  { text, sync }: Conditioning,
  guideLatents: Tensor | null,
): Feeds {
  const channels = latents.dims[1]!;
  const size = channels * window.length;
  const piece = columns(latents, window);
  const batch = new Float32Array(2 * size);
  batch.set(piece, 0);
  batch.set(piece, size);
  const guideBatch = new Float32Array(2 * size);
  if (guideLatents) guideBatch.set(columns(guideLatents, window), size);
  const syncBatch = new Float32Array(2 * window.length * 2);
  syncBatch.set(sync.data.subarray(2 * window.start, 2 * (window.start + window.length)), 2 * window.length);
  const dims = [2, channels, window.length];
  return {
    latents: tensor(batch, dims),
    timestep: tensor(new Float32Array([timestep, timestep]), [2]),
    text,
    sync: tensor(syncBatch, [2, window.length, 2]),
    guide: tensor(guideBatch, dims),
  };
}

/** Columns of a window: [1,C,L] -> C x length values. */
export function columns(latents: Tensor, { start, length }: { start: number; length: number }): Float32Array {
  const [, channels, total] = latents.dims as [number, number, number];
  const out = new Float32Array(channels * length);
  for (let c = 0; c < channels; c++)
    out.set(latents.data.subarray(c * total + start, c * total + start + length), c * length);
  return out;
}

/** Adds a window's velocity under its weights. */
function accumulate(sum: Tensor, weight: Float32Array, { start, length, weights }: Window, velocity: Tensor): void {
  const [, channels, total] = sum.dims as [number, number, number];
  for (let l = 0; l < length; l++) {
    weight[start + l]! += weights[l]!;
    for (let c = 0; c < channels; c++) sum.data[c * total + start + l]! += weights[l]! * velocity.data[c * length + l]!;
  }
}
