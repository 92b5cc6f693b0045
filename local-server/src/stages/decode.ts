import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide, Layers, Plan } from "../pipeline/types.ts";
import { columns } from "./denoise.ts";

/** Latents [voices][1,C,L] -> sound. Two voices are a stereo bed; one follows the action (or is a mono bed). */
export async function decode(
  plan: Pick<Plan, "guideStrength">,
  guide: Guide,
  latents: readonly Tensor[],
  bundle: Bundle,
  context: Context,
): Promise<Layers> {
  const sounds: Float32Array[] = [];
  for (const [voice, one] of latents.entries()) {
    sounds.push(
      await decodeVoice(one, bundle, context, (fraction) =>
        context.progress("decode", (voice + fraction) / latents.length),
      ),
    );
  }
  if (plan.guideStrength < 1) matchLevel(sounds, guide.layers);
  const [first, second] = sounds;
  const isBed = guide.layers.bed !== null && guide.layers.action === null;
  return isBed ? { action: null, bed: [first!, second ?? first!] } : { action: first!, bed: null };
}

/** Guidance makes the model louder than what it started from (2 dB at strength 0.8): back to the guide's own power. */
function matchLevel(sounds: readonly Float32Array[], { action, bed }: Layers): void {
  const power = (parts: readonly Float32Array[]) =>
    parts.reduce((sum, part) => sum + part.reduce((a, value) => a + value * value, 0) / part.length, 0) / parts.length;
  const wanted = action ? power([action]) + (bed ? power([bed[0]]) : 0) : bed ? power(bed) : 0;
  const made = power(sounds);
  if (wanted === 0 || made === 0) return;
  const gain = Math.sqrt(wanted / made);
  for (const sound of sounds) for (let n = 0; n < sound.length; n++) sound[n]! *= gain;
}

/**
 * Chunk by chunk, each with as many latents of context as the decoder can see: the pieces join exactly, and memory does not
 * grow with the length. [1,C,L] -> hop L samples.
 */
async function decodeVoice(
  latents: Tensor,
  bundle: Bundle,
  context: Context,
  progress: (fraction: number) => void,
): Promise<Float32Array> {
  const { hop, chunkLatents, contextLatents } = bundle.manifest.roles.decoder;
  await using session = await bundle.open("decoder");
  const [, channels, total] = latents.dims as [number, number, number];
  const samples = new Float32Array(total * hop);
  for (let from = 0; from < total; from += chunkLatents) {
    throwIfCancelled(context.signal);
    const to = Math.min(total, from + chunkLatents);
    const start = Math.max(0, from - contextLatents);
    const length = Math.min(total, to + contextLatents) - start;
    const { audio } = await session.run({
      latents: tensor(columns(latents, { start, length }), [1, channels, length]),
    });
    samples.set(audio!.data.subarray((from - start) * hop, (to - start) * hop), from * hop);
    progress(to / total);
    await new Promise(setImmediate);
  }
  return samples;
}
