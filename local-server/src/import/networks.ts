import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Graph, Tensors } from "../graph/graph.ts";
import { assertSize, type Precision } from "../graph/linear.ts";
import * as clap from "../networks/clap-text.ts";
import * as dac from "../networks/dac-vae.ts";
import * as dit from "../networks/hunyuan-dit.ts";
import * as siglip from "../networks/siglip2.ts";
import * as sync from "../networks/synchformer.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { openTorch } from "../weights/torch.ts";
import { type PublishedFiles, readJson, type Snapshot } from "./find.ts";

/** All networks of a published model, built and checked against their files; nothing of the weights is read yet. */
export interface Networks extends AsyncDisposable {
  readonly shapes: {
    readonly dit: dit.DitShape;
    readonly dac: dac.DacShape;
    readonly clap: clap.ClapShape;
    readonly siglip: siglip.SiglipShape;
    readonly sync: sync.SyncShape;
  };
  readonly graphs: {
    readonly text: Graph;
    readonly semantic: Graph;
    readonly sync: Graph;
    readonly conditions: Graph;
    readonly modulation: Graph;
    readonly denoiser: Graph;
    readonly decoder: Graph;
    readonly encoder: Graph;
  };
  /** Learned rows for "no picture", semantic then sync. */
  empty(): Promise<Float32Array>;
  readonly settings: { readonly textTokens: number; readonly shift: number };
}

/** Tensors of the published files that their networks do not use, or that we do not. */
const IDLE = {
  denoiser: /^(final_layer\.adaLN_modulation\.|empty_|triple_blocks\.\d+\.v_cond_)/,
  vae: /^(?!state_dict\.)/,
  sync: /^(?!vfeat_extractor\.)|^vfeat_extractor\.(patch_embed\.|head\.|pre_logits\.)/,
  semantic: /^(?!vision_model\.)/,
  text: /^(?!text_model\.)|^text_model\.(pooler\.|embeddings\.(position_ids|token_type_ids)$)/,
} as const;

/** @throws UserError bad_weights, naming file and tensor */
export async function openNetworks(files: PublishedFiles, precision: Precision): Promise<Networks> {
  const open: Checkpoint[] = [];
  const use = async (opened: Promise<Checkpoint>): Promise<Checkpoint> => {
    open.push(await opened);
    return open.at(-1)!;
  };
  try {
    const files5 = {
      denoiser: await use(openTorch(files.denoiser)),
      vae: await use(openTorch(files.vae)),
      sync: await use(openTorch(files.sync)),
      semantic: await use(openSnapshot(files.semantic)),
      text: await use(openSnapshot(files.text)),
    };
    const seen = {
      denoiser: watched(files5.denoiser, ""),
      vae: watched(files5.vae, "state_dict."),
      sync: watched(files5.sync, sync.SYNCHFORMER_ROOT),
      semantic: watched(files5.semantic, ""),
      text: watched(files5.text, ""),
    };
    const settings = settingsOf(files.denoiserConfig && (await readFile(files.denoiserConfig, "utf8")));
    const kwargs = (files5.vae.metadata as { metadata?: { kwargs?: unknown } } | null)?.metadata?.kwargs;
    const syncConfig = files.syncConfig && (await readJson(files.syncConfig));
    const configs = {
      clap: await readJson(join(files.text.folder, "config.json")),
      siglip: await readJson(join(files.semantic.folder, "config.json")),
    };
    const inFile = <T>(part: keyof typeof files5, build: () => T): T => {
      try {
        return build();
      } catch (error) {
        if (error instanceof UserError) throw error;
        const came = error instanceof Error ? error.message : String(error);
        throw wrong(files5[part].path, "the published network", came);
      }
    };
    const shapes = {
      dit: inFile("denoiser", () => dit.ditShape(seen.denoiser)),
      dac: inFile("vae", () => dac.dacShape(seen.vae, kwargs)),
      clap: inFile("text", () => clap.clapShape(seen.text, configs.clap)),
      siglip: inFile("semantic", () => siglip.siglipShape(seen.semantic, configs.siglip)),
      sync: inFile("sync", () => sync.syncShape(seen.sync, syncConfig)),
    };
    fitTogether(shapes, files);
    inFile("denoiser", () => {
      assertSize(seen.denoiser, "empty_clip_feat", shapes.dit.semantic);
      assertSize(seen.denoiser, "empty_sync_feat", shapes.dit.sync);
    });
    const graphs = {
      text: inFile("text", () => clap.buildClapText(seen.text, shapes.clap, "fp32")),
      semantic: inFile("semantic", () => siglip.buildSiglip2(seen.semantic, shapes.siglip, "fp32")),
      sync: inFile("sync", () => sync.buildSynchformer(seen.sync, shapes.sync, "fp32")),
      conditions: inFile("denoiser", () => dit.buildConditions(seen.denoiser, shapes.dit)),
      modulation: inFile("denoiser", () => dit.buildModulation(seen.denoiser, shapes.dit, precision)),
      denoiser: inFile("denoiser", () => dit.buildStep(seen.denoiser, shapes.dit, precision)),
      decoder: inFile("vae", () => dac.buildDacDecoder(seen.vae, shapes.dac)),
      encoder: inFile("vae", () => dac.buildDacEncoder(seen.vae, shapes.dac)),
    };
    for (const part of Object.keys(IDLE) as (keyof typeof IDLE)[]) {
      const extra = files5[part].names().find((name) => !seen[part].used.has(name) && !IDLE[part].test(name));
      if (extra) throw wrong(files5[part].path, "only tensors of the published network", `the tensor ${extra} as well`);
    }
    return {
      shapes,
      graphs,
      settings,
      async empty() {
        const rows = [await seen.denoiser.floats("empty_clip_feat"), await seen.denoiser.floats("empty_sync_feat")];
        return Float32Array.from([...rows[0]!, ...rows[1]!]);
      },
      async [Symbol.asyncDispose]() {
        for (const one of open) await one[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    for (const one of open) await one[Symbol.asyncDispose]();
    throw error;
  }
}

const openSnapshot = ({ weights }: Snapshot): Promise<Checkpoint> =>
  weights.endsWith(".safetensors") ? openSafetensors(weights) : openTorch(weights);

/** A checkpoint under a root, that remembers what was asked for and gives no value that is not finite. */
function watched(checkpoint: Checkpoint, root: string): Tensors & { readonly used: ReadonlySet<string> } {
  const used = new Set<string>();
  return {
    used,
    names: () =>
      checkpoint
        .names()
        .filter((name) => name.startsWith(root))
        .map((name) => name.slice(root.length)),
    has: (name) => checkpoint.has(root + name),
    dims(name) {
      used.add(root + name);
      return checkpoint.dims(root + name);
    },
    async floats(name) {
      used.add(root + name);
      const values = await checkpoint.floats(root + name);
      // A sum is not finite where a value is not; one pass without a branch.
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
      if (sum !== 0) throw wrong(checkpoint.path, `finite values in ${root}${name}`, "NaN or infinity");
      return values;
    },
  };
}

function fitTogether({ dit: d, dac: v, clap: c, siglip: p, sync: s }: Networks["shapes"], files: PublishedFiles): void {
  const pairs: [string, number, number][] = [
    [`latent channels of ${files.vae}`, d.channels, v.channels],
    [`words' width of ${files.text.weights}`, d.text, c.width],
    [`picture's width of ${files.semantic.weights}`, d.semantic, p.width],
    [`sync width of ${files.sync}`, d.sync, s.width],
  ];
  for (const [what, wanted, came] of pairs) {
    if (wanted !== came) throw wrong(files.denoiser, `${wanted} ${what}`, String(came));
  }
}

/** The few lines of config.yaml that change the arithmetic; what is not there is as published. */
function settingsOf(yaml: string | null): Networks["settings"] {
  const value = (key: string): string | undefined => new RegExp(`^\\s*${key}:\\s*(\\S+)`, "m").exec(yaml ?? "")?.[1];
  const unlike = (key: string, wanted: string) => {
    const came = value(key);
    if (came !== undefined && came.toLowerCase() !== wanted) {
      throw new UserError(
        "bad_weights",
        `${key}: ${wanted} in config.yaml`,
        came,
        "this variant of the network is not known",
      );
    }
  };
  unlike("sync_modulation", "false");
  unlike("add_sync_feat_to_audio", "true");
  unlike("interleaved_audio_visual_rope", "true");
  unlike("use_attention_mask", "false");
  unlike("qk_norm", "true");
  return { textTokens: Number(value("text_length") ?? 77), shift: Number(value("sample_flow_shift") ?? 1) };
}

const wrong = (path: string, expected: string, came: string): UserError =>
  new UserError("bad_weights", `${expected} in ${path}`, came, "use the files as they are published, unchanged");
