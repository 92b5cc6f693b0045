import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor, zeros } from "../onnx/tensor.ts";
import type { Context, Plan, Window } from "../pipeline/types.ts";
import { guide } from "../sampling/guidance.ts";
import { latentUnit } from "../sampling/lengths.ts";
import { eulerScheduler } from "../sampling/scheduler.ts";
import { type Conditioning, repeated } from "./conditioning.ts";
import { type Conditioned, openPrepared, type PictureAndWords } from "./denoiser.ts";
import type { Hold } from "./latents.ts";

/**
 * The loop: at every step each window's velocity, guided, blended over the overlaps, then one scheduler step of the whole.
 * starts [voices][1,C,L] -> latents of the same shapes.
 */
export async function denoise(
  plan: LoopPlan,
  windows: readonly Window[],
  conditioning: Conditioning,
  starts: readonly Tensor[],
  known: readonly Tensor[] | null,
  bundle: Bundle,
  context: Context,
  hold: Hold | null = null,
): Promise<Tensor[]> {
  const { denoiser } = bundle.manifest.roles;
  const startSigma = known ? plan.guideStrength : 1;
  const scheduler = eulerScheduler(plan.steps, denoiser.shift, denoiser.timestepScale, startSigma);
  await using model = denoiser.prepared
    ? await preparedModel(plan, windows, conditioning, scheduler.timesteps, bundle)
    : await eventModel(windows, conditioning, scheduler.timesteps, plan.guidance, bundle);
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
        accumulate(velocity, weight, window, await model.velocity(latents, w, i, guideLatents));
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

/** What the loop needs of a plan. */
type LoopPlan = Pick<Plan, "steps" | "guidance" | "guideStrength" | "media">;

/** Guided velocity [1,C,l] of a window at a step. */
interface WindowModel extends AsyncDisposable {
  velocity(latents: Tensor, window: number, step: number, guideLatents: Tensor | null): Promise<Tensor>;
}

/** foley-mini's denoiser: words, onset curve and guide, in one graph. */
async function eventModel(
  windows: readonly Window[],
  conditioning: Conditioning,
  timesteps: readonly number[],
  guidance: number,
  bundle: Bundle,
): Promise<WindowModel> {
  const session = await bundle.open("denoiser");
  return {
    async velocity(latents, w, step, guideLatents) {
      const feeds = windowFeeds(latents, timesteps[step]!, windows[w]!, conditioning, guideLatents);
      const { velocity } = await session.run(feeds);
      return guide(velocity!, guidance);
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** A published denoiser: each window's picture and words are worked out once, its words' part is the same in all. */
async function preparedModel(
  plan: LoopPlan,
  windows: readonly Window[],
  conditioning: Conditioning,
  timesteps: readonly number[],
  bundle: Bundle,
): Promise<WindowModel> {
  const model = await openPrepared(bundle, timesteps);
  const isGuided = plan.guidance > 1;
  const conditioned: Conditioned[] = [];
  try {
    for (const window of windows) {
      const given = windowPicture(plan, window, conditioning, isGuided, bundle);
      const made = await model.condition(given, window.length);
      const words = Object.entries(conditioned[0] ?? {}).filter(([name]) => name.startsWith("text_"));
      conditioned.push({ ...made, ...Object.fromEntries(words) });
    }
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
  return {
    async velocity(latents, w, step) {
      const channels = latents.dims[1]!;
      const { length } = windows[w]!;
      const piece = columns(latents, windows[w]!);
      if (!isGuided) return model.velocity(conditioned[w]!, tensor(piece, [1, channels, length]), step);
      const batch = new Float32Array(2 * piece.length);
      batch.set(piece, 0);
      batch.set(piece, piece.length);
      const velocity = await model.velocity(conditioned[w]!, tensor(batch, [2, channels, length]), step);
      return guide(velocity, plan.guidance);
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/** Rows of the picture in a window, batches [negative: empty rows, positive]; the positive alone without guidance. */
function windowPicture(
  plan: LoopPlan,
  window: Window,
  { text, sync, picture }: Conditioning,
  isGuided: boolean,
  bundle: Bundle,
): PictureAndWords {
  const { roles } = bundle.manifest;
  const { semantic, empty } = picture!;
  const latentsPerSecond = roles.decoder.sampleRate / roles.decoder.hop;
  const whole = window.length === plan.media.latentLength;
  const lasting = window.length / latentsPerSecond;
  const first = (window.start / latentsPerSecond) * roles.semantic.fps;
  const pictures = whole ? semantic.dims[0]! : Math.round(lasting * roles.semantic.fps);
  const tokens = roles.sync.kind === "segments" ? roles.sync.tokens : 1;
  const perSegment = latentUnit(roles);
  const rows = {
    semantic: Array.from({ length: pictures }, (_, k) => Math.min(semantic.dims[0]! - 1, Math.round(first + k))),
    sync: Array.from({ length: whole ? sync.dims[0]! : (window.length / perSegment - 1) * tokens }, (_, k) =>
      Math.min(sync.dims[0]! - 1, (window.start / perSegment) * tokens + k),
    ),
  };
  const batch = (from: Tensor, chosen: readonly number[], none: Float32Array): Tensor => {
    const width = none.length;
    const half = chosen.length * width;
    const data = new Float32Array(isGuided ? 2 * half : half);
    if (isGuided) data.set(repeated(none, chosen.length).data, 0);
    const at = isGuided ? half : 0;
    for (const [i, row] of chosen.entries())
      data.set(from.data.subarray(row * width, (row + 1) * width), at + i * width);
    return tensor(data, [isGuided ? 2 : 1, chosen.length, width]);
  };
  const [, count, width] = text.dims as [number, number, number];
  return {
    text: isGuided ? text : tensor(text.data.slice(count * width), [1, count, width]),
    semantic: batch(semantic, rows.semantic, empty.semantic),
    sync: batch(sync, rows.sync, empty.sync),
  };
}

type Feeds = Readonly<Record<string, Tensor>>;

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
