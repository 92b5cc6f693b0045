import type { Manifest } from "../../protocol/index.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide, Plan } from "../pipeline/types.ts";
import { createRandom } from "../random.ts";
import { noised } from "../sampling/scheduler.ts";

/** Streams of one seed: each use has its own, so that none shifts another. */
const NOISE_STREAM = 16;

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

/** Standard normal noise [1,C,L], drawn latent by latent: a longer clip begins with the noise of a shorter one. */
function seededNoise(seed: number, voice: number, channels: number, length: number): Tensor {
  const random = createRandom(seed, NOISE_STREAM + voice);
  const noise = new Float32Array(channels * length);
  for (let l = 0; l < length; l++) for (let c = 0; c < channels; c++) noise[c * length + l] = random.normal();
  return tensor(noise, [1, channels, length]);
}
