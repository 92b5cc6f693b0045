import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide } from "../pipeline/types.ts";

/**
 * The guide as latents [1,C,L], one tensor a voice (a bed alone has two), encoded chunk by chunk with the encoder's own
 * context; null without an encoder or without a guide.
 */
export async function encodeGuide(guide: Guide, bundle: Bundle, context: Context): Promise<Tensor[] | null> {
  const { encoder, decoder, denoiser } = bundle.manifest.roles;
  const { action, bed } = guide.layers;
  if (!encoder || (!action && !bed)) return null;
  const voices = action ? [bed ? action.map((value, n) => value + bed[0][n]!) : action] : [...bed!];
  await using session = await bundle.open("encoder");
  const results: Tensor[] = [];
  for (const voice of voices) {
    const total = Math.ceil(voice.length / decoder.hop);
    const latents = new Float32Array(denoiser.channels * total);
    for (let from = 0; from < total; from += encoder.chunkLatents) {
      throwIfCancelled(context.signal);
      const to = Math.min(total, from + encoder.chunkLatents);
      const start = Math.max(0, from - encoder.contextLatents);
      const length = Math.min(total, to + encoder.contextLatents) - start;
      const audio = new Float32Array(length * decoder.hop);
      audio.set(voice.subarray(start * decoder.hop, (start + length) * decoder.hop));
      const { latents: piece } = await session.run({ audio: tensor(audio, [1, 1, audio.length]) });
      for (let c = 0; c < denoiser.channels; c++) {
        const row = piece!.data.subarray(c * length + from - start, c * length + to - start);
        latents.set(row, c * total + from);
      }
    }
    results.push(tensor(latents, [1, denoiser.channels, total]));
  }
  context.progress("guide", 1);
  return results;
}
