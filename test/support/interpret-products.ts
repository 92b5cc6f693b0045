import { sizeOf } from "../../local-server/src/graph/graph.ts";
import { at, broadcast, build, type Nd, nd, type OpRun, stridesOf } from "./nd.ts";

/** Norms, products, convolutions and attention by their definition; see interpret.ts. */

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const times = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));

/** Each row of the last axis by itself. */
function rows({ dims, data }: Nd, of: (row: readonly number[]) => readonly number[]): Nd {
  const width = dims.at(-1)!;
  return nd(
    dims,
    times(data.length / width, (r) => r).flatMap((r) => of(data.slice(r * width, (r + 1) * width))),
  );
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  return powers.map((power) => power / sum(powers));
}

/** [B, S, H D] or [B, H, S, D] -> element of a head. */
const headed =
  (x: Nd, heads: number) =>
  (b: number, h: number, s: number, d: number): number => {
    if (x.dims.length === 4) return at(x, [b, h, s, d]);
    return at(x, [b, s, h * (x.dims[2]! / heads) + d]);
  };

function convolved(x: Nd, weight: Nd, bias: Nd | null, attributes: Record<string, unknown>): Nd {
  const {
    strides,
    pads,
    dilations,
    group,
    kernel_shape: kernel,
  } = attributes as Record<string, number[]> & {
    group: number;
  };
  const space = kernel!.length;
  const [batch, , ...sizes] = x.dims as [number, number, ...number[]];
  const [filters, perGroup] = weight.dims as [number, number];
  const out = sizes.map((size, i) => {
    const reach = dilations![i]! * (kernel![i]! - 1) + 1;
    return Math.floor((size + pads![i]! + pads![space + i]! - reach) / strides![i]!) + 1;
  });
  return build([batch, filters, ...out], ([b, o, ...place]) => {
    const firstChannel = Math.floor(o! / (filters / group)) * perGroup;
    let total = bias ? bias.data[o!]! : 0;
    for (let c = 0; c < perGroup; c++) {
      for (let k = 0; k < sizeOf(kernel!); k++) {
        const tap = stridesOf(kernel!).map((stride, i) => Math.floor(k / stride) % kernel![i]!);
        const from = place.map((p, i) => p * strides![i]! - pads![i]! + tap[i]! * dilations![i]!);
        if (from.every((p, i) => p >= 0 && p < sizes[i]!)) {
          total += at(x, [b!, firstChannel + c, ...from]) * at(weight, [o!, c, ...tap]);
        }
      }
    }
    return total;
  });
}

function transposedConv(x: Nd, weight: Nd, bias: Nd | null, attributes: Record<string, unknown>): Nd {
  const { strides, pads, output_padding: more } = attributes as Record<string, number[]>;
  const [batch, channels, length] = x.dims as [number, number, number];
  const [, filters, kernel] = weight.dims as [number, number, number];
  const out = (length - 1) * strides![0]! + kernel - pads![0]! - pads![1]! + more![0]!;
  return build([batch, filters, out], ([b, o, place]) => {
    let total = bias ? bias.data[o!]! : 0;
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < length; i++) {
        const tap = place! + pads![0]! - i * strides![0]!;
        if (tap >= 0 && tap < kernel) total += at(x, [b!, c, i]) * at(weight, [c, o!, tap]);
      }
    }
    return total;
  });
}

function product(a: Nd, b: Nd): Nd {
  const [inner, columns] = b.dims.slice(-2) as [number, number];
  const batch = broadcast(a.dims.slice(0, -2), b.dims.slice(0, -2));
  return build(
    [...batch, a.dims.at(-2)!, columns],
    (place) => {
      const [head, row, column] = [place.slice(0, -2), place.at(-2)!, place.at(-1)!];
      return sum(times(inner, (k) => at(a, [...head, row, k]) * at(b, [...head, k, column])));
    },
    a.dtype,
  );
}

export const PRODUCTS: Record<string, OpRun> = {
  LayerNormalization: ([x, scale, bias], { epsilon }) => [
    rows(x!, (row) => {
      const mean = sum(row) / row.length;
      const spread = Math.sqrt(sum(row.map((v) => (v - mean) ** 2)) / row.length + (epsilon as number));
      return row.map((v, i) => ((v - mean) / spread) * scale!.data[i]! + (bias ? bias.data[i]! : 0));
    }),
  ],
  SimplifiedLayerNormalization: ([x, scale], { epsilon }) => [
    rows(x!, (row) => {
      const rms = Math.sqrt(sum(row.map((v) => v * v)) / row.length + (epsilon as number));
      return row.map((v, i) => (v / rms) * scale!.data[i]!);
    }),
  ],
  MatMul: ([a, b]) => [product(a!, b!)],
  // x becomes 256 steps between its smallest and largest value, zero among them, for the whole tensor.
  DynamicQuantizeMatMul: ([x, weight, scale, , bias]) => {
    const low = Math.min(0, ...x!.data);
    const step = (Math.max(0, ...x!.data) - low) / 255;
    const zero = Math.round(-low / step);
    const quantised = nd(
      x!.dims,
      x!.data.map((v) => Math.max(0, Math.min(255, Math.round(v / step) + zero)) - zero),
    );
    const whole = product(quantised, weight!);
    const columns = weight!.dims[1]!;
    return [
      nd(
        whole.dims,
        whole.data.map((v, i) => v * step * scale!.data[i % columns]! + (bias?.data[i % columns] ?? 0)),
      ),
    ];
  },
  MatMulNBits: ([x, blocks, scales], attributes) => {
    const { K, N, block_size: size } = attributes as Record<string, number>;
    const perRow = blocks!.dims[1]!;
    const weight = build([K!, N!], ([k, n]) => {
      const block = n! * perRow + Math.floor(k! / size!);
      return (blocks!.data[block * size! + (k! % size!)]! - 128) * scales!.data[block]!;
    });
    return [product(x!, weight)];
  },
  Conv: ([x, weight, bias], attributes) => [convolved(x!, weight!, bias ?? null, attributes)],
  ConvTranspose: ([x, weight, bias], attributes) => [transposedConv(x!, weight!, bias ?? null, attributes)],
  MultiHeadAttention: ([q, k, v, , mask], { num_heads }) => {
    const heads = num_heads as number;
    const [batch, length, width] = q!.dims as [number, number, number];
    const depth = width / heads;
    const keys = k!.dims.length === 4 ? k!.dims[2]! : k!.dims[1]!;
    const [queryAt, keyAt, valueAt] = [headed(q!, heads), headed(k!, heads), headed(v!, heads)];
    const heard = new Map<string, number[]>();
    return [
      build([batch, length, width], ([b, s, c]) => {
        const h = Math.floor(c! / depth);
        const key = `${b} ${h} ${s}`;
        let weights = heard.get(key);
        if (!weights) {
          const score = (t: number) =>
            mask && mask.data[b! * keys + t] === 0
              ? Number.NEGATIVE_INFINITY
              : sum(times(depth, (d) => queryAt(b!, h, s!, d) * keyAt(b!, h, t, d))) / Math.sqrt(depth);
          weights = softmax(times(keys, score));
          heard.set(key, weights);
        }
        return sum(weights.map((weight, t) => weight * valueAt(b!, h, t, c! % depth)));
      }),
    ];
  },
  RotaryEmbedding: ([x, positions, cos, sin], { num_heads }) => {
    const heads = (num_heads as number | undefined) ?? x!.dims[1]!;
    const isFlat = x!.dims.length === 3;
    const depth = isFlat ? x!.dims[2]! / heads : x!.dims[3]!;
    const value = headed(x!, heads);
    return [
      build(x!.dims, (place) => {
        const [b, h, s, d] = isFlat
          ? [place[0]!, Math.floor(place[2]! / depth), place[1]!, place[2]! % depth]
          : (place as [number, number, number, number]);
        const row = positions!.data.length === 1 ? positions!.data[0]! + s : at(positions!, [b, s]);
        const pair = Math.floor(d / 2);
        const [c, t] = [at(cos!, [row, pair]), at(sin!, [row, pair])];
        const [first, second] = [value(b, h, s, 2 * pair), value(b, h, s, 2 * pair + 1)];
        return d % 2 === 0 ? first * c - second * t : first * t + second * c;
      }),
    ];
  },
};
