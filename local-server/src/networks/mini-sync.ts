import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { parameter } from "./transformer.ts";

/**
 * foley-mini's sync nets (models/foley-mini/training/sync_model.py), batch norms folded in: luma frames through a small
 * convolution net with temporal shifts (Lin et al. 2019, arXiv 1811.08383) to a grid of cells, whose time courses are read by
 * depthwise convolutions over time and the mean of all. T frames, C channels, 4x7 cells.
 *
 * Tensors `what.*`: the net that says where, how hard and what kind. `when.*`, where there are any: a first net of 56x32,
 * plainer, whose onsets are taken. `calibration` [2]: slope and constant that make its onset logit one of a probability.
 */
const SIZE = { rows: 64, columns: 112 };
const GRID = { rows: 4, columns: 7 };
const CELLS = GRID.rows * GRID.columns;
const CONTRAST = 12;

/** frames f32 [1,T,64,112], luma 0..1 -> events [1,T,4] (probability, intensity, x, y), kinds [1,T,6], sum 1 */
export function buildMiniSync(tensors: Tensors): Graph {
  const g = createGraph("sync");
  const frames = op.squeeze(g, g.input("frames", "f32", [1, "T", SIZE.rows, SIZE.columns]), 0); // [T,64,112]
  const what = g.scope("what", () => read(g, tensors, "what", frames));
  const share = op.softmax(g, op.transpose(g, what.onset, [1, 0])); // [T,28]
  const decides = tensors.has("when.head.weight")
    ? g.scope("when", () => read(g, tensors, "when", op.squeeze(g, halved(g, frames), 0)).onset)
    : what.onset;
  const [slope, constant] = op.split(g, parameter(g, tensors, "calibration"), [1, 1], 0);
  const logit = op.reduceLogSumExp(g, decides, [0]); // [T]
  const probability = op.sigmoid(g, op.add(g, op.mul(g, logit, slope!), constant!));
  /** Mean over the cells by their share: [outputs,28,T] -> [T,outputs]. */
  const shared = (values: Value) =>
    op.transpose(g, op.reduceSum(g, op.mul(g, values, op.transpose(g, share, [1, 0])), [1]), [1, 0]);
  const intensity = op.sigmoid(g, shared(op.unsqueeze(g, what.hardness, 0)));
  const place = op.matMul(g, share, g.constant(places(), [CELLS, 2])); // [T,2]
  const events = op.concat(g, [op.unsqueeze(g, probability, 1), intensity, place], 1);
  g.output(op.unsqueeze(g, events, 0), "events");
  const kinds = linear(g, what.features, tensors, "what.kind"); // [28,6,T]
  g.output(op.unsqueeze(g, op.softmax(g, shared(op.transpose(g, kinds, [1, 0, 2]))), 0), "kinds");
  return g;
}

/** Middles of the cells, -1..1 across and down. */
const places = (): Float32Array =>
  Float32Array.from({ length: 2 * CELLS }, (_, i) => {
    const cell = i >> 1;
    if (i % 2 === 0) return ((cell % GRID.columns) + 0.5) / (GRID.columns / 2) - 1;
    return (Math.floor(cell / GRID.columns) + 0.5) / (GRID.rows / 2) - 1;
  });

/** [T,64,112] -> [1,T,32,56] */
const halved = (g: Graph, frames: Value): Value =>
  op.averagePool(g, op.unsqueeze(g, frames, 0), [2, 2], [2, 2], [SIZE.rows / 2, SIZE.columns / 2]);

interface Reading {
  /** Onset and hardness logits of each cell, [28,T]. */
  readonly onset: Value;
  readonly hardness: Value;
  /** [28,C,T] */
  readonly features: Value;
}

function read(g: Graph, tensors: Tensors, net: string, frames: Value): Reading {
  let x = convolved(g, changes(g, frames), tensors, `${net}.c1`, 2);
  x = convolved(g, x, tensors, `${net}.c2`, 2);
  x = convolved(g, x, tensors, `${net}.c3`, 2);
  if (tensors.has(`${net}.more3.weight`)) {
    x = op.add(g, x, convolved(g, shifted(g, x), tensors, `${net}.more3`, 1));
    x = convolved(g, x, tensors, `${net}.c4`, 2);
    x = op.add(g, x, convolved(g, shifted(g, x), tensors, `${net}.more4`, 1));
  } else x = convolved(g, shifted(g, x), tensors, `${net}.c4`, 1);
  const channels = x.dims[1] as number;
  let h = op.transpose(g, op.reshape(g, x, ["T", channels, CELLS]), [2, 1, 0]); // [28,C,T]
  for (let i = 0; tensors.has(`${net}.times.${i}.depth.weight`); i++) {
    h = g.scope(`times_${i}`, () => timeBlock(g, h, tensors, `${net}.times.${i}`, 2 ** i));
  }
  const [onset, hardness] = op.split(g, linear(g, h, tensors, `${net}.head`), [1, 1], 1);
  return { onset: op.squeeze(g, onset!, 1), hardness: op.squeeze(g, hardness!, 1), features: h };
}

/** How the picture changes from frame to frame round each, and the frame without its mean: [T,H,W] -> [T,5,H,W]. */
function changes(g: Graph, frames: Value): Value {
  const first = op.slice(g, frames, 0, 0, 1);
  const last = op.slice(g, frames, 0, -1, null, 1);
  const around = op.concat(g, [first, first, frames, last, last], 0); // [T+4,H,W]
  const step = op.sub(g, op.slice(g, around, 0, 1, null, "T+3"), op.slice(g, around, 0, 0, -1, "T+3"));
  const change = op.tanh(g, op.mul(g, step, g.constant(CONTRAST)));
  const four = [0, 1, 2, 3].map((i) => op.slice(g, change, 0, i, i === 3 ? null : i - 3, "T"));
  const mean = op.unsqueeze(g, op.unsqueeze(g, op.reduceMean(g, frames, [1, 2]), 1), 2);
  const all = [...four, op.sub(g, frames, mean)].map((one) => op.unsqueeze(g, one, 1));
  return op.concat(g, all, 1);
}

/** Convolution and ReLU, as much padding as the kernel reaches. */
function convolved(g: Graph, x: Value, tensors: Tensors, name: string, stride: number): Value {
  const weight = parameter(g, tensors, `${name}.weight`);
  const reach = ((weight.dims[2] as number) - 1) / 2;
  const options = { strides: [stride, stride], pads: [reach, reach, reach, reach] };
  return op.relu(g, op.conv(g, x, weight, parameter(g, tensors, `${name}.bias`), options));
}

/** An eighth of the channels from the frame before, an eighth from the frame after. x [T,C,h,w]. */
function shifted(g: Graph, x: Value): Value {
  const channels = x.dims[1] as number;
  const part = channels / 8;
  const [past, next, now] = op.split(g, x, [part, part, channels - 2 * part], 1) as [Value, Value, Value];
  const earlier = op.slice(g, op.pad(g, past, 0, 1, 0, "T+1"), 0, 0, -1, "T");
  const later = op.slice(g, op.pad(g, next, 0, 0, 1, "T+1"), 0, 1, null, "T");
  return op.concat(g, [earlier, later, now], 1);
}

/** Five taps over time in each cell, the mean of all cells added, then mixed; h [28,C,T]. */
function timeBlock(g: Graph, h: Value, tensors: Tensors, name: string, dilation: number): Value {
  const depth = parameter(g, tensors, `${name}.depth.weight`); // [C,1,5]
  const around = { pads: [2 * dilation, 2 * dilation], dilations: [dilation], group: depth.dims[0] as number };
  const y = op.conv(g, h, depth, parameter(g, tensors, `${name}.depth.bias`), around);
  const whole = linear(g, op.unsqueeze(g, op.reduceMean(g, y, [0]), 0), tensors, `${name}.whole`); // [1,C,T]
  return op.add(g, h, op.relu(g, linear(g, op.relu(g, op.add(g, y, whole)), tensors, `${name}.mix`)));
}

/** A convolution of width 1 over time: [N,C,T] -> [N,outputs,T]. */
const linear = (g: Graph, x: Value, tensors: Tensors, name: string): Value =>
  op.conv(g, x, parameter(g, tensors, `${name}.weight`), parameter(g, tensors, `${name}.bias`));
