import type { Manifest } from "../../protocol/index.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide, Kept, Plan } from "../pipeline/types.ts";
import { createRandom } from "../random.ts";
import { noised } from "../sampling/scheduler.ts";

/** Streams of one seed: each use has its own, so that none shifts another. */
const NOISE_STREAM = 16;
const SAMPLE_RATE_HZ = 48_000;

/**
 * Where denoising starts: seeded noise [1,C,L], or the guide's latents at the noise level of the guide strength. One
 * tensor a voice: a stereo bed is two decorrelated voices.
 */
export function startLatents(
  plan: Plan,
  guide: Guide,
  known: readonly Tensor[] | null,
  seed: number,
  { roles }: Manifest,
  context: Context,
): Tensor[] {
  const { channels } = roles.denoiser;
  const voices = guide.layers.bed && !guide.layers.action && plan.channels === 2 ? 2 : 1;
  const starts = Array.from({ length: voices }, (_, voice) => {
    const noise = seededNoise(seed, voice, channels, plan.media.latentLength);
    const data = known?.[Math.min(voice, known.length - 1)];
    return data && plan.guideStrength < 1 ? noised(data, noise, plan.guideStrength) : noise;
  });
  context.progress("latents", 1);
  return starts;
}

/** Latents [1,C,L] of a voice at a noise level -> the same with everything outside the part as the old take has it. */
export type Hold = (latents: Tensor, sigma: number, voice: number) => Tensor;

/**
 * Inpainting: at each noise level the known latents, with the noise that the start had, take the place of those outside the
 * part (Lugmayr et al. 2022, RePaint, without its resampling). Null where there is nothing of the right shape to hold.
 */
export function holdOutside(plan: Plan, kept: Kept, seed: number, { roles }: Manifest): Hold | null {
  const { channels } = roles.denoiser;
  const length = plan.media.latentLength;
  const old = kept.latents;
  if (!old?.every(({ dims }) => dims[1] === channels && dims[2] === length)) return null;
  const { from, to } = latentPart(plan, kept, roles.decoder.hop);
  const noise = old.map((_, voice) => seededNoise(seed, voice, channels, length));
  return (latents, sigma, voice) => {
    const data = old[Math.min(voice, old.length - 1)]!;
    const held = noised(data, noise[Math.min(voice, old.length - 1)]!, sigma);
    return mergePart(held, latents, from, to);
  };
}

/** Latents of a new performance with the old take's outside the part; the new ones where the shapes do not agree. */
export function keepLatents(
  plan: Plan,
  made: readonly Tensor[] | null,
  kept: Kept,
  { roles }: Manifest,
): Tensor[] | null {
  const { from, to } = latentPart(plan, kept, roles.decoder.hop);
  return (
    made?.map((latents, voice) => {
      const old = kept.latents?.[voice];
      const alike = old?.dims.join() === latents.dims.join();
      return old && alike ? mergePart(old, latents, from, to) : latents;
    }) ?? null
  );
}

/** First latent that the part touches and the one after its last, in latents of the media range. */
function latentPart(plan: Plan, kept: Kept, hop: number): { from: number; to: number } {
  const at = (seconds: number) => (plan.media.handleSamples + seconds * SAMPLE_RATE_HZ) / hop;
  return { from: Math.floor(at(kept.fromSeconds)), to: Math.ceil(at(kept.toSeconds)) };
}

/** `outside` [1,C,L] with the columns [from, to) of `inside`. */
function mergePart(outside: Tensor, inside: Tensor, from: number, to: number): Tensor {
  const [, channels, length] = outside.dims as [number, number, number];
  const out = outside.data.slice();
  for (let c = 0; c < channels; c++) {
    out.set(inside.data.subarray(c * length + from, c * length + Math.min(to, length)), c * length + from);
  }
  return tensor(out, outside.dims);
}

/** Standard normal noise [1,C,L], drawn latent by latent: a longer clip begins with the noise of a shorter one. */
function seededNoise(seed: number, voice: number, channels: number, length: number): Tensor {
  const random = createRandom(seed, NOISE_STREAM + voice);
  const noise = new Float32Array(channels * length);
  for (let l = 0; l < length; l++) for (let c = 0; c < channels; c++) noise[c * length + l] = random.normal();
  return tensor(noise, [1, channels, length]);
}
