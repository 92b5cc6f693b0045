import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import { linear, type Precision, vector } from "../graph/linear.ts";
import * as op from "../graph/ops.ts";
import { countOf, depthOf, headsFit, inProjection, layerNorm, mlp, parameter } from "./transformer.ts";

/**
 * When things happen: Synchformer's vision tower (Iashin et al. 2024, arXiv 2401.16423), a Motionformer with attention
 * divided into time and space. S segments of 16 frames, 8 time steps of 14 x 14 patches each, D width.
 */
export interface SyncShape {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly size: number;
  readonly patch: number;
  /** Time steps of a segment, and frames to a step. */
  readonly steps: number;
  readonly framesPerStep: number;
}

export const SYNCHFORMER_ROOT = "vfeat_extractor.";
const EPSILON = 1e-6;
/** Width of a head in the published model, which comes without a config. */
const HEAD_WIDTH = 64;

/** Names without the checkpoint's root. `config` says the heads of models that are not the published one. */
export function syncShape(tensors: Tensors, config: unknown): SyncShape {
  const [width, , framesPerStep, patch] = tensors.dims("patch_embed_3d.proj.weight") as [
    number,
    number,
    number,
    number,
  ];
  const patches = tensors.dims("pos_embed")[1]! - 1;
  const heads = config === null ? width / HEAD_WIDTH : countOf(config, "num_heads", "config.json");
  return {
    width,
    depth: depthOf(tensors, "blocks"),
    heads: headsFit(width, heads, "Synchformer"),
    size: Math.sqrt(patches) * patch,
    patch,
    steps: tensors.dims("temp_embed")[1]!,
    framesPerStep,
  };
}

/** frames [S,3,16,size,size] -> tokens [S,8,D] */
export function buildSynchformer(tensors: Tensors, shape: SyncShape, precision: Precision): Graph {
  const g = createGraph("sync");
  const { width, depth, heads, size, patch, steps, framesPerStep } = shape;
  const patches = (size / patch) ** 2;
  const frames = g.input("frames", "f32", ["S", 3, steps * framesPerStep, size, size]);
  const kernel = parameter(g, tensors, "patch_embed_3d.proj.weight");
  const bias = vector(g, tensors, "patch_embed_3d.proj.bias", width);
  const cubes = op.conv(g, frames, kernel, bias, { strides: [framesPerStep, patch, patch] }); // [S,D,8,14,14]
  const flat = op.transpose(g, op.reshape(g, cubes, ["S", width, steps * patches]), [0, 2, 1]); // [S,1568,D]
  const cls = expandBatch(g, parameter(g, tensors, "cls_token"), flat, width); // [S,1,D]
  let x = op.add(g, op.concat(g, [cls, flat], 1), positions(g, tensors, shape, patches)); // [S,1569,D]

  for (let i = 0; i < depth; i++) {
    x = g.scope(`block_${i}`, () => {
      const block = `blocks.${i}`;
      const normed = (y: Value, name: string) => layerNorm(g, y, tensors, `${block}.${name}`, EPSILON);
      const divided = (y: Value, name: string, along: "time" | "space") =>
        dividedAttention(g, y, tensors, `${block}.${name}`, along, { width, heads, steps, patches }, precision);
      const inTime = op.add(g, x, divided(normed(x, "norm3"), "timeattn", "time"));
      const inSpace = op.add(g, inTime, divided(normed(inTime, "norm1"), "attn", "space"));
      const names = [`${block}.mlp.fc1`, `${block}.mlp.fc2`] as const;
      return op.add(g, inSpace, mlp(g, normed(inSpace, "norm2"), tensors, names, op.gelu, precision));
    });
  }
  const seen = layerNorm(g, op.slice(g, x, 1, 1, null, steps * patches), tensors, "norm", EPSILON);
  g.output(pooledBySpace(g, seen, tensors, shape, patches, precision), "tokens");
  return g;
}

/** Place in the picture plus step in time; the class token has a place of its own: [1,1+8·196,D], made once. */
function positions(g: Graph, tensors: Tensors, { width, steps }: SyncShape, patches: number): Value {
  return g.weight("positions", "f32", [1, 1 + steps * patches, width], async () => {
    const places = await tensors.floats("pos_embed");
    const times = await tensors.floats("temp_embed");
    const out = new Float32Array((1 + steps * patches) * width);
    out.set(places.subarray(0, width));
    for (let t = 0; t < steps; t++) {
      for (let p = 0; p < patches; p++) {
        const at = (1 + t * patches + p) * width;
        for (let d = 0; d < width; d++) out[at + d] = places[(1 + p) * width + d]! + times[t * width + d]!;
      }
    }
    return new Uint8Array(out.buffer);
  });
}

const batchShape = (g: Graph, like: Value, ...rest: number[]): Value =>
  op.concat(g, [op.slice(g, op.shapeOf(g, like), 0, 0, 1), g.constant(BigInt64Array.from(rest, BigInt))], 0);
const expandBatch = (g: Graph, token: Value, like: Value, width: number): Value =>
  op.expand(g, token, batchShape(g, like, 1, width), [like.dims[0]!, 1, width]);

/** Each patch looks at its place in all steps (time) or at all places of its step (space), and at the class token; that one at all. */
function dividedAttention(
  g: Graph,
  x: Value,
  tensors: Tensors,
  prefix: string,
  along: "time" | "space",
  { width, heads, steps, patches }: { width: number; heads: number; steps: number; patches: number },
  precision: Precision,
): Value {
  const parts = op.split(g, linear(g, x, tensors, `${prefix}.qkv`, precision), [width, width, width], 2);
  const [q, k, v] = parts as [Value, Value, Value];
  const token = (y: Value) => op.slice(g, y, 1, 0, 1); // [S,1,D]
  const rest = (y: Value) => op.slice(g, y, 1, 1, null, steps * patches); // [S,1568,D]
  const [groups, members] = along === "time" ? [patches, steps] : [steps, patches];
  const batch = `S*${groups}`;
  const grouped = (y: Value): Value => {
    const grid = op.reshape(g, y, ["S", steps, patches, width]);
    return op.reshape(g, along === "time" ? op.transpose(g, grid, [0, 2, 1, 3]) : grid, [batch, members, width]);
  };
  /** The class token in front of each group. */
  const withToken = (y: Value): Value => {
    const repeated = op.expand(
      g,
      op.unsqueeze(g, token(y), 1),
      g.constant(BigInt64Array.from([1, groups, 1, width], BigInt)),
      ["S", groups, 1, width],
    );
    return op.concat(g, [op.reshape(g, repeated, [batch, 1, width]), grouped(rest(y))], 1);
  };
  const tokenOut = op.attention(g, token(q), k, v, heads);
  const out = op.reshape(g, op.attention(g, grouped(rest(q)), withToken(k), withToken(v), heads), [
    "S",
    groups,
    members,
    width,
  ]);
  const inOrder = along === "time" ? op.transpose(g, out, [0, 2, 1, 3]) : out;
  const all = op.concat(g, [tokenOut, op.reshape(g, inOrder, ["S", steps * patches, width])], 1);
  return linear(g, all, tensors, `${prefix}.proj`, precision);
}

/** A transformer layer over the patches of each step with a class token of its own, whose row is kept: [S,1568,D] -> [S,8,D]. */
function pooledBySpace(
  g: Graph,
  x: Value,
  tensors: Tensors,
  { width, heads, steps }: SyncShape,
  patches: number,
  precision: Precision,
): Value {
  const root = "spatial_attn_agg";
  const perStep = op.reshape(g, x, [`S*${steps}`, patches, width]);
  const token = expandBatch(g, parameter(g, tensors, `${root}.cls_token`), perStep, width);
  const all = layerNorm(g, op.concat(g, [token, perStep], 1), tensors, `${root}.norm1`, EPSILON);
  const query = inProjection(g, op.slice(g, all, 1, 0, 1), tensors, `${root}.self_attn`, { from: 0, to: 1 }, "fp32");
  const pairs = inProjection(g, all, tensors, `${root}.self_attn`, { from: 1, to: 3 }, precision);
  const [keys, values] = op.split(g, pairs, [width, width], 2);
  const heard = linear(g, op.attention(g, query, keys!, values!, heads), tensors, `${root}.self_attn.out_proj`, "fp32");
  const attended = op.add(g, token, heard); // [S*8,1,D]
  const names = [`${root}.linear1`, `${root}.linear2`] as const;
  const normed = layerNorm(g, attended, tensors, `${root}.norm2`, EPSILON);
  return op.reshape(g, op.add(g, attended, mlp(g, normed, tensors, names, op.gelu, "fp32")), ["S", steps, width]);
}
