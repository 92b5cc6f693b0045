import { type Dim, type DType, type Graph, sizeOf, type Value } from "./graph.ts";

/**
 * Every op that our networks use, one function each; shapes and types are checked while building. Names are ONNX's own.
 * Sources: onnx.ai/onnx/operators (opset 18), ONNX Runtime docs/ContribOperators.md (com.microsoft).
 */

// ---- 1. shapes ---------------------------------------------------------------------------------------------------------

const fail = (what: string, expected: string, came: string): never => {
  throw new Error(`${what}: expected ${expected}, came ${came}; check the shapes where the network is built`);
};
const show = (...values: readonly Value[]): string =>
  values.map(({ dtype, dims }) => `${dtype} [${dims}]`).join(" and ");

function broadcast(op: string, a: Value, b: Value): Dim[] {
  if (a.dtype !== b.dtype) fail(op, "one type", show(a, b));
  const rank = Math.max(a.dims.length, b.dims.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a.dims[i - rank + a.dims.length] ?? 1;
    const right = b.dims[i - rank + b.dims.length] ?? 1;
    if (left === right || right === 1) return left;
    return left === 1 ? right : fail(op, "shapes that broadcast", show(a, b));
  });
}

const axisOf = (op: string, { dims }: Value, axis: number): number => {
  const at = axis < 0 ? axis + dims.length : axis;
  return at >= 0 && at < dims.length ? at : fail(op, `an axis of [${dims}]`, String(axis));
};
const replaced = (dims: readonly Dim[], axis: number, dim: Dim): Dim[] =>
  dims.map((old, i) => (i === axis ? dim : old));
const indices = (g: Graph, values: readonly number[]): Value => g.constant(BigInt64Array.from(values, BigInt));
/** "L" and "T" -> "L+T"; numbers add up. */
const sum = (a: Dim, b: Dim): Dim => (typeof a === "number" && typeof b === "number" ? a + b : `${a}+${b}`);
export const widthOf = (value: Value): number => {
  const last = value.dims.at(-1);
  return typeof last === "number" ? last : fail("width", "a known last dimension", show(value));
};

// ---- 2. element by element ---------------------------------------------------------------------------------------------

const unary =
  (op: string, domain: "" | "com.microsoft" = "", attributes = {}) =>
  (g: Graph, x: Value): Value =>
    g.node(op, [x], [x], attributes, domain)[0]!;
const binary =
  (op: string) =>
  (g: Graph, a: Value, b: Value): Value =>
    g.node(op, [a, b], [{ dtype: a.dtype, dims: broadcast(op, a, b) }])[0]!;

export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const div = binary("Div");
/** The rest of a division, of the dividend's sign. */
export const mod = (g: Graph, a: Value, b: Value): Value =>
  g.node("Mod", [a, b], [{ dtype: a.dtype, dims: broadcast("Mod", a, b) }], { fmod: 1 })[0]!;
export const sin = unary("Sin");
export const cos = unary("Cos");
export const tanh = unary("Tanh");
export const relu = unary("Relu");
export const sigmoid = unary("Sigmoid");
export const abs = unary("Abs");
export const sqrt = unary("Sqrt");
export const exp = unary("Exp");
export const log = unary("Log");
/** x Φ(x), by erf. */
export const gelu = unary("Gelu", "com.microsoft");
/** Gelu by tanh. */
export const geluTanh = unary("FastGelu", "com.microsoft");
/** x σ(x), one kernel. */
export const silu = unary("QuickGelu", "com.microsoft", { alpha: { float: 1 } });
export const not = unary("Not");
export const equal = (g: Graph, a: Value, b: Value): Value =>
  g.node("Equal", [a, b], [{ dtype: "bool", dims: broadcast("Equal", a, b) }])[0]!;
export const greater = (g: Graph, a: Value, b: Value): Value =>
  g.node("Greater", [a, b], [{ dtype: "bool", dims: broadcast("Greater", a, b) }])[0]!;
export const atLeast = (g: Graph, x: Value, low: number): Value => g.node("Clip", [x, g.constant(low)], [x])[0]!;
export const atMost = (g: Graph, x: Value, high: number): Value => g.node("Clip", [x, null, g.constant(high)], [x])[0]!;
export const clip = (g: Graph, x: Value, low: number, high: number): Value =>
  g.node("Clip", [x, g.constant(low), g.constant(high)], [x])[0]!;
export const cast = (g: Graph, x: Value, dtype: DType): Value =>
  x.dtype === dtype ? x : g.node("Cast", [x], [{ dtype, dims: x.dims }], { to: CAST_CODES[dtype] })[0]!;
const CAST_CODES: Record<DType, number> = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10 };

// ---- 3. moving -----------------------------------------------------------------------------------------------------------

/** New dims; a name must stand where it stood, or be the only one that is worked out from the rest. */
export function reshape(g: Graph, x: Value, dims: readonly Dim[]): Value {
  const known = (all: readonly Dim[]) => sizeOf(all.filter((dim) => typeof dim === "number"));
  const same = dims.join() === x.dims.join();
  if (same) return x;
  let inferred = 0;
  const target = dims.map((dim, i) => {
    if (typeof dim === "number") return dim;
    if (dim === x.dims[i]) return 0;
    inferred++;
    return -1;
  });
  if (inferred > 1) fail("Reshape", "at most one moved name", `[${x.dims}] to [${dims}]`);
  const names = (all: readonly Dim[]) => all.filter((dim) => typeof dim === "string").join();
  if (names(dims) === names(x.dims) && known(dims) !== known(x.dims)) {
    fail("Reshape", `${known(x.dims)} elements`, `[${x.dims}] to [${dims}]`);
  }
  return g.node("Reshape", [x, indices(g, target)], [{ dtype: x.dtype, dims }])[0]!;
}

export function transpose(g: Graph, x: Value, perm: readonly number[]): Value {
  if ([...perm].sort((a, b) => a - b).some((axis, i) => axis !== i) || perm.length !== x.dims.length) {
    fail("Transpose", `an order of [${x.dims}]`, `[${perm}]`);
  }
  return g.node("Transpose", [x], [{ dtype: x.dtype, dims: perm.map((axis) => x.dims[axis]!) }], { perm })[0]!;
}

export function concat(g: Graph, values: readonly Value[], axis: number): Value {
  const [first, ...rest] = values;
  const at = axisOf("Concat", first!, axis);
  for (const other of rest) {
    const alike =
      other.dims.length === first!.dims.length && other.dims.every((dim, i) => i === at || dim === first!.dims[i]);
    if (!alike || other.dtype !== first!.dtype) fail("Concat", `shapes equal but for axis ${at}`, show(...values));
  }
  const dim = values.map(({ dims }) => dims[at]!).reduce(sum);
  return g.node("Concat", values, [{ dtype: first!.dtype, dims: replaced(first!.dims, at, dim) }], { axis: at })[0]!;
}

/** [from, to) of an axis; `to` null: to its end. `dim` names the result's size where it cannot be worked out. */
export function slice(g: Graph, x: Value, axis: number, from: number, to: number | null, dim?: Dim, step = 1): Value {
  const at = axisOf("Slice", x, axis);
  const size = x.dims[at]!;
  const end = to ?? Number.MAX_SAFE_INTEGER;
  const counted =
    typeof size === "number"
      ? Math.ceil((Math.min(end < 0 ? end + size : end, size) - (from < 0 ? from + size : from)) / step)
      : to !== null && from >= 0 && to > from
        ? Math.ceil((to - from) / step)
        : undefined;
  const wanted = dim ?? counted ?? fail("Slice", "the size of what is left", `[${x.dims}] from ${from} to ${to}`);
  const operands = [x, ...[from, end, at, step].map((value) => indices(g, [value]))];
  return g.node("Slice", operands, [{ dtype: x.dtype, dims: replaced(x.dims, at, wanted) }])[0]!;
}

/** What lies before a place of an axis that is known at run time (i64 [1]); `dim` names its size. */
export const before = (g: Graph, x: Value, axis: number, place: Value, dim: Dim): Value =>
  cut(g, x, axis, indices(g, [0]), place, dim);
/** What lies behind it. */
export const behind = (g: Graph, x: Value, axis: number, place: Value, dim: Dim): Value =>
  cut(g, x, axis, place, indices(g, [Number.MAX_SAFE_INTEGER]), dim);

function cut(g: Graph, x: Value, axis: number, from: Value, to: Value, dim: Dim): Value {
  const at = axisOf("Slice", x, axis);
  if (from.dtype !== "i64" || to.dtype !== "i64") fail("Slice", "i64 places", show(from, to));
  return g.node("Slice", [x, from, to, indices(g, [at])], [{ dtype: x.dtype, dims: replaced(x.dims, at, dim) }])[0]!;
}

export function split(g: Graph, x: Value, sizes: readonly number[], axis: number): Value[] {
  const at = axisOf("Split", x, axis);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (x.dims[at] !== total) fail("Split", `${total} on axis ${at}`, show(x));
  const shapes = sizes.map((size) => ({ dtype: x.dtype, dims: replaced(x.dims, at, size) }));
  return g.node("Split", [x, indices(g, sizes)], shapes, { axis: at });
}

/** Rows of `x` along an axis, by i64 `positions` of any rank. */
export function gather(g: Graph, x: Value, positions: Value, axis: number): Value {
  const at = axisOf("Gather", x, axis);
  if (positions.dtype !== "i64") fail("Gather", "i64 positions", show(positions));
  const dims = [...x.dims.slice(0, at), ...positions.dims, ...x.dims.slice(at + 1)];
  return g.node("Gather", [x, positions], [{ dtype: x.dtype, dims }], { axis: at })[0]!;
}

/** `before`/`after` zeros on one axis; `dim` names the result's size where the axis is a name. */
export function pad(g: Graph, x: Value, axis: number, before: number, after: number, dim?: Dim): Value {
  const at = axisOf("Pad", x, axis);
  const size = x.dims[at]!;
  const wanted = dim ?? (typeof size === "number" ? size + before + after : sum(size, before + after));
  const pads = [...x.dims.map((_, i) => (i === at ? before : 0)), ...x.dims.map((_, i) => (i === at ? after : 0))];
  return g.node("Pad", [x, indices(g, pads)], [{ dtype: x.dtype, dims: replaced(x.dims, at, wanted) }], {
    mode: "constant",
  })[0]!;
}

export function unsqueeze(g: Graph, x: Value, axis: number): Value {
  const dims = [...x.dims.slice(0, axis), 1, ...x.dims.slice(axis)];
  return g.node("Unsqueeze", [x, indices(g, [axis])], [{ dtype: x.dtype, dims }])[0]!;
}

export function squeeze(g: Graph, x: Value, axis: number): Value {
  if (x.dims[axis] !== 1) fail("Squeeze", `1 on axis ${axis}`, show(x));
  return g.node("Squeeze", [x, indices(g, [axis])], [{ dtype: x.dtype, dims: x.dims.toSpliced(axis, 1) }])[0]!;
}

/** Sizes at run time, i64 [rank]. */
export const shapeOf = (g: Graph, x: Value): Value =>
  g.node("Shape", [x], [{ dtype: "i64", dims: [x.dims.length] }])[0]!;

/** Repeats along axes of size 1 up to `dims`, whose sizes `shape` (i64 [rank]) gives at run time. */
export const expand = (g: Graph, x: Value, shape: Value, dims: readonly Dim[]): Value =>
  g.node("Expand", [x, shape], [{ dtype: x.dtype, dims }])[0]!;

/** x [B, L, C] -> [B, L, kernel C]: each token between its neighbours, zeros past both ends. */
export function unfold(g: Graph, x: Value, kernel: number): Value {
  const around = (kernel - 1) / 2;
  const padded = pad(g, x, 1, around, around);
  const shifted = Array.from({ length: kernel }, (_, k) =>
    slice(g, padded, 1, k, k === kernel - 1 ? null : k + 1 - kernel, x.dims[1]!),
  );
  return concat(g, shifted, 2);
}

// ---- 4. sums and norms -----------------------------------------------------------------------------------------------------

export const cumSum = (g: Graph, x: Value, axis: number): Value =>
  g.node("CumSum", [x, g.constant(BigInt64Array.of(BigInt(axisOf("CumSum", x, axis))), [])], [x])[0]!;

/** Over some axes, which go. */
const reduce =
  (op: string) =>
  (g: Graph, x: Value, axes: readonly number[]): Value => {
    const gone = axes.map((axis) => axisOf(op, x, axis));
    const dims = x.dims.filter((_, i) => !gone.includes(i));
    return g.node(op, [x, indices(g, gone)], [{ dtype: x.dtype, dims }], { keepdims: 0 })[0]!;
  };
export const reduceMean = reduce("ReduceMean");
export const reduceMax = reduce("ReduceMax");
export const reduceSum = reduce("ReduceSum");
export const reduceLogSumExp = reduce("ReduceLogSumExp");
/** Over the last axis. */
export const softmax = unary("Softmax", "", { axis: -1 });

/** Means of windows over x [B, C, ...]; `dims` names the result's space. */
export function averagePool(
  g: Graph,
  x: Value,
  kernel: readonly number[],
  strides: readonly number[],
  dims: readonly Dim[],
): Value {
  const attributes = { kernel_shape: kernel, strides };
  return g.node("AveragePool", [x], [{ dtype: x.dtype, dims: [...x.dims.slice(0, 2), ...dims] }], attributes)[0]!;
}

/** Real x [B, S, 1] in windows [N] every `step` samples -> [B, frames, N/2+1, 2]; `frames` names how many. */
export function stft(g: Graph, x: Value, step: number, window: Value, frames: Dim): Value {
  const dims = [x.dims[0]!, frames, Math.floor(widthOf(window) / 2) + 1, 2];
  const size = g.constant(BigInt64Array.of(BigInt(step)), []);
  return g.node("STFT", [x, size, window], [{ dtype: x.dtype, dims }], { onesided: 1 })[0]!;
}

const ones = (g: Graph, width: number): Value => g.constant(new Float32Array(width).fill(1));

/** Over the last axis; scale and bias [width], or none. */
export function layerNorm(g: Graph, x: Value, scale: Value | null, bias: Value | null, epsilon: number): Value {
  const weight = scale ?? ones(g, widthOf(x));
  return g.node("LayerNormalization", [x, weight, ...(bias ? [bias] : [])], [x], {
    axis: -1,
    epsilon: { float: epsilon },
  })[0]!;
}

/** x / rms(x) scale, over the last axis. */
export const rmsNorm = (g: Graph, x: Value, scale: Value | null, epsilon: number): Value =>
  g.node("SimplifiedLayerNormalization", [x, scale ?? ones(g, widthOf(x))], [x], {
    axis: -1,
    epsilon: { float: epsilon },
  })[0]!;

// ---- 5. products -------------------------------------------------------------------------------------------------------------

/** [..., M, K] x [..., K, N] */
export function matMul(g: Graph, a: Value, b: Value): Value {
  const inner = a.dims.at(-1);
  if (inner !== b.dims.at(-2) || a.dtype !== b.dtype)
    fail("MatMul", "[..., M, K] and [..., K, N] of one type", show(a, b));
  const batch = broadcast("MatMul", { ...a, dims: a.dims.slice(0, -2) }, { ...b, dims: b.dims.slice(0, -2) });
  return g.node("MatMul", [a, b], [{ dtype: a.dtype, dims: [...batch, a.dims.at(-2)!, b.dims.at(-1)!] }])[0]!;
}

/** x f32 [..., K] times i8 weights [K, N] with a scale a column: x is quantised on the fly. CPU only. */
export function dynamicQuantizeMatMul(g: Graph, x: Value, weight: Value, scale: Value, bias: Value | null): Value {
  const [rows, columns] = weight.dims as [number, number];
  if (widthOf(x) !== rows || scale.dims[0] !== columns)
    fail("DynamicQuantizeMatMul", `[..., ${rows}]`, show(x, weight, scale));
  const dims = [...x.dims.slice(0, -1), columns];
  return g.node(
    "DynamicQuantizeMatMul",
    [x, weight, scale, null, bias],
    [{ dtype: "f32", dims }],
    {},
    "com.microsoft",
  )[0]!;
}

/** x [..., K] times N rows of 8-bit blocks u8 [N, K/block, block] with scales [N * K/block]. */
export function matMulNBits(
  g: Graph,
  x: Value,
  blocks: Value,
  scales: Value,
  sizes: { readonly k: number; readonly n: number; readonly block: number },
): Value {
  if (widthOf(x) !== sizes.k) fail("MatMulNBits", `[..., ${sizes.k}]`, show(x));
  const attributes = { K: sizes.k, N: sizes.n, bits: 8, block_size: sizes.block };
  const dims = [...x.dims.slice(0, -1), sizes.n];
  return g.node("MatMulNBits", [x, blocks, scales], [{ dtype: x.dtype, dims }], attributes, "com.microsoft")[0]!;
}

export interface ConvOptions {
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly group?: number;
}

/** x [B, C, ...], weight [O, C/group, ...]; `dims` of the result's space where it is a name. */
export function conv(
  g: Graph,
  x: Value,
  weight: Value,
  bias: Value | null,
  options: ConvOptions = {},
  dims?: readonly Dim[],
): Value {
  const kernel = weight.dims.slice(2) as number[];
  const group = options.group ?? 1;
  const strides = options.strides ?? kernel.map(() => 1);
  const dilations = options.dilations ?? kernel.map(() => 1);
  const pads = options.pads ?? [...kernel, ...kernel].map(() => 0);
  if (x.dims[1] !== (weight.dims[1] as number) * group) fail("Conv", "channels that agree", show(x, weight));
  const space = kernel.map((size, i): Dim => {
    const length = x.dims[2 + i]!;
    const around = pads[i]! + pads[i + kernel.length]! - dilations[i]! * (size - 1) - 1;
    if (typeof length === "number") return Math.floor((length + around) / strides[i]!) + 1;
    if (strides[i] === 1 && around === -1) return length;
    return dims?.[i] ?? fail("Conv", "the size of its result", show(x, weight));
  });
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group };
  const out = [x.dims[0]!, weight.dims[0]!, ...space];
  return g.node("Conv", [x, weight, ...(bias ? [bias] : [])], [{ dtype: x.dtype, dims: out }], attributes)[0]!;
}

/** x [B, C, L], weight [C, O, K] -> [B, O, (L - 1) stride + K - pads]; `dim` names that length where L is a name. */
export function convTranspose(
  g: Graph,
  x: Value,
  weight: Value,
  bias: Value | null,
  options: { readonly stride: number; readonly pads: readonly [number, number]; readonly outputPadding?: number },
  dim?: Dim,
): Value {
  const [channels, filters, kernel] = weight.dims as [number, number, number];
  const { stride, pads, outputPadding = 0 } = options;
  if (x.dims[1] !== channels) fail("ConvTranspose", "channels that agree", show(x, weight));
  const length = x.dims[2]!;
  const out =
    typeof length === "number"
      ? (length - 1) * stride + kernel - pads[0] - pads[1] + outputPadding
      : (dim ?? fail("ConvTranspose", "the length of its result", show(x, weight)));
  const attributes = { kernel_shape: [kernel], strides: [stride], pads, output_padding: [outputPadding] };
  const shape = { dtype: x.dtype, dims: [x.dims[0]!, filters, out] };
  return g.node("ConvTranspose", [x, weight, ...(bias ? [bias] : [])], [shape], attributes)[0]!;
}

// ---- 6. attention --------------------------------------------------------------------------------------------------------------

/**
 * Softmax(q kᵀ / √d) v by heads: q [B, S, H D], k and v [B, T, H D] (or [B, H, T, D]) -> [B, S, H D]. `mask` i32 [B, T]: 0 hides a key.
 */
export function attention(g: Graph, q: Value, k: Value, v: Value, heads: number, mask: Value | null = null): Value {
  if (widthOf(q) % heads !== 0) fail("MultiHeadAttention", `a width that ${heads} heads divide`, show(q));
  const operands = [q, k, v, ...(mask ? [null, mask] : [])];
  return g.node("MultiHeadAttention", operands, [q], { num_heads: heads }, "com.microsoft")[0]!;
}

/**
 * Rotary positions on x [B, S, H D] or [B, H, S, D]: pairs (0,1), (2,3), … are turned (interleaved), row `positions` (i64 [B, S]) of
 * cos and sin [rows, D/2].
 */
export function rotary(g: Graph, x: Value, positions: Value, cos: Value, sinTable: Value, heads: number): Value {
  const attributes = { interleaved: 1, ...(x.dims.length === 3 ? { num_heads: heads } : {}) };
  return g.node("RotaryEmbedding", [x, positions, cos, sinTable], [x], attributes, "com.microsoft")[0]!;
}
