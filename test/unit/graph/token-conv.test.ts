import { expect, test } from "vitest";
import { gflopOf } from "../../../local-server/src/graph/cost.ts";
import { createGraph, dimOf, saveInline, type Tensors } from "../../../local-server/src/graph/graph.ts";
import { neighbours, type Precision, tokenConv } from "../../../local-server/src/graph/linear.ts";
import { openSession } from "../../../local-server/src/onnx/session.ts";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { createRandom } from "../../../local-server/src/random.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";

const [FILTERS, CHANNELS] = [48, 64];
const random = createRandom(11);
const floats = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const filters = floats(FILTERS * CHANNELS * 3).map((value) => value / Math.sqrt(3 * CHANNELS));
const bias = floats(FILTERS);

const tensors: Tensors = {
  names: () => ["conv.weight", "conv.bias"],
  has: (name) => name === "conv.weight" || name === "conv.bias",
  dims: (name) => (name === "conv.bias" ? [FILTERS] : [FILTERS, CHANNELS, 3]),
  floats: async (name) => (name === "conv.bias" ? bias : filters),
};

function graphOf(precision: Precision) {
  const g = createGraph("conv");
  g.output(
    tokenConv(g, neighbours(g, g.input("x", "f32", ["B", "L", CHANNELS]), precision), tensors, "conv", precision),
    "y",
  );
  return g;
}

/** Every output by the definition of a convolution of width 3 with zeros past both ends. */
function byDefinition(x: Float32Array, batch: number, length: number): Float64Array {
  const out = new Float64Array(batch * length * FILTERS);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < length; t++) {
      for (let o = 0; o < FILTERS; o++) {
        let sum = bias[o]!;
        for (let k = 0; k < 3; k++) {
          const from = t + k - 1;
          if (from < 0 || from >= length) continue;
          for (let c = 0; c < CHANNELS; c++) {
            sum += filters[(o * CHANNELS + c) * 3 + k]! * x[(b * length + from) * CHANNELS + c]!;
          }
        }
        out[(b * length + t) * FILTERS + o] = sum;
      }
    }
  }
  return out;
}

/** Root of the mean square of the difference, over that of the values. */
function relativeError(made: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [apart, size] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    apart += (made[i]! - wanted[i]!) ** 2;
    size += wanted[i]! ** 2;
  }
  return Math.sqrt(apart / size);
}

const LIMITS: Record<Precision, number> = { fp32: 1e-6, int8: 0.02, fp16: 1e-3, q8: 0.01 };

test.each(Object.entries(LIMITS) as [Precision, number][])(
  "a convolution over tokens, %s",
  async (precision, limit) => {
    await using session = await openSession([{ provider: "cpu", graph: await saveInline(graphOf(precision)) }], 1);
    // One token, an even number, an odd one.
    for (const length of [1, 2, 12, 33]) {
      const x = floats(2 * length * CHANNELS);
      const { y } = await session.run({ x: tensor(x, [2, length, CHANNELS]) });
      expect(y!.dims).toEqual([2, length, FILTERS]);
      expect(relativeError(y!.data, byDefinition(x, 2, length))).toBeLessThan(limit);
    }
  },
);

test("on CPUs it costs two thirds of the products, and the count says so", () => {
  const sizes = { B: 2, L: 400 };
  const direct = (2 * 2 * 400 * FILTERS * CHANNELS * 3) / 1e9;
  expect(gflopOf(graphOf("fp16"), sizes)).toBeCloseTo(direct, 9);
  expect(gflopOf(graphOf("fp32"), sizes)).toBeCloseTo((2 / 3) * direct, 9);
});

test("dims are worked out from names: sums of products and quotients, rounded up", () => {
  const sizes = { L: 7, T: 3 };
  expect(["L", "L+T", "L/2", "L/2*2", "T*5", "L+2"].map((dim) => dimOf(dim, sizes))).toEqual([7, 10, 4, 8, 15, 9]);
  expect(dimOf(12, {})).toBe(12);
  expect(() => dimOf("X", sizes)).toThrow(/a size for X/);
});
