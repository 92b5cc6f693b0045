import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const GOLDENS = join(import.meta.dirname, "../golden/published");

/** Where the files lie in a folder of tiny published models. */
export const FILES = {
  denoiser: "hunyuanvideo_foley.pth",
  vae: "vae_128d_48k.pth",
  sync: "synchformer_state_dict.pth",
  semantic: "siglip2/model.safetensors",
  text: "clap/model.safetensors",
} as const;

/** Lays the tiny models of the goldens into a folder, as a user has the published ones after the downloads. */
export function copyPublished(folder: string): void {
  const copy = (from: string, to: string) => cpSync(join(GOLDENS, from), join(folder, to), { recursive: true });
  copy("dit-tiny/hunyuanvideo_foley_bf16.pth", FILES.denoiser);
  copy("dit-tiny/config.yaml", "config.yaml");
  copy("dac-vae-tiny/vae.pth", FILES.vae);
  copy("synchformer-tiny/synchformer_state_dict.pth", FILES.sync);
  copy("synchformer-tiny/config.json", "config.json");
  for (const [from, to] of [
    ["siglip2-tiny", "siglip2"],
    ["clap-tiny", "clap"],
  ] as const) {
    mkdirSync(join(folder, to));
    for (const name of readdirSync(join(GOLDENS, from))) {
      if (!name.startsWith("case")) copy(`${from}/${name}`, `${to}/${name}`);
    }
  }
}
