import { type Graph, sizeOf, type Tensors, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { toHalf } from "../graph/quantize.ts";

/** Smaller ones are not worth a cast. */
const LEAST_VALUES = 4096;

/** Turns a tensor's values into those that are stored; both [size]. */
type Change = (values: Float32Array) => Float32Array | Promise<Float32Array>;

/**
 * A parameter of foley-mini's networks, f32 with its own dims: stored in 16 bits, for half the file, and widened once when
 * the graph is loaded; all arithmetic is f32. Biases and other small ones stay as they are. `change` is applied before storing.
 */
export function stored(g: Graph, tensors: Tensors, name: string, change: Change = (values) => values): Value {
  const dims = tensors.dims(name);
  const read = async () => change(await tensors.floats(name));
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array) =>
    new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  if (sizeOf(dims) < LEAST_VALUES) return g.weight(name, "f32", dims, async () => bytes(await read()));
  return op.cast(
    g,
    g.weight(`${name}.f16`, "f16", dims, async () => bytes(toHalf(await read()))),
    "f32",
  );
}

/** nn.Linear: `name.weight` [out,in] and `name.bias` [out] on x [...,in]. */
export function linear(g: Graph, x: Value, tensors: Tensors, name: string): Value {
  const weight = op.transpose(g, stored(g, tensors, `${name}.weight`), [1, 0]);
  return op.add(g, op.matMul(g, x, weight), stored(g, tensors, `${name}.bias`));
}
