import { type Tensor, tensor } from "../onnx/tensor.ts";

/**
 * Classifier-free guidance (Ho & Salimans 2022) over a batch [negative, positive]: negative + scale (positive - negative).
 * velocity [2,C,L] -> [1,C,L]
 */
export function guide(velocity: Tensor, scale: number): Tensor {
  const [, channels, length] = velocity.dims as [number, number, number];
  const size = channels * length;
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const negative = velocity.data[i]!;
    out[i] = negative + scale * (velocity.data[size + i]! - negative);
  }
  return tensor(out, [1, channels, length]);
}
