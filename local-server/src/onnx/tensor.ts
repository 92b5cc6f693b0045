/** A plain tensor: row-major f32 data and its shape. Leaf: everything may import it. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export function tensor(data: Float32Array, dims: readonly number[]): Tensor {
  if (data.length !== sizeOf(dims))
    throw new RangeError(`expected ${sizeOf(dims)} values for [${dims}], came ${data.length}`);
  return { data, dims };
}

export const zeros = (...dims: number[]): Tensor => ({ data: new Float32Array(sizeOf(dims)), dims });
