import { fork } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled, throwIfCancelled, UserError } from "../errors.ts";
import { gflopOf } from "../graph/cost.ts";
import { type Graph, saveGraph, sizeOf, type Tensors } from "../graph/graph.ts";
import type { Precision } from "../graph/linear.ts";
import { buildStep, type DitShape, ditShape } from "../networks/hunyuan-dit.ts";
import { createRandom } from "../random.ts";
import type { ShapeOrder, ShapeTimes } from "./shape-run.ts";

/** Sizes of the published denoisers (configs of the public code). */
export const SHAPES = {
  xl: { hidden: 1408, heads: 11, triple: 12, single: 24 },
  xxl: { hidden: 1536, heads: 12, triple: 18, single: 36 },
} as const;

/** One guided 8 s forward: a batch of two, 400 latents, 64 pictures, 192 + 8 different sync rows, 77 words. */
const SIZES = { B: 2, L: 400, T: 64, U: 200, W: 77 };

export interface ShapeBench extends ShapeTimes {
  readonly shape: string;
  readonly dtype: Precision;
  /** Quickest of the runs. */
  readonly seconds: number;
  /** Arithmetic that is really done, and that of the same forward in the public code. */
  readonly gflop: number;
  readonly publicGflop: number;
  readonly gflopPerSecond: number;
}

/**
 * Times a denoiser of a published size with random weights: needs no file, but room for the weights in the temp folder. It
 * runs in a process of its own, so that the memory is the session's alone.
 */
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
    const path = await writeGraph(step, folder, signal);
    const inputs = step.inputs.map(({ name: input, dtype: type, dims }) => ({ name: input, dtype: type, dims }));
    const made = await timed({ path, inputs, sizes: SIZES, runs }, signal);
    const seconds = Math.min(...made.runs);
    const gflop = gflopOf(step, SIZES);
    return {
      ...made,
      shape: name,
      dtype,
      seconds,
      gflop,
      publicGflop: publicGflop(tensors, shape),
      gflopPerSecond: gflop / seconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeGraph(graph: Graph, folder: string, signal: AbortSignal): Promise<string> {
  const path = join(folder, "step.onnx");
  const data = await open(join(folder, "step.data"), "wx");
  try {
    const onnx = await saveGraph(graph, "step.data", {
      async write(bytes) {
        throwIfCancelled(signal);
        for (let at = 0; at < bytes.length; ) at += (await data.write(bytes, at)).bytesWritten;
      },
    });
    await writeFile(path, onnx);
  } finally {
    await data.close();
  }
  return path;
}

function timed(order: ShapeOrder, signal: AbortSignal): Promise<ShapeTimes> {
  const child = fork(join(import.meta.dirname, "shape-run.ts"), {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
    serialization: "advanced",
    execArgv: [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<ShapeTimes>();
  const onAbort = () => child.kill("SIGKILL");
  signal.addEventListener("abort", onAbort, { once: true });
  child.on("message", (made) => resolve(made as ShapeTimes));
  child.on("exit", (code, by) => {
    signal.removeEventListener("abort", onAbort);
    const todo = "give it more memory, or take a smaller shape or dtype";
    const came = `its process ended (${by ?? `exit ${code}`})`;
    reject(signal.aborted ? cancelled() : new UserError("engine_crashed", "the denoiser to run", came, todo));
  });
  child.send(order);
  return promise;
}

/**
 * The same forward as the public code does it: convolutions by their definition (ours need two thirds on CPUs), modulation
 * of every token and block, the words' keys and values, and the picture's stream to the end.
 */
function publicGflop(tensors: Tensors, shape: DitShape): number {
  const { hidden, triple, single } = shape;
  const { B, L, U, W, T } = SIZES;
  const square = (2 * hidden * hidden) / 1e9;
  const modulation = 6 * square * single * (B * L - U);
  const lastBlock = 12 * square * B * T;
  const direct = gflopOf(buildStep(tensors, shape, "fp16"), SIZES);
  return direct + modulation + triple * (18 * square * B + 2 * square * B * W) + lastBlock;
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

/** Width of the words, the picture and the sync rows, and channels of the latents, in the published denoisers. */
const BORDERS = { text: 768, semantic: 768, sync: 768, channels: 128 };

/** Names and shapes of a published denoiser's tensors. */
export function denoiserDims(
  size: { readonly hidden: number; readonly heads: number; readonly triple: number; readonly single: number },
  borders: typeof BORDERS = BORDERS,
): Map<string, number[]> {
  const { text, semantic, sync, channels } = borders;
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
  dims.set("sync_pos_emb", [1, 1, 8, sync]);
  dims.set("empty_clip_feat", [1, semantic]);
  dims.set("empty_sync_feat", [1, sync]);
  conv("audio_embedder.proj", h, channels, 1, true);
  for (const [name, from] of [
    ["w1", semantic],
    ["w2", h],
    ["w3", semantic],
  ] as const)
    linear(`visual_proj.${name}`, h, from, false);
  linear("cond_in.linear_1", h, text);
  linear("cond_in.linear_2", h, h);
  linear("time_in.mlp.0", h, 256);
  linear("time_in.mlp.2", h, h);
  linear("sync_in.0", h, sync);
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
  linear("final_layer.linear", channels, h);
  linear("final_layer.adaLN_modulation.1", 2 * h, h);
  return dims;
}
