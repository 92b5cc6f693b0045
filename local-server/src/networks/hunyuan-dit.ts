import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import {
  assertSize,
  linear,
  type Matrix,
  matrixOf,
  neighbours,
  type Precision,
  pointConv,
  project,
  tokenConv,
  vector,
} from "../graph/linear.ts";
import * as op from "../graph/ops.ts";

/**
 * The denoiser of HunyuanVideo-Foley (Shan et al. 2025, arXiv 2508.16930; models/hifi_foley.py of the public code), as three
 * graphs, so that nothing is computed twice in a job:
 *   conditions  once a window: what depends on words and picture alone (text keys and values, projected tokens)
 *   modulation  once a job:    what depends on the timesteps alone (four fifths of the adaptive norms)
 *   step        every step:    the rest
 * B batch, L latents, T semantic rows, U distinct sync rows, W text tokens, H width, D width of a head.
 */
export interface DitShape {
  readonly hidden: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly triple: number;
  readonly single: number;
  readonly channels: number;
  readonly text: number;
  readonly semantic: number;
  readonly sync: number;
}

/** Sync tokens come in groups of this many, one group a segment. */
const SYNC_PHASES = 8;
const FREQUENCIES = 128;
const EPSILON = 1e-6;
/** nn.LayerNorm's own, in the single blocks. */
const SINGLE_EPSILON = 1e-5;
/** nn.RMSNorm without one: the smallest step of f32 at 1. */
const SINGLE_RMS_EPSILON = 2 ** -23;

/** All sizes, read from the tensors themselves; throws where they do not fit together. */
export function ditShape(tensors: Tensors): DitShape {
  const size = (name: string, axis: number): number => {
    const dim = tensors.dims(name)[axis];
    if (dim === undefined) throw new Error(`expected ${axis + 1} dimensions for ${name}, came [${tensors.dims(name)}]`);
    return dim;
  };
  const depth = (list: string): number =>
    1 +
    Math.max(-1, ...tensors.names().map((name) => Number(new RegExp(`^${list}\\.(\\d+)\\.`).exec(name)?.[1] ?? -1)));
  const hidden = size("audio_embedder.proj.weight", 0);
  const headWidth = size("triple_blocks.0.audio_self_q_norm.weight", 0);
  if (hidden % headWidth !== 0 || headWidth % 2 !== 0) {
    throw new Error(`expected a width that heads of ${headWidth} divide, came ${hidden}; use the model's own file`);
  }
  if (size("sync_in.2.w1.weight", 2) !== 1)
    throw new Error("expected sync_in of width 1, came a wider one; it is not known");
  return {
    hidden,
    heads: hidden / headWidth,
    headWidth,
    triple: depth("triple_blocks"),
    single: depth("single_blocks"),
    channels: size("audio_embedder.proj.weight", 1),
    text: size("cond_in.linear_1.weight", 1),
    semantic: size("visual_proj.w1.weight", 1),
    sync: size("sync_in.0.weight", 1),
  };
}

/** text [B,W,·], semantic [B,T,·], distinct sync rows [U,·] with their place in the segment [U] -> what `step` takes by name. */
export function buildConditions(tensors: Tensors, shape: DitShape): Graph {
  const g = createGraph("conditions");
  const { hidden, heads, headWidth } = shape;
  const text = g.input("text", "f32", ["B", "W", shape.text]);
  const semantic = g.input("semantic", "f32", ["B", "T", shape.semantic]);
  const syncRows = g.input("sync_rows", "f32", ["U", shape.sync]);
  const phases = g.input("sync_phase", "i64", ["U"]);
  const cos = g.input("text_cos", "f32", ["W", headWidth / 2]);
  const sin = g.input("text_sin", "f32", ["W", headWidth / 2]);

  g.output(gated(g, semantic, tensors, "visual_proj", "fp32"), "visual"); // [B,T,H]

  const places = vector(g, tensors, "sync_pos_emb", SYNC_PHASES * shape.sync);
  const place = op.gather(g, op.reshape(g, places, [SYNC_PHASES, shape.sync]), phases, 0); // [U,·]
  const lifted = op.silu(g, linear(g, op.add(g, syncRows, place), tensors, "sync_in.0", "fp32"));
  const part = (x: Value, name: string) => pointConv(g, x, tensors, `sync_in.2.${name}`, "fp32");
  g.output(part(op.mul(g, op.silu(g, part(lifted, "w1")), part(lifted, "w3")), "w2"), "sync_tokens"); // [U,H]

  const words = linear(
    g,
    op.silu(g, linear(g, text, tensors, "cond_in.linear_1", "fp32")),
    tensors,
    "cond_in.linear_2",
    "fp32",
  );
  for (let i = 0; i < shape.triple; i++) {
    const block = `triple_blocks.${i}`;
    const [keys, values] = op.split(
      g,
      linear(g, words, tensors, `${block}.text_cross_kv`, "fp32"),
      [hidden, hidden],
      2,
    );
    const normed = headNorm(g, keys!, tensors, `${block}.text_cross_k_norm`, shape, EPSILON);
    g.output(op.rotary(g, normed, offset(g), cos, sin, heads), `text_k_${i}`); // [B,W,H]
    g.output(values!, `text_v_${i}`); // [B,W,H]
  }
  return g;
}

/** timestep [N] -> time [N,H] and, for each two-stream block, nine shifts, scales (plus one) and gates a stream [N,9H]. */
export function buildModulation(tensors: Tensors, shape: DitShape, precision: Precision): Graph {
  const g = createGraph("modulation");
  const timestep = op.unsqueeze(g, g.input("timestep", "f32", ["N"]), 1); // [N,1]
  const rates = Float32Array.from({ length: FREQUENCIES }, (_, i) => Math.exp((-Math.log(10_000) * i) / FREQUENCIES));
  const angles = op.mul(g, timestep, g.constant(rates, [1, FREQUENCIES])); // [N,128]
  const waves = op.concat(g, [op.cos(g, angles), op.sin(g, angles)], 1); // [N,256]
  const time = linear(
    g,
    op.silu(g, linear(g, waves, tensors, "time_in.mlp.0", "fp32")),
    tensors,
    "time_in.mlp.2",
    "fp32",
  );
  g.output(time, "time");
  const active = op.silu(g, time);
  // Activations in 8 bits would cost more here than the whole step: only the weights are made smaller.
  const kept: Precision = precision === "int8" ? "q8" : precision;
  for (let i = 0; i < shape.triple; i++) {
    for (const [stream, name] of [
      ["audio", "audio_mod"],
      ["visual", "v_cond_mod"],
    ] as const) {
      const prefix = `triple_blocks.${i}.${name}.linear`;
      g.output(modulation(g, active, tensors, prefix, shape.hidden, [1, 4, 7], kept), `${stream}_mod_${i}`);
    }
  }
  return g;
}

/** latents [B,C,L] and the outputs of the other two graphs -> velocity [B,C,L]. */
export function buildStep(tensors: Tensors, shape: DitShape, precision: Precision): Graph {
  const g = createGraph("step");
  const { hidden, headWidth, channels } = shape;
  const half = headWidth / 2;
  const latents = g.input("latents", "f32", ["B", channels, "L"]);
  const time = g.input("time", "f32", [1, hidden]);
  let visual = g.input("visual", "f32", ["B", "T", hidden]);
  const syncTokens = g.input("sync_tokens", "f32", ["U", hidden]);
  const syncIndex = g.input("sync_index", "i64", ["B", "L"]);
  const table = (name: string, rows: string) => g.input(name, "f32", [rows, half]);
  const rope = {
    /** Of the two streams in one row: interleaved in time for self-attention, each from 0 for cross-attention. */
    self: { cos: table("self_cos", "T+L"), sin: table("self_sin", "T+L") },
    cross: { cos: table("cross_cos", "T+L"), sin: table("cross_sin", "T+L") },
    audio: { cos: table("audio_cos", "L"), sin: table("audio_sin", "L") },
  };

  const tokens = op.transpose(g, latents, [0, 2, 1]); // [B,L,C]
  const embed: Matrix = {
    name: "audio_embedder.proj.weight",
    rows: hidden,
    columns: channels,
    read: () => tensors.floats("audio_embedder.proj.weight"),
  };
  const embedded = project(g, tokens, embed, vector(g, tensors, "audio_embedder.proj.bias", hidden), "fp32");
  let audio = op.add(g, embedded, op.gather(g, syncTokens, syncIndex, 0)); // [B,L,H]

  for (let i = 0; i < shape.triple; i++) {
    const given = (name: string, dims: readonly (string | number)[]) => g.input(`${name}_${i}`, "f32", dims);
    const inputs = {
      audioMod: given("audio_mod", [9 * hidden]),
      visualMod: given("visual_mod", [9 * hidden]),
      textK: given("text_k", ["B", "W", hidden]),
      textV: given("text_v", ["B", "W", hidden]),
    };
    const isLast = i === shape.triple - 1;
    [audio, visual] = g.scope(`triple_${i}`, () =>
      twoStreamBlock(g, audio, visual, inputs, rope, tensors, `triple_blocks.${i}`, shape, precision, isLast),
    );
  }

  // Adaptive norms of the single blocks follow timestep and sync; equal sync rows are worked out once.
  const active = op.silu(g, op.add(g, syncTokens, time)); // [U,H]
  for (let i = 0; i < shape.single; i++) {
    audio = g.scope(`single_${i}`, () =>
      singleBlock(g, audio, active, syncIndex, rope.audio, tensors, `single_blocks.${i}`, shape, precision),
    );
  }

  // The public code's final modulation is given per token and its `modulate` drops such a one: a plain norm is what runs.
  const last = linear(g, op.layerNorm(g, audio, null, null, EPSILON), tensors, "final_layer.linear", "fp32");
  g.output(op.transpose(g, last, [0, 2, 1]), "velocity");
  return g;
}

interface Tables {
  readonly cos: Value;
  readonly sin: Value;
}

/** Self-attention over both streams, cross-attention from both to the words, an MLP each. [B,L,H], [B,T,H] -> the same. */
function twoStreamBlock(
  g: Graph,
  audio: Value,
  visual: Value,
  inputs: { readonly audioMod: Value; readonly visualMod: Value; readonly textK: Value; readonly textV: Value },
  rope: { readonly self: Tables; readonly cross: Tables; readonly audio: Tables },
  tensors: Tensors,
  block: string,
  shape: DitShape,
  precision: Precision,
  isLast: boolean,
): [Value, Value] {
  const { hidden, heads } = shape;
  const nine = Array.from({ length: 9 }, () => hidden);
  const a = op.split(g, inputs.audioMod, nine, 0); // shift, 1 + scale, gate; three times, [H] each
  const v = op.split(g, inputs.visualMod, nine, 0);
  const at = (name: string) => `${block}.${name}`;
  const norm = (x: Value, mod: Value[], k: number) => op.layerNorm(g, x, mod[3 * k + 1]!, mod[3 * k]!, EPSILON);
  const gate = (x: Value, y: Value, mod: Value[], k: number) => op.add(g, x, op.mul(g, y, mod[3 * k + 2]!));
  const apply = (x: Value, name: string) => linear(g, x, tensors, at(name), precision);
  const both = (visualPart: Value, audioPart: Value) => op.concat(g, [visualPart, audioPart], 1);
  const turned = (x: Value, tables: Tables) => op.rotary(g, x, offset(g), tables.cos, tables.sin, heads);

  const three = [hidden, hidden, hidden];
  const [aq, ak, av] = op.split(g, apply(norm(audio, a, 0), "audio_self_attn_qkv"), three, 2);
  const [vq, vk, vv] = op.split(g, apply(norm(visual, v, 0), "v_cond_attn_qkv"), three, 2);
  const normed = (x: Value, name: string) => headNorm(g, x, tensors, at(name), shape, EPSILON);
  const q = turned(both(normed(vq!, "v_cond_attn_q_norm"), normed(aq!, "audio_self_q_norm")), rope.self);
  const k = turned(both(normed(vk!, "v_cond_attn_k_norm"), normed(ak!, "audio_self_k_norm")), rope.self);
  const [visualSelf, audioSelf] = apart(g, attend(g, q, k, both(vv!, av!), heads, precision), visual, audio);
  let audioOut = gate(audio, apply(audioSelf, "audio_self_proj"), a, 0);
  let visualOut = isLast ? visual : gate(visual, apply(visualSelf, "v_cond_self_proj"), v, 0);

  const audioQuery = normed(apply(norm(audioOut, a, 1), "audio_cross_q"), "audio_cross_q_norm");
  if (isLast) {
    // Nothing after the last block looks at the picture's stream.
    const query = turned(audioQuery, rope.audio);
    audioOut = gate(
      audioOut,
      apply(attend(g, query, inputs.textK, inputs.textV, heads, precision), "audio_cross_proj"),
      a,
      1,
    );
  } else {
    const visualQuery = normed(apply(norm(visualOut, v, 1), "v_cond_cross_q"), "v_cond_cross_q_norm");
    const query = turned(both(visualQuery, audioQuery), rope.cross);
    const cross = attend(g, query, inputs.textK, inputs.textV, heads, precision);
    const [visualCross, audioCross] = apart(g, cross, visual, audio);
    audioOut = gate(audioOut, apply(audioCross, "audio_cross_proj"), a, 1);
    visualOut = gate(visualOut, apply(visualCross, "v_cond_cross_proj"), v, 1);
  }

  const mlp = (x: Value, name: string) => apply(op.geluTanh(g, apply(x, `${name}.fc1`)), `${name}.fc2`);
  audioOut = gate(audioOut, mlp(norm(audioOut, a, 2), "audio_mlp"), a, 2);
  if (!isLast) visualOut = gate(visualOut, mlp(norm(visualOut, v, 2), "v_cond_mlp"), v, 2);
  return [audioOut, visualOut];
}

/** Self-attention and a gated convolution, both modulated token by token. [B,L,H] -> [B,L,H] */
function singleBlock(
  g: Graph,
  x: Value,
  active: Value,
  syncIndex: Value,
  rope: Tables,
  tensors: Tensors,
  block: string,
  shape: DitShape,
  precision: Precision,
): Value {
  const { hidden, heads } = shape;
  const rows = modulation(g, active, tensors, `${block}.modulation.linear`, hidden, [1, 4], precision); // [U,6H]
  const tokens = op.gather(g, rows, syncIndex, 0); // [B,L,6H]
  const [shift1, scale1, gate1, shift2, scale2, gate2] = op.split(
    g,
    tokens,
    Array.from({ length: 6 }, () => hidden),
    2,
  );
  const modulated = (y: Value, scale: Value, shift: Value) =>
    op.add(g, op.mul(g, op.layerNorm(g, y, null, null, SINGLE_EPSILON), scale), shift);

  assertSize(tensors, `${block}.linear_qkv.bias`, 3 * hidden);
  const qkv = project(
    g,
    modulated(x, scale1!, shift1!),
    partsApart(matrixOf(tensors, `${block}.linear_qkv.weight`)),
    g.weight(`${block}.linear_qkv.bias`, "f32", [3 * hidden], async () =>
      bytesOf(interleavedToParts(await tensors.floats(`${block}.linear_qkv.bias`), 1)),
    ),
    precision,
  );
  const [q, k, v] = op.split(g, qkv, [hidden, hidden, hidden], 2);
  const turned = (y: Value, name: string) =>
    op.rotary(
      g,
      headNorm(g, y, tensors, `${block}.${name}`, shape, SINGLE_RMS_EPSILON),
      offset(g),
      rope.cos,
      rope.sin,
      heads,
    );
  const heard = attend(g, turned(q!, "q_norm"), turned(k!, "k_norm"), v!, heads, precision);
  const attended = op.add(
    g,
    x,
    op.mul(g, tokenConv(g, neighbours(g, heard, precision), tensors, `${block}.linear1`, precision), gate1!),
  );
  const mixed = gatedConv(g, modulated(attended, scale2!, shift2!), tensors, `${block}.linear2`, precision);
  return op.add(g, attended, op.mul(g, mixed, gate2!));
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** w2(silu(w1 x) w3 x) */
function gated(g: Graph, x: Value, tensors: Tensors, prefix: string, precision: Precision): Value {
  const part = (y: Value, name: string) => linear(g, y, tensors, `${prefix}.${name}`, precision);
  return part(op.mul(g, op.silu(g, part(x, "w1")), part(x, "w3")), "w2");
}

/** The same with convolutions over neighbouring tokens. */
function gatedConv(g: Graph, x: Value, tensors: Tensors, prefix: string, precision: Precision): Value {
  const near = neighbours(g, x, precision);
  const part = (name: string) => tokenConv(g, near, tensors, `${prefix}.${name}`, precision);
  const gate = op.mul(g, op.silu(g, part("w1")), part("w3"));
  return tokenConv(g, neighbours(g, gate, precision), tensors, `${prefix}.w2`, precision);
}

/** RMS norm of each head: [B,S,H] -> [B,S,H]. */
function headNorm(g: Graph, x: Value, tensors: Tensors, name: string, shape: DitShape, epsilon: number): Value {
  const { heads, headWidth } = shape;
  const [batch, length, width] = x.dims;
  const byHead = op.reshape(g, x, [batch!, length!, heads, headWidth]);
  const weight = vector(g, tensors, `${name}.weight`, headWidth);
  return op.reshape(g, op.rmsNorm(g, byHead, weight, epsilon), [batch!, length!, width!]);
}

/** Half precision where the weights are: GPUs have their quick kernels for it. */
function attend(g: Graph, q: Value, k: Value, v: Value, heads: number, precision: Precision): Value {
  if (precision === "fp32" || precision === "int8") return op.attention(g, q, k, v, heads);
  const half = (x: Value) => op.cast(g, x, "f16");
  return op.cast(g, op.attention(g, half(q), half(k), half(v), heads), "f32");
}

/** A modulation's projection; the rows that scale get their 1 with the bias. */
function modulation(
  g: Graph,
  x: Value,
  tensors: Tensors,
  prefix: string,
  hidden: number,
  scales: readonly number[],
  precision: Precision,
): Value {
  const matrix = matrixOf(tensors, `${prefix}.weight`);
  assertSize(tensors, `${prefix}.bias`, matrix.rows);
  const bias = g.weight(`${prefix}.bias`, "f32", [matrix.rows], async () => {
    const values = (await tensors.floats(`${prefix}.bias`)).slice();
    for (const part of scales) for (let i = part * hidden; i < (part + 1) * hidden; i++) values[i]! += 1;
    return bytesOf(values);
  });
  return project(g, x, matrix, bias, precision);
}

/** Rows of a fused projection from (head, channel, part) to (part, head, channel). */
function interleavedToParts(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  const perPart = rows / 3;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const target = (row % 3) * perPart + Math.floor(row / 3);
    out.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return out;
}

const partsApart = ({ read, ...matrix }: Matrix): Matrix => ({
  ...matrix,
  read: async () => interleavedToParts(await read(), matrix.columns),
});

/** Rows of the tables are taken from the first on. */
const offset = (g: Graph): Value => g.constant(BigInt64Array.of(0n));

/** [B,T+L,H] -> [B,T,H], [B,L,H]: T is known at run time, from the picture's own tokens. */
function apart(g: Graph, x: Value, visual: Value, audio: Value): [Value, Value] {
  const length = op.slice(g, op.shapeOf(g, visual), 0, 1, 2); // [1]
  return [op.before(g, x, 1, length, visual.dims[1]!), op.behind(g, x, 1, length, audio.dims[1]!)];
}
