import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide, Layers } from "../pipeline/types.ts";
import { columns } from "./denoise.ts";

/** Latents [voices][1,C,L] -> sound. Two voices are a stereo bed; one follows the action (or is a mono bed). */
export async function decode(
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
  const [first, second] = sounds;
  const isBed = guide.layers.bed !== null && guide.layers.action === null;
  return isBed ? { action: null, bed: [first!, second ?? first!] } : { action: first!, bed: null };
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
