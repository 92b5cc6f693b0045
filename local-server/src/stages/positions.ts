import { type Tensor, tensor } from "../onnx/tensor.ts";

/**
 * Tables and indices that align the streams of the published denoiser, for any lengths. Arithmetic is rounded to f32 where
 * PyTorch rounds it (models/nn/posemb_layers.py, torch.nn.functional.interpolate "nearest-exact").
 */
const f32 = Math.fround;

/** Source index of each of `to` outputs among `from` inputs: floor((i + 0.5) from / to). */
function nearestExact(from: number, to: number): number[] {
  const scale = f32(from / to);
  return Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(f32((i + 0.5) * scale))));
}

/** cos and sin of position times rate, [positions, headWidth/2]. */
export function rotaryTable(
  positions: readonly number[],
  headWidth: number,
  theta: number,
): { readonly cos: Tensor; readonly sin: Tensor } {
  const half = headWidth / 2;
  const rates = Array.from({ length: half }, (_, i) => f32(1 / f32(theta ** f32((2 * i) / headWidth))));
  const angles = positions.flatMap((position) => rates.map((rate) => f32(position * rate)));
  const dims = [positions.length, half];
  return {
    cos: tensor(Float32Array.from(angles, Math.cos), dims),
    sin: tensor(Float32Array.from(angles, Math.sin), dims),
  };
}

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);

/**
 * Feeds of the step graph for a window of `latents` with `semantic` rows of the picture: audio latent i stands at 2i, the
 * picture's row k one after the latent that it falls on; towards the words both streams count from 0.
 */
export function stepTables(
  latents: number,
  semantic: number,
  headWidth: number,
  theta: number,
): Record<string, Tensor> {
  if (semantic > latents) throw new RangeError(`expected at most ${latents} pictures a window, came ${semantic}`);
  const fallsOn = semantic === latents ? counted(semantic) : nearestExact(latents, semantic);
  const audio = counted(latents);
  const self = rotaryTable([...fallsOn.map((i) => 2 * i + 1), ...audio.map((i) => 2 * i)], headWidth, theta);
  const cross = rotaryTable([...counted(semantic), ...audio], headWidth, theta);
  const alone = rotaryTable(audio, headWidth, theta);
  return {
    self_cos: self.cos,
    self_sin: self.sin,
    cross_cos: cross.cos,
    cross_sin: cross.sin,
    audio_cos: alone.cos,
    audio_sin: alone.sin,
  };
}

/**
 * Sync rows [B,S,D] as the distinct ones [U,D] with their place in the segment [U], and which of them each latent hears
 * [B,L]: the rows of the unconditional half are all alike.
 */
export function distinctSync(
  sync: Tensor,
  latents: number,
  phases: number,
): { readonly rows: Tensor; readonly phase: BigInt64Array; readonly index: BigInt64Array } {
  const [batch, length, width] = sync.dims as [number, number, number];
  const known = new Map<string, number>();
  const picked: number[] = [];
  const indexOf = new Int32Array(batch * length);
  for (let row = 0; row < batch * length; row++) {
    const bytes = Buffer.from(sync.data.buffer, sync.data.byteOffset + 4 * row * width, 4 * width);
    const key = `${(row % length) % phases} ${bytes.toString("latin1")}`;
    const found = known.get(key) ?? picked.length;
    if (found === picked.length) {
      known.set(key, found);
      picked.push(row);
    }
    indexOf[row] = found;
  }
  const rows = new Float32Array(picked.length * width);
  for (const [i, row] of picked.entries()) rows.set(sync.data.subarray(row * width, (row + 1) * width), i * width);
  const source = nearestExact(length, latents);
  const index = BigInt64Array.from({ length: batch * latents }, (_, i) =>
    BigInt(indexOf[Math.floor(i / latents) * length + source[i % latents]!]!),
  );
  const phase = BigInt64Array.from(picked, (row) => BigInt((row % length) % phases));
  return { rows: tensor(rows, [picked.length, width]), phase, index };
}
