import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";

/** The published files that make one model. */
export interface PublishedFiles {
  readonly denoiser: string;
  /** config.yaml beside the denoiser, where it lies there. */
  readonly denoiserConfig: string | null;
  readonly vae: string;
  readonly sync: string;
  readonly syncConfig: string | null;
  readonly semantic: Snapshot;
  readonly text: Snapshot;
}

/** A model of the transformers library: a folder with config.json and its weights. */
export interface Snapshot {
  readonly folder: string;
  readonly weights: string;
}

/** Names of a snapshot's weights; the first that is there is read. */
const WEIGHTS = ["model.safetensors", "pytorch_model.bin"];
const MAX_DEPTH = 4;
const MAX_FILES = 20_000;
const CARDS = {
  denoiser: 'hunyuanvideo_foley.pth or hunyuanvideo_foley_xl.pth ("tencent/HunyuanVideo-Foley" on Hugging Face)',
  vae: 'vae_128d_48k.pth ("tencent/HunyuanVideo-Foley" on Hugging Face)',
  sync: 'synchformer_state_dict.pth ("tencent/HunyuanVideo-Foley" on Hugging Face)',
  semantic: 'a folder with the SigLIP 2 model ("google/siglip2-base-patch16-512" on Hugging Face)',
  text: 'a folder with the CLAP model ("laion/larger_clap_general" on Hugging Face)',
} as const;

/**
 * Looks for the published names in a folder and its subfolders. `weights` names the denoiser where several lie there.
 * @throws UserError not_found, missing_weights
 */
export async function findPublished(dir: string, weights: string | undefined): Promise<PublishedFiles> {
  const files = await listFiles(dir);
  const named = (pattern: RegExp) => files.filter((path) => pattern.test(basename(path)));
  const denoisers = weights
    ? files.filter((path) => basename(path) === weights)
    : named(/^hunyuanvideo_foley(_xl|_xxl)?\.pth$/);
  if (denoisers.length > 1) {
    const came = denoisers.map((path) => basename(path)).join(" and ");
    throw new UserError("missing_weights", "one denoiser", came, "say which with --weights NAME.pth");
  }
  const vae = named(/^vae(_128d_48k)?\.pth$/)[0];
  const sync = named(/^synchformer_state_dict\.pth$/)[0];
  const kinds = await kindsOf(files);
  const found = { denoiser: denoisers[0], vae, sync, semantic: kinds.siglip, text: kinds.clap };
  const missing = (Object.keys(CARDS) as (keyof typeof CARDS)[]).filter((part) => !found[part]);
  if (missing.length > 0) {
    const todo = "get them where their cards are, put all into one folder and run it again";
    throw new UserError("missing_weights", `in ${dir}: ${missing.map((part) => CARDS[part]).join("; ")}`, "none", todo);
  }
  const beside = (path: string, name: string) => files.find((one) => one === join(dirname(path), name)) ?? null;
  return {
    denoiser: found.denoiser!,
    denoiserConfig: beside(found.denoiser!, "config.yaml"),
    vae: found.vae!,
    sync: found.sync!,
    syncConfig: beside(found.sync!, "config.json"),
    semantic: found.semantic!,
    text: found.text!,
  };
}

async function listFiles(root: string): Promise<string[]> {
  const facts = await stat(root).catch(() => null);
  if (!facts?.isDirectory())
    throw new UserError("not_found", "a folder with the published files", root, "check the path");
  const found: string[] = [];
  const walk = async (dir: string, depth: number): Promise<void> => {
    for (const entry of (await readdir(dir, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(dir, entry.name);
      if (found.length >= MAX_FILES) return;
      // Download caches keep the files behind links.
      const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile());
      if (isFile) found.push(path);
      else if (entry.isDirectory() && depth < MAX_DEPTH) await walk(path, depth + 1);
    }
  };
  await walk(root, 0);
  return found;
}

/** Folders by what their config.json says they hold. */
async function kindsOf(files: readonly string[]): Promise<{ siglip?: Snapshot; clap?: Snapshot }> {
  const kinds: { siglip?: Snapshot; clap?: Snapshot } = {};
  for (const path of files) {
    if (basename(path) !== "config.json") continue;
    const folder = dirname(path);
    const weights = WEIGHTS.map((name) => join(folder, name)).find((one) => files.includes(one));
    if (!weights) continue;
    const { model_type: type } = (await readJson(path)) as { model_type?: unknown };
    if (typeof type !== "string") continue;
    if (type.startsWith("siglip")) kinds.siglip ??= { folder, weights };
    if (type.startsWith("clap")) kinds.clap ??= { folder, weights };
  }
  return kinds;
}

/** @throws UserError bad_weights */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw new UserError("bad_weights", `JSON in ${path}`, "something else", "download the file again");
  }
}
