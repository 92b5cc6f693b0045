import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwIfCancelled } from "../errors.ts";
import { gflopOf } from "../graph/cost.ts";
import { saveGraph, type Tensors } from "../graph/graph.ts";
import type { Precision } from "../graph/linear.ts";
import { buildStep, type DitShape, ditShape } from "../networks/hunyuan-dit.ts";
import { measureMatMul } from "../onnx/peak.ts";
import { sessionThreads } from "../onnx/providers.ts";
import { type Feed, openSession } from "../onnx/session.ts";
import { sizeOf, tensor } from "../onnx/tensor.ts";
import { createRandom } from "../random.ts";

/** Sizes of the published denoisers (configs of the public code). */
export const SHAPES = {
  xl: { hidden: 1408, heads: 11, triple: 12, single: 24 },
  xxl: { hidden: 1536, heads: 12, triple: 18, single: 36 },
} as const;

/** One guided 8 s forward: a batch of two, 400 latents, 64 pictures, 192 + 8 different sync rows, 77 words. */
const SIZES = { B: 2, L: 400, T: 64, U: 200, W: 77 };

export interface ShapeBench {
  readonly shape: string;
  readonly dtype: Precision;
  /** Quickest of the runs. */
  readonly seconds: number;
  readonly runs: readonly number[];
  readonly openSeconds: number;
  /** Arithmetic that is really done, and that of the same forward in the public code. */
  readonly gflop: number;
  readonly publicGflop: number;
  readonly gflopPerSecond: number;
  readonly peakGflopPerSecond: number;
  readonly peakMemoryMiB: number;
  readonly threads: number;
}

/** Times a denoiser of a published size with random weights: needs no file, but room for the weights in the temp folder. */
export async function benchShape(
  name: keyof typeof SHAPES,
  dtype: Precision,
  runs: number,
  signal: AbortSignal,
): Promise<ShapeBench> {
  const tensors = randomTensors(denoiserDims(SHAPES[name]));
  const shape = ditShape(tensors);
  const folder = await mkdtemp(join(tmpdir(), "foley-bench-"));
  try {
    const step = buildStep(tensors, shape, dtype);
    const data = await open(join(folder, "step.data"), "wx");
    const onnx = await saveGraph(step, "step.data", {
      async write(bytes) {
        throwIfCancelled(signal);
        for (let at = 0; at < bytes.length; ) at += (await data.write(bytes, at)).bytesWritten;
      },
    });
    await data.close();
    const path = join(folder, "step.onnx");
    await writeFile(path, onnx);
    const threads = sessionThreads();
    const { gflopPerSecond: peak } = await measureMatMul("cpu", 2048, 2);
    const started = performance.now();
    await using session = await openSession([{ provider: "cpu", graph: path }], threads);
    const openSeconds = (performance.now() - started) / 1000;
    const feeds = feedsOf(step.inputs);
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      throwIfCancelled(signal);
      const began = performance.now();
      await session.run(feeds);
      times.push((performance.now() - began) / 1000);
    }
    const seconds = Math.min(...times);
    const gflop = gflopOf(step, SIZES);
    return {
      shape: name,
      dtype,
      seconds,
      runs: times,
      openSeconds,
      gflop,
      publicGflop: publicGflop(shape, gflop),
      gflopPerSecond: gflop / seconds,
      peakGflopPerSecond: peak,
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      threads,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What our graph leaves out: single-block modulation of every token, that of the two-stream blocks, the words' keys and values. */
function publicGflop({ hidden, triple, single }: DitShape, ours: number): number {
  const { B, L, U, W, T } = SIZES;
  const square = (2 * hidden * hidden) / 1e9;
  const modulation = 6 * square * single * (B * L - U);
  const lastBlock = 12 * square * B * T;
  return ours + modulation + triple * (18 * square * B + 2 * square * B * W) + lastBlock;
}

function feedsOf(
  inputs: readonly { readonly name: string; readonly dtype: string; readonly dims: readonly (number | string)[] }[],
) {
  const random = createRandom(2);
  const size = (dim: number | string): number =>
    typeof dim === "number" ? dim : dim.split("+").reduce((sum, term) => sum + SIZES[term as keyof typeof SIZES], 0);
  const feeds: Record<string, Feed> = {};
  for (const { name, dtype, dims } of inputs) {
    const sizes = dims.map(size);
    const count = sizeOf(sizes);
    feeds[name] =
      dtype === "i64"
        ? { data: BigInt64Array.from({ length: count }, (_, i) => BigInt(i % SIZES.U)), dims: sizes }
        : tensor(
            Float32Array.from({ length: count }, () => random.next() - 0.5),
            sizes,
          );
  }
  return feeds;
}

/** Values that differ from tensor to tensor, of the size that trained weights have; one block of random numbers, turned and scaled. */
function randomTensors(dims: ReadonlyMap<string, readonly number[]>): Tensors {
  const random = createRandom(1);
  const block = Float32Array.from({ length: (1 << 20) - 3 }, () => random.next() - 0.5);
  const names = [...dims.keys()];
  return {
    names: () => names,
    has: (name) => dims.has(name),
    dims(name) {
      const found = dims.get(name);
      if (!found) throw new Error(`expected the tensor ${name}, came a network without it`);
      return found;
    },
    async floats(name) {
      const shape = dims.get(name)!;
      const out = new Float32Array(sizeOf(shape));
      const scale = 2 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));
      const turn = (names.indexOf(name) * 7919) % block.length;
      for (let i = 0, k = turn; i < out.length; i++, k = k + 1 === block.length ? 0 : k + 1) out[i] = scale * block[k]!;
      return out;
    },
  };
}

/** Names and shapes of a published denoiser's tensors. */
export function denoiserDims(size: {
  hidden: number;
  heads: number;
  triple: number;
  single: number;
}): Map<string, number[]> {
  const { hidden: h, heads, triple, single } = size;
  const head = h / heads;
  const wide = 256 * Math.ceil(Math.trunc((8 * h) / 3) / 256);
  const dims = new Map<string, number[]>();
  const linear = (name: string, out: number, from: number, bias = true) => {
    dims.set(`${name}.weight`, [out, from]);
    if (bias) dims.set(`${name}.bias`, [out]);
  };
  const conv = (name: string, out: number, from: number, kernel: number, bias = false) => {
    dims.set(`${name}.weight`, [out, from, kernel]);
    if (bias) dims.set(`${name}.bias`, [out]);
  };
  dims.set("sync_pos_emb", [1, 1, 8, 768]);
  dims.set("empty_clip_feat", [1, 768]);
  dims.set("empty_sync_feat", [1, 768]);
  conv("audio_embedder.proj", h, 128, 1, true);
  for (const [name, from] of [
    ["w1", 768],
    ["w2", h],
    ["w3", 768],
  ] as const)
    linear(`visual_proj.${name}`, h, from, false);
  linear("cond_in.linear_1", h, 768);
  linear("cond_in.linear_2", h, h);
  linear("time_in.mlp.0", h, 256);
  linear("time_in.mlp.2", h, h);
  linear("sync_in.0", h, 768);
  conv("sync_in.2.w1", wide, h, 1);
  conv("sync_in.2.w2", h, wide, 1);
  conv("sync_in.2.w3", wide, h, 1);
  for (let i = 0; i < triple; i++) {
    const at = (name: string) => `triple_blocks.${i}.${name}`;
    for (const name of ["audio_mod.linear", "v_cond_mod.linear"]) linear(at(name), 9 * h, h);
    for (const name of ["audio_self_attn_qkv", "v_cond_attn_qkv"]) linear(at(name), 3 * h, h);
    for (const name of ["audio_self_proj", "v_cond_self_proj", "audio_cross_q", "v_cond_cross_q"])
      linear(at(name), h, h);
    for (const name of ["audio_cross_proj", "v_cond_cross_proj"]) linear(at(name), h, h);
    linear(at("text_cross_kv"), 2 * h, h);
    for (const name of ["audio_self_q", "audio_self_k", "v_cond_attn_q", "v_cond_attn_k"])
      dims.set(at(`${name}_norm.weight`), [head]);
    for (const name of ["audio_cross_q", "v_cond_cross_q", "text_cross_k"]) dims.set(at(`${name}_norm.weight`), [head]);
    for (const name of ["audio_mlp", "v_cond_mlp"]) {
      linear(at(`${name}.fc1`), 4 * h, h);
      linear(at(`${name}.fc2`), h, 4 * h);
    }
  }
  for (let i = 0; i < single; i++) {
    const at = (name: string) => `single_blocks.${i}.${name}`;
    linear(at("modulation.linear"), 6 * h, h);
    linear(at("linear_qkv"), 3 * h, h);
    conv(at("linear1"), h, h, 3, true);
    conv(at("linear2.w1"), wide, h, 3);
    conv(at("linear2.w2"), h, wide, 3);
    conv(at("linear2.w3"), wide, h, 3);
    for (const name of ["q_norm", "k_norm"]) dims.set(at(`${name}.weight`), [head]);
  }
  linear("final_layer.linear", 128, h);
  linear("final_layer.adaLN_modulation.1", 2 * h, h);
  return dims;
}
