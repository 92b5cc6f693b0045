import { type Graph, sizeOf, type Tensors, type Value } from "./graph.ts";
import {
  add,
  before,
  cast,
  concat,
  dynamicQuantizeMatMul,
  matMul,
  matMulNBits,
  pad,
  reshape,
  shapeOf,
  slice,
  sub,
  unfold,
  unsqueeze,
  widthOf,
} from "./ops.ts";
import { toBlocks, toHalf, toInt8, transposed } from "./quantize.ts";

/**
 * fp32; int8 (weights and, on the fly, activations; CPU); fp16 (products in half precision for GPUs); q8 (8-bit blocks, for
 * GPUs with little memory). Norms, modulation and the residual stream stay f32 in all of them.
 */
export type Precision = "fp32" | "fp16" | "int8" | "q8";

/** Columns that share a scale in q8. */
const BLOCK = 32;

const rawBytes = (view: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** A matrix of a checkpoint, outputs first: [rows, columns]. `read` gives it row-major. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly read: () => Promise<Float32Array>;
}

export function matrixOf(tensors: Tensors, name: string): Matrix {
  const dims = tensors.dims(name);
  if (dims.length !== 2)
    throw new Error(`expected two dimensions for ${name}, came [${dims}]; use the model's own file`);
  return { name, rows: dims[0]!, columns: dims[1]!, read: () => tensors.floats(name) };
}

/** A vector of a checkpoint, [size]; `size` is what the network needs. */
export function vector(g: Graph, tensors: Tensors, name: string, size: number): Value {
  assertSize(tensors, name, size);
  return g.weight(name, "f32", [size], async () => rawBytes(await tensors.floats(name)));
}

/** Throws where a tensor has another number of values than the network needs. */
export function assertSize(tensors: Tensors, name: string, size: number): void {
  const dims = tensors.dims(name);
  if (sizeOf(dims) !== size)
    throw new Error(`expected ${size} values for ${name}, came [${dims}]; use the model's own file`);
}

/** Several weights are made from one reading of a tensor; when the last of them was asked for, it is let go. */
function shared<T>(uses: number, make: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  let left = 0;
  return () => {
    if (!kept) {
      kept = make();
      left = uses;
    }
    const value = kept;
    left -= 1;
    if (left === 0) kept = null;
    return value;
  };
}

/**
 * x f32 [..., columns] -> f32 [..., rows]: x times the matrix, plus a bias [rows].
 * Throws where the matrix does not take x.
 */
export function project(g: Graph, x: Value, matrix: Matrix, bias: Value | null, precision: Precision): Value {
  const { name, rows, columns, read } = matrix;
  if (widthOf(x) !== columns) {
    throw new Error(`expected a width of ${columns} into ${name}, came ${widthOf(x)}; use the model's own files`);
  }
  const plus = (y: Value): Value => (bias ? add(g, y, bias) : y);
  if (precision === "int8") {
    const made = shared(2, async () => toInt8(await read(), rows, columns));
    const scale = g.weight(`${name}.scale`, "f32", [rows], async () => rawBytes((await made()).scale));
    const weight = g.weight(`${name}.int8`, "i8", [columns, rows], async () => rawBytes((await made()).weight));
    return dynamicQuantizeMatMul(g, x, weight, scale, bias);
  }
  if (precision === "q8") {
    const perRow = Math.ceil(columns / BLOCK);
    const made = shared(2, async () => toBlocks(await read(), rows, columns, BLOCK));
    const scales = g.weight(`${name}.scales`, "f32", [rows * perRow], async () => rawBytes((await made()).scales));
    const blocks = g.weight(`${name}.blocks`, "u8", [rows, perRow, BLOCK], async () => rawBytes((await made()).blocks));
    return plus(matMulNBits(g, x, blocks, scales, { k: columns, n: rows, block: BLOCK }));
  }
  if (precision === "fp16") {
    const weight = g.weight(`${name}.fp16`, "f16", [columns, rows], async () =>
      rawBytes(toHalf(transposed(await read(), rows, columns))),
    );
    return plus(cast(g, matMul(g, cast(g, x, "f16"), weight), "f32"));
  }
  const weight = g.weight(`${name}.fp32`, "f32", [columns, rows], async () =>
    rawBytes(transposed(await read(), rows, columns)),
  );
  return plus(matMul(g, x, weight));
}

/** nn.Linear: `prefix.weight` [out, in] and, where there is one, `prefix.bias` [out]. */
export function linear(g: Graph, x: Value, tensors: Tensors, prefix: string, precision: Precision): Value {
  const matrix = matrixOf(tensors, `${prefix}.weight`);
  const bias = tensors.has(`${prefix}.bias`) ? vector(g, tensors, `${prefix}.bias`, matrix.rows) : null;
  return project(g, x, matrix, bias, precision);
}

/** What several convolutions of width 3 over the same tokens have in common. */
export interface Neighbours {
  readonly x: Value;
  /** [B, L, 3C], or the four transforms [B, L/2, C] of a pair of tokens. */
  readonly parts: readonly Value[];
}

/**
 * Tokens f32 [B, L, C] made ready for convolutions of width 3 with zeros past both ends. On CPUs pairs of tokens are
 * transformed so that two outputs cost four products instead of six (Winograd's F(2, 3); Lavin & Gray 2016, arXiv
 * 1509.09308), for a third more weights; GPUs get three shifted copies side by side and one product.
 */
export function neighbours(g: Graph, x: Value, precision: Precision): Neighbours {
  if (!isPaired(precision)) return { x, parts: [unfold(g, x, 3)] };
  // One zero before; two behind, for an odd number of tokens.
  const padded = pad(g, x, 1, 1, 2);
  const every = (from: number, to: number | null) => slice(g, padded, 1, from, to, `${x.dims[1]}/2`, 2);
  const [d0, d1, d2, d3] = [every(0, -3), every(1, -2), every(2, -1), every(3, null)];
  return { x, parts: [sub(g, d0, d2), add(g, d1, d2), sub(g, d2, d1), sub(g, d1, d3)] };
}

const isPaired = (precision: Precision): boolean => precision === "fp32" || precision === "int8";

/** `prefix.weight` [O, C, 3] over prepared tokens -> f32 [B, L, O]. */
export function tokenConv(
  g: Graph,
  { x, parts }: Neighbours,
  tensors: Tensors,
  prefix: string,
  precision: Precision,
): Value {
  const name = `${prefix}.weight`;
  const [rows, channels, kernel] = tensors.dims(name) as [number, number, number];
  if (kernel !== 3) throw new Error(`expected a width of 3 for ${name}, came ${kernel}; use the model's own file`);
  const bias = tensors.has(`${prefix}.bias`) ? vector(g, tensors, `${prefix}.bias`, rows) : null;
  if (!isPaired(precision)) {
    const read = async () => tapsTogether(await tensors.floats(name), rows, channels);
    return project(g, parts[0]!, { name, rows, columns: 3 * channels, read }, bias, precision);
  }
  const floats = shared(4, () => tensors.floats(name));
  const product = (i: 0 | 1 | 2 | 3) => {
    const matrix = { name: `${name}.${i}`, rows, columns: channels, read: async () => tapOf(await floats(), i) };
    return project(g, parts[i]!, matrix, null, precision);
  };
  const [m0, m1, m2, m3] = [product(0), product(1), product(2), product(3)];
  const even = add(g, m0, add(g, m1, m2));
  const odd = sub(g, sub(g, m1, m2), m3);
  const [batch, length] = x.dims;
  const pairs = concat(g, [unsqueeze(g, even, 2), unsqueeze(g, odd, 2)], 2); // [B, L/2, 2, O]
  const tokens = reshape(g, pairs, [batch!, `${length}/2*2`, rows]);
  const whole = before(g, tokens, 1, slice(g, shapeOf(g, x), 0, 1, 2), length!); // without the one that made it even
  return bias ? add(g, whole, bias) : whole;
}

/** A convolution of width 1 is a projection: `prefix.weight` [O, C, 1]. */
export function pointConv(g: Graph, x: Value, tensors: Tensors, prefix: string, precision: Precision): Value {
  const name = `${prefix}.weight`;
  const [rows, columns, kernel] = tensors.dims(name) as [number, number, number];
  if (kernel !== 1) throw new Error(`expected a width of 1 for ${name}, came ${kernel}; use the model's own file`);
  return project(g, x, { name, rows, columns, read: () => tensors.floats(name) }, null, precision);
}

/** [O, C, 3] -> [O, 3, C] */
function tapsTogether(values: Float32Array, filters: number, channels: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let o = 0; o < filters; o++) {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < 3; k++) out[(o * 3 + k) * channels + c] = values[(o * channels + c) * 3 + k]!;
    }
  }
  return out;
}

/** One of the four matrices [O, C] of F(2, 3): g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2. */
function tapOf(values: Float32Array, which: 0 | 1 | 2 | 3): Float32Array {
  const factors = [
    [1, 0, 0],
    [0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5],
    [0, 0, 1],
  ][which] as [number, number, number];
  const out = new Float32Array(values.length / 3);
  for (let i = 0; i < out.length; i++) {
    out[i] = factors[0] * values[3 * i]! + factors[1] * values[3 * i + 1]! + factors[2] * values[3 * i + 2]!;
  }
  return out;
}
