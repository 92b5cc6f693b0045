import { type Graph, sizeOf, type Tensors, type Value } from "./graph.ts";
import { add, cast, dynamicQuantizeMatMul, matMul, matMulNBits, unfold, widthOf } from "./ops.ts";
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

/** Two weights are made from one reading of a tensor; when both were asked for, it is let go. */
function twice<T>(make: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => {
    const value = kept ?? make();
    kept = kept ? null : value;
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
    const made = twice(async () => toInt8(await read(), rows, columns));
    const scale = g.weight(`${name}.scale`, "f32", [rows], async () => rawBytes((await made()).scale));
    const weight = g.weight(`${name}.int8`, "i8", [columns, rows], async () => rawBytes((await made()).weight));
    return dynamicQuantizeMatMul(g, x, weight, scale, bias);
  }
  if (precision === "q8") {
    const perRow = Math.ceil(columns / BLOCK);
    const made = twice(async () => toBlocks(await read(), rows, columns, BLOCK));
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

/**
 * A convolution of width 3 over tokens, x f32 [B, L, C] with zeros at both ends -> [B, L, O], as three shifted copies side
 * by side times one matrix: quicker than Conv on CPUs, and it quantises. `prefix.weight` [O, C, K], K 1 or 3.
 */
export function tokenConv(g: Graph, x: Value, tensors: Tensors, prefix: string, precision: Precision): Value {
  const name = `${prefix}.weight`;
  const [filters, channels, kernel] = tensors.dims(name) as [number, number, number];
  const bias = tensors.has(`${prefix}.bias`) ? vector(g, tensors, `${prefix}.bias`, filters) : null;
  const matrix: Matrix = {
    name,
    rows: filters,
    columns: channels * kernel,
    read: async () => tapsTogether(await tensors.floats(name), filters, channels, kernel),
  };
  return project(g, kernel === 1 ? x : unfold(g, x, kernel), matrix, bias, precision);
}

/** [O, C, K] -> [O, K, C] */
function tapsTogether(values: Float32Array, filters: number, channels: number, kernel: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let o = 0; o < filters; o++) {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < kernel; k++) out[(o * kernel + k) * channels + c] = values[(o * channels + c) * kernel + k]!;
    }
  }
  return out;
}
