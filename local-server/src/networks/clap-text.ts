import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import { linear, type Precision } from "../graph/linear.ts";
import * as op from "../graph/ops.ts";
import { countOf, depthOf, headsFit, layerNorm, mlp, parameter } from "./transformer.ts";

/**
 * The words' encoder: CLAP's text tower (Wu et al. 2023, arXiv 2211.06687), a RoBERTa; transformers ClapTextModel. Its last
 * hidden states are what the denoiser reads. B texts, W tokens, D width.
 */
export interface ClapShape {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly epsilon: number;
  readonly padId: number;
  readonly maxTokens: number;
}

const ROOT = "text_model";

/** `config` is config.json of the text tower, or of the whole model with its `text_config`. */
export function clapShape(tensors: Tensors, config: unknown): ClapShape {
  const own = (config as { text_config?: unknown } | null)?.text_config ?? config;
  const [positions, width] = tensors.dims(`${ROOT}.embeddings.position_embeddings.weight`) as [number, number];
  const { layer_norm_eps: epsilon, pad_token_id: padId } = own as Record<string, unknown>;
  const pad = typeof padId === "number" ? padId : 1;
  return {
    width,
    depth: depthOf(tensors, `${ROOT}.encoder.layer`),
    heads: headsFit(width, countOf(own, "num_attention_heads", "config.json"), "CLAP"),
    epsilon: typeof epsilon === "number" ? epsilon : 1e-12,
    padId: pad,
    // Positions are counted from the one after the padding's.
    maxTokens: positions - pad - 1,
  };
}

/** input_ids and attention_mask i64 [B,W] -> text [B,W,D] */
export function buildClapText(tensors: Tensors, shape: ClapShape, precision: Precision): Graph {
  const g = createGraph("text");
  const { width, depth, heads, epsilon, padId } = shape;
  const ids = g.input("input_ids", "i64", ["B", "W"]);
  const mask = op.cast(g, g.input("attention_mask", "i64", ["B", "W"]), "i32");
  const table = (name: string): Value => parameter(g, tensors, `${ROOT}.embeddings.${name}.weight`);

  // Position = how many tokens so far, from padId + 1; padding keeps padId.
  const pad = g.constant(BigInt64Array.of(BigInt(padId)));
  const isToken = op.cast(g, op.not(g, op.equal(g, ids, pad)), "i64");
  const positions = op.add(g, op.mul(g, op.cumSum(g, isToken, 1), isToken), pad);
  const words = op.gather(g, table("word_embeddings"), ids, 0); // [B,W,D]
  const kind = op.gather(g, table("token_type_embeddings"), g.constant(BigInt64Array.of(0n)), 0); // [1,D]
  const placed = op.add(g, op.add(g, words, kind), op.gather(g, table("position_embeddings"), positions, 0));
  let x = layerNorm(g, placed, tensors, `${ROOT}.embeddings.LayerNorm`, epsilon);

  for (let i = 0; i < depth; i++) {
    x = g.scope(`layer_${i}`, () => {
      const layer = `${ROOT}.encoder.layer.${i}`;
      const part = (name: string) => linear(g, x, tensors, `${layer}.attention.self.${name}`, precision);
      const heard = op.attention(g, part("query"), part("key"), part("value"), heads, mask);
      const out = linear(g, heard, tensors, `${layer}.attention.output.dense`, precision);
      const y = layerNorm(g, op.add(g, x, out), tensors, `${layer}.attention.output.LayerNorm`, epsilon);
      const names = [`${layer}.intermediate.dense`, `${layer}.output.dense`] as const;
      return layerNorm(
        g,
        op.add(g, y, mlp(g, y, tensors, names, op.gelu, precision)),
        tensors,
        `${layer}.output.LayerNorm`,
        epsilon,
      );
    });
  }
  if (op.widthOf(x) !== width) throw new Error(`expected a width of ${width}, came ${op.widthOf(x)}`);
  g.output(x, "text");
  return g;
}
