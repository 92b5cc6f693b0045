import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { linear, stored } from "./stored.ts";

/**
 * foley-mini's denoiser (models/foley-mini/training/denoiser_model.py): two latents make one token; blocks of depthwise
 * convolution, attention without positions and an MLP, modulated by noise level and words (adaLN; Peebles and Xie 2022, arXiv
 * 2212.09748). B scenes, L latents, Lt rows of words, T = L/2 tokens.
 */
const HEADS = 4;
const EPSILON = 1e-5;

/**
 * latents f32 [B,64,L], timestep [B], text [B,Lt,384] (rows of zeros do not count), sync [B,L,2], guide [B,64,L] -> velocity
 * [B,64,L]. No guide, no text and no sync are zeros.
 */
export function buildMiniDenoiser(tensors: Tensors): Graph {
  const g = createGraph("denoiser");
  const channels = tensors.dims("last.weight")[0]! / 2;
  const latents = g.input("latents", "f32", ["B", channels, "L"]);
  const timestep = g.input("timestep", "f32", ["B"]);
  const text = g.input("text", "f32", ["B", "Lt", tensors.dims("word.0.weight")[1]!]);
  const sync = g.input("sync", "f32", ["B", "L", 2]);
  const guide = g.input("guide", "f32", ["B", channels, "L"]);
  const one = g.constant(1);
  const sigma = op.unsqueeze(g, op.unsqueeze(g, timestep, 1), 2); // [B,1,1]
  const rest = op.sub(g, one, sigma);
  const power = op.add(g, op.mul(g, sigma, sigma), op.mul(g, rest, rest));
  const spread = op.sqrt(g, power);
  const cond = g.scope("cond", () => conditioning(g, tensors, { timestep, text, guide }));
  const seen = network(g, tensors, op.div(g, latents, spread), cond, sync, guide);
  const straight = op.div(g, op.sub(g, op.mul(g, g.constant(2), sigma), one), power);
  g.output(op.add(g, op.mul(g, latents, straight), op.div(g, seen, spread)), "velocity");
  return g;
}

/** Noise level, mean of the words and whether there is a guide: [B,128]. */
function conditioning(g: Graph, tensors: Tensors, given: Record<"timestep" | "text" | "guide", Value>): Value {
  const { timestep, text, guide } = given;
  const rates = Float32Array.from({ length: 64 }, (_, i) => 100 * Math.exp((-Math.log(1000) * i) / 63));
  const turns = op.mul(g, op.unsqueeze(g, timestep, 1), g.constant(rates)); // [B,64]
  const level = twoLayers(g, op.concat(g, [op.cos(g, turns), op.sin(g, turns)], 1), tensors, "level");
  const isThere = (x: Value, axes: readonly number[]) =>
    op.cast(g, op.greater(g, op.reduceMax(g, op.abs(g, x), axes), g.constant(0)), "f32");
  const rows = op.unsqueeze(g, op.reduceSum(g, isThere(text, [2]), [1]), 1); // [B,1]
  const mean = op.div(g, op.reduceSum(g, text, [1]), op.atLeast(g, rows, 1)); // [B,384]
  const size = op.unsqueeze(g, op.sqrt(g, op.reduceSum(g, op.mul(g, mean, mean), [1])), 1);
  const word = twoLayers(g, op.div(g, op.mul(g, mean, g.constant(20)), op.atLeast(g, size, 1e-3)), tensors, "word");
  const guided = op.mul(g, op.unsqueeze(g, isThere(guide, [1, 2]), 1), stored(g, tensors, "guided"));
  return op.silu(g, op.add(g, op.add(g, level, word), guided));
}

const twoLayers = (g: Graph, x: Value, tensors: Tensors, name: string): Value =>
  linear(g, op.silu(g, linear(g, x, tensors, `${name}.0`)), tensors, `${name}.2`);

/** x of unit variance [B,64,L] -> what is predicted, [B,64,L]. */
function network(g: Graph, tensors: Tensors, x: Value, cond: Value, sync: Value, guide: Value): Value {
  const byTime = (value: Value) => op.transpose(g, value, [0, 2, 1]);
  const rows = op.concat(g, [byTime(x), byTime(guide), sync], 2); // [B,L,130]
  const [, channels] = x.dims as [string, number];
  // An odd number of latents gets a row of zeros more.
  const odd = op.slice(g, op.pad(g, rows, 1, 0, 1), 1, 1, null, "L/2", 2);
  const pairs = op.concat(g, [op.slice(g, rows, 1, 0, null, "L/2", 2), odd], 2); // [B,T,260]
  let h = linear(g, pairs, tensors, "first");
  for (let i = 0; tensors.has(`blocks.${i}.up.weight`); i++) {
    h = g.scope(`block_${i}`, () => block(g, h, cond, tensors, `blocks.${i}`));
  }
  const [shift, scale] = parts(g, cond, tensors, "shape", 2) as [Value, Value];
  const out = linear(g, modulated(g, h, shift, scale), tensors, "last"); // [B,T,128]
  const whole = op.reshape(g, out, ["B", "L/2*2", channels]);
  const length = op.slice(g, op.shapeOf(g, rows), 0, 1, 2);
  const [keptX, keptGuide] = op.split(
    g,
    op.unsqueeze(g, linear(g, cond, tensors, "direct"), 2),
    [channels, channels],
    1,
  );
  const kept = op.add(g, op.mul(g, keptX!, x), op.mul(g, keptGuide!, guide));
  return op.add(g, byTime(op.before(g, whole, 1, length, "L")), kept);
}

/** h [B,T,256], cond [B,128] -> [B,T,256] */
function block(g: Graph, h: Value, cond: Value, tensors: Tensors, name: string): Value {
  const attends = tensors.has(`${name}.qkv.weight`);
  const [shift, scale, gate, ...more] = parts(g, cond, tensors, `${name}.cond`, attends ? 6 : 3) as [
    Value,
    Value,
    Value,
  ];
  const near = stored(g, tensors, `${name}.near.weight`); // [256,1,5]
  const [width, , taps] = near.dims as [number, number, number];
  const around = (taps - 1) / 2;
  const beside = op.conv(g, op.transpose(g, h, [0, 2, 1]), near, stored(g, tensors, `${name}.near.bias`), {
    pads: [around, around],
    group: width,
  });
  let x = op.add(g, h, op.transpose(g, beside, [0, 2, 1]));
  if (attends) {
    const [farShift, farScale, farGate] = more as unknown as [Value, Value, Value];
    const qkv = linear(g, modulated(g, x, farShift, farScale), tensors, `${name}.qkv`);
    const [q, k, v] = op.split(g, qkv, [width, width, width], 2) as [Value, Value, Value];
    const heard = linear(g, op.attention(g, q, k, v, HEADS), tensors, `${name}.out`);
    x = op.add(g, x, op.mul(g, farGate, heard));
  }
  const wide = op.geluTanh(g, linear(g, modulated(g, x, shift, scale), tensors, `${name}.up`));
  return op.add(g, x, op.mul(g, gate, linear(g, wide, tensors, `${name}.down`)));
}

/** What cond says, in equal parts [B,1,width]. */
function parts(g: Graph, cond: Value, tensors: Tensors, name: string, count: number): Value[] {
  const said = op.unsqueeze(g, linear(g, cond, tensors, name), 1);
  return op.split(g, said, Array(count).fill(op.widthOf(said) / count), 2);
}

const modulated = (g: Graph, x: Value, shift: Value, scale: Value): Value =>
  op.add(g, op.mul(g, op.layerNorm(g, x, null, null, EPSILON), op.add(g, g.constant(1), scale)), shift);
