import { type Graph, saveInline, type Tensors } from "../graph/graph.ts";
import { buildEfficientNetLite } from "../networks/efficientnet-lite.ts";
import { buildMiniDecoder, buildMiniEncoder } from "../networks/mini-codec.ts";
import { buildMiniDenoiser } from "../networks/mini-dit.ts";
import { buildMiniSync } from "../networks/mini-sync.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { openTorch } from "../weights/torch.ts";

/** The networks of foley-mini whose graphs we write, and where their tensors stand in a file of its training. */
const NETWORKS: Readonly<Record<string, { build: (tensors: Tensors) => Graph; within: string }>> = {
  semantic: { build: buildEfficientNetLite, within: "" },
  sync: { build: buildMiniSync, within: "" },
  encoder: { build: buildMiniEncoder, within: "encoder." },
  decoder: { build: buildMiniDecoder, within: "decoder." },
  denoiser: { build: buildMiniDenoiser, within: "average." },
};
export const WRITTEN_ROLES = Object.keys(NETWORKS);

/**
 * The .onnx file of a role, from trained weights (.pth, .pt or .safetensors).
 * @throws UserError bad_weights
 */
export async function miniGraph(role: string, weights: string): Promise<Uint8Array> {
  const { build, within } = NETWORKS[role]!;
  await using file = await (weights.endsWith(".safetensors") ? openSafetensors(weights) : openTorch(weights));
  const prefix = file.names().some((name) => name.startsWith(within)) ? within : "";
  return await saveInline(
    build({
      names: () => file.names().map((name) => name.slice(prefix.length)),
      has: (name) => file.has(prefix + name),
      dims: (name) => file.dims(prefix + name),
      floats: (name) => file.floats(prefix + name),
    }),
  );
}
