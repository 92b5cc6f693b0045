import { bytesOf, type DType, dimOf, type Graph, type Node, sizeOf } from "../../local-server/src/graph/graph.ts";
import { PRODUCTS } from "./interpret-products.ts";
import { at, broadcast, build, type Nd, nd, type OpRun, stridesOf } from "./nd.ts";

/**
 * The ops of graph/ops.ts by their definition: plain loops in double precision, one function an op, nothing fused, nothing
 * fast. What a graph means is what this computes; ONNX Runtime is held against it. Shapes that the builder declared are held
 * against those that come out.
 */
export async function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, Nd>>,
  sizes: Readonly<Record<string, number>>,
): Promise<Record<string, Nd>> {
  const values = new Map<string, Nd>();
  for (const { name } of graph.inputs) values.set(name, feeds[name]!);
  for (const weight of graph.weights) {
    values.set(weight.name, nd(weight.dims, read(await bytesOf(weight), weight.dtype), weight.dtype));
  }
  for (const node of graph.nodes) {
    const made = OPS[node.op]!(
      node.inputs.map((input) => input && values.get(input.name)!),
      plain(node),
    );
    for (const [i, output] of node.outputs.entries()) {
      const declared = output.dims.map((dim) => dimOf(dim, sizes));
      if (declared.join() !== made[i]!.dims.join() || output.dtype !== made[i]!.dtype) {
        const came = `${made[i]!.dtype} [${made[i]!.dims}]`;
        throw new Error(
          `${node.name}: the builder says ${output.dtype} [${output.dims}] = [${declared}], came ${came}`,
        );
      }
      values.set(output.name, made[i]!);
    }
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, values.get(name)!]));
}

const plain = ({ attributes }: Node): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === "object" && "float" in value ? value.float : value,
    ]),
  );

function read(bytes: Uint8Array, dtype: DType): number[] {
  const { buffer } = bytes.slice();
  if (dtype === "f32") return [...new Float32Array(buffer)];
  if (dtype === "i64") return Array.from(new BigInt64Array(buffer), Number);
  if (dtype === "i8") return [...new Int8Array(buffer)];
  if (dtype === "u8") return [...new Uint8Array(buffer)];
  throw new Error(`expected weights that the interpreter reads, came ${dtype}`);
}

// ---- one element after another ---------------------------------------------------------------------------------------------

const map =
  (of: (value: number, attributes: Record<string, unknown>) => number): OpRun =>
  ([x], attributes) => [
    nd(
      x!.dims,
      x!.data.map((value) => of(value, attributes)),
      x!.dtype,
    ),
  ];
const zip =
  (of: (a: number, b: number) => number, dtype?: DType): OpRun =>
  ([a, b]) => [build(broadcast(a!.dims, b!.dims), (place) => of(at(a!, place), at(b!, place)), dtype ?? a!.dtype)];

/** Error function to 1e-13, by its series and, far out, by its continued fraction. */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
    return 1 - Math.exp(-x * x) / ((x + fraction) * Math.sqrt(Math.PI));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const halfOf = (value: number): number => {
  if (value === 0) return value;
  const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value)))) - 10);
  const steps = value / step;
  const floor = Math.floor(steps);
  const nearest = steps - floor === 0.5 ? floor + (floor % 2) : Math.round(steps);
  return nearest * step;
};

const CODES: Record<number, DType> = { 1: "f32", 2: "u8", 3: "i8", 6: "i32", 7: "i64", 9: "bool", 10: "f16" };
const castTo = (value: number, dtype: DType): number => {
  if (dtype === "f16") return halfOf(value);
  if (dtype === "f32") return Math.fround(value);
  return dtype === "bool" ? Number(value !== 0) : Math.trunc(value);
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const sliced: OpRun = ([x, from, to, axes, steps]) => {
  const axis = axes!.data[0]!;
  const size = x!.dims[axis]!;
  const place = (value: number) => Math.max(0, Math.min(size, value < 0 ? value + size : value));
  const [start, end, step] = [place(from!.data[0]!), place(to!.data[0]!), steps?.data[0] ?? 1];
  const dims = x!.dims.map((dim, i) => (i === axis ? Math.max(0, Math.ceil((end - start) / step)) : dim));
  return [
    build(
      dims,
      (p) =>
        at(
          x!,
          p.map((k, i) => (i === axis ? start + k * step : k)),
        ),
      x!.dtype,
    ),
  ];
};

/** What ONNX (opset 18) and ONNX Runtime's ContribOperators.md say. */
export const OPS: Record<string, OpRun> = {
  Identity: map((x) => x),
  Add: zip((a, b) => a + b),
  Sub: zip((a, b) => a - b),
  Mul: zip((a, b) => a * b),
  Sin: map(Math.sin),
  Cos: map(Math.cos),
  Tanh: map(Math.tanh),
  Gelu: map((x) => (x / 2) * (1 + erf(x / Math.SQRT2))),
  FastGelu: map((x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  QuickGelu: map((x, { alpha }) => x * sigmoid((alpha as number) * x)),
  Not: map((x) => Number(x === 0)),
  Equal: zip((a, b) => Number(a === b), "bool"),
  Clip: ([x, low, high]) => [
    nd(
      x!.dims,
      x!.data.map((v) => Math.min(high!.data[0]!, Math.max(low!.data[0]!, v))),
    ),
  ],
  Cast: ([x], { to }) => {
    const dtype = CODES[to as number]!;
    return [
      nd(
        x!.dims,
        x!.data.map((value) => castTo(value, dtype)),
        dtype,
      ),
    ];
  },
  Reshape: ([x, shape]) => {
    const kept = shape!.data.map((dim, i) => (dim === 0 ? x!.dims[i]! : dim));
    const known = sizeOf(kept.filter((dim) => dim >= 0));
    return [
      nd(
        kept.map((dim) => (dim < 0 ? x!.data.length / known : dim)),
        x!.data,
        x!.dtype,
      ),
    ];
  },
  Transpose: ([x], { perm }) => {
    const order = perm as number[];
    const dims = order.map((axis) => x!.dims[axis]!);
    return [
      build(
        dims,
        (p) =>
          at(
            x!,
            x!.dims.map((_, axis) => p[order.indexOf(axis)]!),
          ),
        x!.dtype,
      ),
    ];
  },
  Concat: (parts, { axis }) => {
    const along = axis as number;
    const first = parts[0]!;
    const sizes = parts.map((part) => part!.dims[along]!);
    /** Part and place in it of each place along the axis. */
    const sources = sizes.flatMap((size, part) => Array.from({ length: size }, (_, k) => ({ part, k })));
    const dims = first.dims.with(along, sources.length);
    return [
      build(
        dims,
        (place) => {
          const { part, k } = sources[place[along]!]!;
          return at(parts[part]!, place.with(along, k));
        },
        first.dtype,
      ),
    ];
  },
  Slice: sliced,
  Split: ([x, sizes], { axis }) => {
    let from = 0;
    return sizes!.data.map((size) => {
      const start = from;
      from += size;
      const dims = x!.dims.map((dim, i) => (i === axis ? size : dim));
      return build(
        dims,
        (p) =>
          at(
            x!,
            p.map((k, i) => (i === axis ? start + k : k)),
          ),
        x!.dtype,
      );
    });
  },
  Gather: ([x, positions], { axis }) => {
    const along = axis as number;
    const rank = positions!.dims.length;
    const dims = [...x!.dims.slice(0, along), ...positions!.dims, ...x!.dims.slice(along + 1)];
    const row = (p: readonly number[]) =>
      positions!.data[stridesOf(positions!.dims).reduce((sum, stride, i) => sum + stride * p[along + i]!, 0)]!;
    return [build(dims, (p) => at(x!, [...p.slice(0, along), row(p), ...p.slice(along + rank)]), x!.dtype)];
  },
  Pad: ([x, pads]) => {
    const rank = x!.dims.length;
    const before = pads!.data.slice(0, rank);
    const dims = x!.dims.map((dim, i) => dim + before[i]! + pads!.data[rank + i]!);
    return [
      build(
        dims,
        (p) => {
          const inside = p.map((k, i) => k - before[i]!);
          return inside.every((k, i) => k >= 0 && k < x!.dims[i]!) ? at(x!, inside) : 0;
        },
        x!.dtype,
      ),
    ];
  },
  Unsqueeze: ([x, axes]) => [nd(x!.dims.toSpliced(axes!.data[0]!, 0, 1), x!.data, x!.dtype)],
  Squeeze: ([x, axes]) => [nd(x!.dims.toSpliced(axes!.data[0]!, 1), x!.data, x!.dtype)],
  Shape: ([x]) => [nd([x!.dims.length], x!.dims, "i64")],
  Expand: ([x, shape]) => [build(broadcast(x!.dims, shape!.data), (place) => at(x!, place), x!.dtype)],
  CumSum: ([x, axis]) => {
    const along = axis!.data[0]!;
    const upTo = (p: readonly number[]) =>
      Array.from({ length: p[along]! + 1 }, (_, k) => at(x!, p.with(along, k))).reduce((a, b) => a + b);
    return [build(x!.dims, upTo, x!.dtype)];
  },
  ...PRODUCTS,
};
