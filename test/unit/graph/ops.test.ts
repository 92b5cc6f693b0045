import { describe, expect, test } from "vitest";
import { createGraph, dimOf, type Graph, saveInline, type Value } from "../../../local-server/src/graph/graph.ts";
import * as op from "../../../local-server/src/graph/ops.ts";
import { toBlocks, toInt8 } from "../../../local-server/src/graph/quantize.ts";
import { openSession } from "../../../local-server/src/onnx/session.ts";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { createRandom } from "../../../local-server/src/random.ts";
import { interpret, OPS } from "../../support/interpret.ts";
import { nd } from "../../support/nd.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";

const SIZES = { B: 2, L: 5, S: 3 };
const bytes = (view: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const random = createRandom(5);
const floats = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const weight = (g: Graph, name: string, dims: number[]): Value => {
  const values = floats(dims.reduce((a, b) => a * b, 1));
  return g.weight(name, "f32", dims, async () => bytes(values));
};
const f = (g: Graph, ...dims: (number | string)[]): Value => g.input(`x${g.inputs.length}`, "f32", dims);
const whole = (g: Graph, values: number[], dims = [values.length]): Value =>
  g.constant(BigInt64Array.from(values, BigInt), dims);
const asFloat = (g: Graph, x: Value): Value => op.cast(g, x, "f32");

/** Each op in a graph of its own: what ONNX Runtime computes is what the definition says. */
const CASES: Record<string, (g: Graph) => Value> = {
  "add, of shapes that broadcast": (g) => op.add(g, f(g, "B", "L", 4), f(g, "L", 1)),
  sub: (g) => op.sub(g, f(g, "B", 4), f(g, 4)),
  mul: (g) => op.mul(g, f(g, "L", 4), g.constant(2.5)),
  sin: (g) => op.sin(g, f(g, "L", 3)),
  cos: (g) => op.cos(g, f(g, "L", 3)),
  tanh: (g) => op.tanh(g, f(g, "L", 3)),
  gelu: (g) => op.gelu(g, op.mul(g, f(g, "L", 40), g.constant(3))),
  geluTanh: (g) => op.geluTanh(g, f(g, "L", 40)),
  silu: (g) => op.silu(g, f(g, "L", 40)),
  "equal, not": (g) => {
    const ids = whole(g, [1, 2, 1, 4]);
    return asFloat(g, op.not(g, op.equal(g, ids, whole(g, [1]))));
  },
  clip: (g) => op.clip(g, f(g, "L", 8), -0.5, 0.75),
  "cast to half and back": (g) => asFloat(g, op.cast(g, f(g, "L", 50), "f16")),
  "reshape with a name kept": (g) => op.reshape(g, f(g, "B", "L", 6), ["B", "L", 2, 3]),
  "reshape with a name moved": (g) => op.reshape(g, f(g, "B", 6, 4), ["B*6", 4]),
  transpose: (g) => op.transpose(g, f(g, "B", "L", 3), [2, 0, 1]),
  "concat of names": (g) => op.concat(g, [f(g, "B", "L", 3), f(g, "B", "S", 3)], 1),
  "slice from behind, every second": (g) => op.slice(g, f(g, "B", 9), 1, 1, -2, undefined, 2),
  "slice of a name": (g) => op.slice(g, f(g, "L", 3), 0, 1, 3),
  "before and behind a place of run time": (g) => {
    const x = f(g, "B", "S+L", 2);
    const place = op.slice(g, op.shapeOf(g, f(g, "S", 1)), 0, 0, 1);
    return op.concat(g, [op.behind(g, x, 1, place, "L"), op.before(g, x, 1, place, "S")], 1);
  },
  split: (g) => op.split(g, f(g, "L", 7), [2, 4, 1], 1)[1]!,
  gather: (g) => op.gather(g, f(g, 4, 3), whole(g, [3, 0, 0, 1], [2, 2]), 0),
  pad: (g) => op.pad(g, f(g, "B", "L", 2), 1, 1, 2),
  "unsqueeze, squeeze": (g) => op.squeeze(g, op.unsqueeze(g, f(g, "L", 3), 1), 1),
  expand: (g) => op.expand(g, f(g, 1, 3), whole(g, [4, 3]), [4, 3]),
  unfold: (g) => op.unfold(g, f(g, "B", "L", 4), 3),
  cumSum: (g) => op.cumSum(g, f(g, "B", "L"), 1),
  layerNorm: (g) => op.layerNorm(g, f(g, "B", "L", 6), weight(g, "scale", [6]), weight(g, "bias", [6]), 1e-5),
  "layerNorm alone": (g) => op.layerNorm(g, f(g, "L", 6), null, null, 0.1),
  rmsNorm: (g) => op.rmsNorm(g, f(g, "B", "L", 2, 3), weight(g, "scale", [3]), 1e-3),
  "matMul of names": (g) => op.matMul(g, f(g, "B", "L", 6), weight(g, "w", [6, 4])),
  "matMul of batches": (g) => op.matMul(g, f(g, "B", 3, 4), f(g, "B", 4, 2)),
  "conv, strided and padded": (g) =>
    op.conv(g, f(g, "B", 4, 11), weight(g, "w", [6, 4, 3]), weight(g, "b", [6]), { strides: [2], pads: [1, 2] }),
  "conv, dilated, of a name": (g) =>
    op.conv(g, f(g, 1, 2, "L"), weight(g, "w", [3, 2, 3]), null, { dilations: [3], pads: [3, 3] }),
  "conv in groups": (g) => op.conv(g, f(g, 1, 4, 7), weight(g, "w", [4, 2, 3]), null, { group: 2 }),
  "conv of cubes": (g) =>
    op.conv(g, f(g, "S", 3, 4, 4, 4), weight(g, "w", [5, 3, 2, 2, 2]), null, { strides: [2, 2, 2] }),
  convTranspose: (g) => {
    const options = { stride: 3, pads: [2, 2] as const, outputPadding: 1 };
    return op.convTranspose(g, f(g, "B", 4, "L"), weight(g, "w", [4, 2, 6]), weight(g, "b", [2]), options, "L*3");
  },
  "attention over two heads": (g) => op.attention(g, f(g, "B", "L", 8), f(g, "B", "S", 8), f(g, "B", "S", 8), 2),
  "attention that a mask blinds": (g) => {
    const mask = op.cast(g, whole(g, [1, 1, 0, 1, 0, 0], [2, 3]), "i32");
    return op.attention(g, f(g, "B", "L", 8), f(g, "B", "S", 8), f(g, "B", "S", 8), 4, mask);
  },
  "rotary, heads side by side": (g) => op.rotary(g, f(g, "B", "L", 8), whole(g, [0]), f(g, "L", 2), f(g, "L", 2), 2),
};

describe("every op against its definition", () => {
  test.each(Object.keys(CASES))("%s", async (name) => {
    const g = createGraph("case");
    g.output(CASES[name]!(g), "y");
    await held(g, 2e-6);
  });

  test("the list is whole: each op that a definition names is in a case, or in the two below", async () => {
    const seen = new Set(["DynamicQuantizeMatMul", "MatMulNBits"]);
    for (const make of Object.values(CASES)) {
      const g = createGraph("case");
      g.output(make(g), "y");
      for (const node of g.nodes) seen.add(node.op);
    }
    expect([...seen].sort()).toEqual(Object.keys(OPS).sort());
  });

  test("8-bit products: weights as they are stored, activations in 256 steps", async () => {
    const [rows, columns] = [12, 40];
    const values = floats(rows * columns);
    const int8 = createGraph("int8");
    const made = toInt8(values, rows, columns);
    const stored = int8.weight("w", "i8", [columns, rows], async () => bytes(made.weight));
    const scale = int8.weight("s", "f32", [rows], async () => bytes(made.scale));
    int8.output(op.dynamicQuantizeMatMul(int8, f(int8, "L", columns), stored, scale, weight(int8, "b", [rows])), "y");
    // A value on the edge between two steps may fall to either side.
    await held(int8, 1e-3);

    const blocked = createGraph("q8");
    const { blocks, scales } = toBlocks(values, rows, columns, 32);
    const u8 = blocked.weight("w", "u8", [rows, 2, 32], async () => bytes(blocks));
    const perBlock = blocked.weight("s", "f32", [rows * 2], async () => bytes(scales));
    const sizes = { k: columns, n: rows, block: 32 };
    blocked.output(op.matMulNBits(blocked, f(blocked, "L", columns), u8, perBlock, sizes), "y");
    await held(blocked, 2e-6);
  });
});

/** Runs a graph both ways on the same random inputs. */
async function held(g: Graph, limit: number): Promise<void> {
  const dimsOf = ({ dims }: Value) => dims.map((dim) => dimOf(dim, SIZES));
  const feeds = Object.fromEntries(
    g.inputs.map((input) => [input.name, tensor(floats(dimsOf(input).reduce((a, b) => a * b, 1)), dimsOf(input))]),
  );
  await using session = await openSession([{ provider: "cpu", graph: await saveInline(g) }], 1);
  const { y } = await session.run(feeds);
  const arrays = Object.entries(feeds).map(([name, { dims, data }]) => [name, nd(dims, [...data])]);
  const wanted = (await interpret(g, Object.fromEntries(arrays), SIZES)).y!;
  expect(y!.dims).toEqual(wanted.dims);
  const largest = Math.max(...wanted.data.map(Math.abs));
  const apart = Math.max(...wanted.data.map((value, i) => Math.abs(value - y!.data[i]!)));
  expect(apart / largest).toBeLessThanOrEqual(limit);
}

describe("wrong shapes are refused where the network is built", () => {
  const refused: Record<string, [(g: Graph) => unknown, RegExp]> = {
    "add of unlike shapes": [(g) => op.add(g, f(g, "L", 3), f(g, "L", 4)), /Add: expected shapes that broadcast/],
    "add of unlike types": [(g) => op.add(g, f(g, 3), op.cast(g, f(g, 3), "f16")), /Add: expected one type/],
    "matMul of unlike sizes": [(g) => op.matMul(g, f(g, "L", 3), f(g, 4, 2)), /MatMul: expected/],
    "reshape to another count": [(g) => op.reshape(g, f(g, "L", 6), ["L", 2, 4]), /Reshape: expected 6 elements/],
    "split that does not add up": [(g) => op.split(g, f(g, "L", 6), [2, 3], 1), /Split: expected 5 on axis 1/],
    "concat of unlike rows": [(g) => op.concat(g, [f(g, 2, 3), f(g, 2, 4)], 0), /Concat: expected shapes equal/],
    "transpose without an axis": [(g) => op.transpose(g, f(g, 2, 3), [0, 0]), /Transpose: expected an order/],
    "heads that do not divide": [(g) => op.attention(g, f(g, 1, 2, 6), f(g, 1, 2, 6), f(g, 1, 2, 6), 4), /4 heads/],
    "conv of other channels": [
      (g) => op.conv(g, f(g, 1, 3, 9), weight(g, "w", [2, 4, 3]), null),
      /channels that agree/,
    ],
    "an axis that is not there": [(g) => op.gather(g, f(g, 3), whole(g, [0]), 1), /Gather: expected an axis/],
  };
  test.each(Object.keys(refused))("%s", (name) => {
    const [make, message] = refused[name]!;
    expect(() => make(createGraph("case"))).toThrow(message);
  });
});
