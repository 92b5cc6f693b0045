import { createGraph, type Graph, type Tensors } from "../graph/graph.ts";
import { linear, type Precision, vector } from "../graph/linear.ts";
import * as op from "../graph/ops.ts";
import { countOf, depthOf, headsFit, inProjection, layerNorm, mlp, parameter } from "./transformer.ts";

/**
 * What the picture shows: SigLIP 2's image tower (Tschannen et al. 2025, arXiv 2502.14786), a ViT with an attention-pooled
 * head; transformers SiglipModel.get_image_features. N pictures, P patches, D width.
 */
export interface SiglipShape {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Pixels to a side. */
  readonly size: number;
  readonly patch: number;
}

const ROOT = "vision_model";
const EPSILON = 1e-6;

export function siglipShape(tensors: Tensors, config: unknown): SiglipShape {
  const own = (config as { vision_config?: unknown } | null)?.vision_config ?? config;
  const [width, , patch] = tensors.dims(`${ROOT}.embeddings.patch_embedding.weight`) as [number, number, number];
  const patches = tensors.dims(`${ROOT}.embeddings.position_embedding.weight`)[0]!;
  const side = Math.sqrt(patches);
  if (!Number.isInteger(side))
    throw new Error(`expected a square of patches, came ${patches}; use the model's own file`);
  // The published config leaves out what equals the library's default.
  const heads =
    (own as Record<string, unknown>).num_attention_heads === undefined
      ? 12
      : countOf(own, "num_attention_heads", "config.json");
  return {
    width,
    depth: depthOf(tensors, `${ROOT}.encoder.layers`),
    heads: headsFit(width, heads, "SigLIP"),
    size: side * patch,
    patch,
  };
}

/** pixels [N,3,size,size] -> semantic [N,D] */
export function buildSiglip2(tensors: Tensors, shape: SiglipShape, precision: Precision): Graph {
  const g = createGraph("semantic");
  const { width, depth, heads, size, patch } = shape;
  const side = size / patch;
  const pixels = g.input("pixels", "f32", ["N", 3, size, size]);
  const kernel = parameter(g, tensors, `${ROOT}.embeddings.patch_embedding.weight`);
  const bias = vector(g, tensors, `${ROOT}.embeddings.patch_embedding.bias`, width);
  const patches = op.conv(g, pixels, kernel, bias, { strides: [patch, patch] }); // [N,D,side,side]
  const tokens = op.transpose(g, op.reshape(g, patches, ["N", width, side * side]), [0, 2, 1]); // [N,P,D]
  let x = op.add(g, tokens, parameter(g, tensors, `${ROOT}.embeddings.position_embedding.weight`));

  for (let i = 0; i < depth; i++) {
    x = g.scope(`layer_${i}`, () => {
      const layer = `${ROOT}.encoder.layers.${i}`;
      const normed = layerNorm(g, x, tensors, `${layer}.layer_norm1`, EPSILON);
      const part = (name: string) => linear(g, normed, tensors, `${layer}.self_attn.${name}`, precision);
      const heard = op.attention(g, part("q_proj"), part("k_proj"), part("v_proj"), heads);
      const y = op.add(g, x, linear(g, heard, tensors, `${layer}.self_attn.out_proj`, precision));
      const names = [`${layer}.mlp.fc1`, `${layer}.mlp.fc2`] as const;
      const second = layerNorm(g, y, tensors, `${layer}.layer_norm2`, EPSILON);
      return op.add(g, y, mlp(g, second, tensors, names, op.geluTanh, precision));
    });
  }

  // One learned query looks at all patches.
  const head = `${ROOT}.head`;
  const seen = layerNorm(g, x, tensors, `${ROOT}.post_layernorm`, EPSILON);
  const probe = inProjection(
    g,
    parameter(g, tensors, `${head}.probe`),
    tensors,
    `${head}.attention`,
    { from: 0, to: 1 },
    "fp32",
  );
  const query = op.expand(
    g,
    probe,
    op.concat(g, [op.slice(g, op.shapeOf(g, x), 0, 0, 1), g.constant(BigInt64Array.of(1n, BigInt(width)))], 0),
    ["N", 1, width],
  );
  const pairs = inProjection(g, seen, tensors, `${head}.attention`, { from: 1, to: 3 }, precision);
  const [keys, values] = op.split(g, pairs, [width, width], 2);
  const pooled = linear(
    g,
    op.attention(g, query, keys!, values!, heads),
    tensors,
    `${head}.attention.out_proj`,
    "fp32",
  );
  const names = [`${head}.mlp.fc1`, `${head}.mlp.fc2`] as const;
  const normed = layerNorm(g, pooled, tensors, `${head}.layernorm`, EPSILON);
  g.output(op.squeeze(g, op.add(g, pooled, mlp(g, normed, tensors, names, op.geluTanh, "fp32")), 1), "semantic");
  return g;
}
