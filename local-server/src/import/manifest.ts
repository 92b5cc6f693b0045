import { type Manifest, manifestSchema } from "../../protocol/index.ts";
import type { Precision } from "../graph/linear.ts";
import { dacContext } from "../networks/dac-vae.ts";
import type { Networks } from "./networks.ts";
import { EXCLUDED_TERRITORIES, LICENCE_ID, TERMS } from "./terms.ts";

/** fp16 and 8-bit blocks are made for GPUs; the CPU computes them too, more slowly than fp32 or int8. */
const PROVIDERS: Record<Precision, readonly string[]> = {
  fp32: ["cpu"],
  int8: ["cpu"],
  fp16: ["cuda", "dml", "coreml", "webgpu", "cpu"],
  q8: ["cuda", "dml", "coreml", "webgpu", "cpu"],
};

const HALF = [0.5, 0.5, 0.5];

export function manifestOf(made: {
  readonly id: string;
  readonly dtype: Precision;
  readonly territory: string;
  readonly networks: Networks;
  readonly provenance: Manifest["provenance"];
  readonly files: Manifest["files"];
}): Manifest {
  const { id, dtype, territory, networks, provenance, files } = made;
  const { dit, dac, clap, siglip, sync } = networks.shapes;
  const graphs = (file: string) => Object.fromEntries(PROVIDERS[dtype].map((provider) => [provider, `${file}.onnx`]));
  const context = dacContext(dac);
  return manifestSchema.parse({
    format: 1,
    id,
    name: nameOf(networks),
    version: "1.0",
    description: `${nameOf(networks)} of Tencent, imported from the published weights, ${dtype}.`,
    licence: {
      id: LICENCE_ID,
      file: "LICENSE.md",
      excludedTerritories: EXCLUDED_TERRITORIES,
      use: "Not in the European Union, the United Kingdom and South Korea; the licence's acceptable use policy holds.",
      accepted: { territory, date: new Date().toISOString().slice(0, 10) },
    },
    provenance,
    roles: {
      text: {
        graphs: graphs("text"),
        tokenizer: "tokenizer.json",
        tokenizerConfig: "tokenizer_config.json",
        maxTokens: clap.maxTokens,
        width: clap.width,
        defaultNegativePrompt: "noisy, harsh",
        pair: { padId: clap.padId, keep: networks.settings.textTokens },
      },
      semantic: {
        graphs: graphs("semantic"),
        fps: 8,
        batch: 1,
        width: siglip.width,
        picture: {
          width: siglip.size,
          height: siglip.size,
          fit: "squash",
          filter: "bilinear",
          exact: true,
          color: "rgb",
          mean: HALF,
          std: HALF,
        },
      },
      sync: {
        kind: "segments",
        graphs: graphs("sync"),
        fps: 25,
        segment: sync.steps * sync.framesPerStep,
        stride: 8,
        tokens: sync.steps,
        width: sync.width,
        batch: 1,
        picture: {
          width: sync.size,
          height: sync.size,
          fit: "crop",
          shortSide: sync.size,
          filter: "bicubic",
          exact: true,
          color: "rgb",
          mean: HALF,
          std: HALF,
        },
      },
      denoiser: {
        graphs: graphs("denoiser"),
        inputs: ["latents", "timestep", "text", "semantic", "sync"],
        timestepScale: 1000,
        solver: "euler",
        steps: 50,
        shift: networks.settings.shift,
        guidance: 4.5,
        channels: dit.channels,
        windowLatents: 400,
        overlapLatents: 96,
        prepared: {
          conditions: graphs("conditions"),
          modulation: graphs("modulation"),
          headWidth: dit.headWidth,
          theta: 10_000,
          empty: "empty.f32",
        },
      },
      decoder: {
        graphs: graphs("decoder"),
        sampleRate: 48_000,
        hop: dac.hop,
        channels: dac.channels,
        chunkLatents: 100,
        contextLatents: context.decoder,
      },
      encoder: { graphs: graphs("encoder"), chunkLatents: 100, contextLatents: context.encoder },
    },
    files,
  });
}

function nameOf({ shapes: { dit } }: Networks): string {
  const known: Record<string, string> = { "1408 12 24": "XL", "1536 18 36": "XXL" };
  const size = known[`${dit.hidden} ${dit.triple} ${dit.single}`];
  return `HunyuanVideo-Foley${size ? ` ${size}` : ` (${dit.hidden} wide, ${dit.triple} + ${dit.single} blocks)`}`;
}

export const licenceText = (territory: string): string =>
  `# Licence\n\n${TERMS}\n\nAgreed to for the territory ${territory}.\n`;

export function cardText(manifest: Manifest, dtype: Precision, { shapes: { dit } }: Networks): string {
  const megabytes = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const sources = manifest.provenance.map(({ name, sha256 }) => `- ${name}: sha256 ${sha256}`).join("\n");
  return `# ${manifest.name}

Imported from the published weights by \`foley models import\`; ${dtype}, ${megabytes.toFixed(0)} MB. ${dit.hidden} wide, ${dit.heads} heads,
${dit.triple} two-stream and ${dit.single} single blocks. Windows of 8 s; longer ranges in windows that overlap by 1.9 s.

## Made from
${sources}

## Licence
${TERMS}

## What it can't do
The graphs were held against the public code on small random models (\`foley models verify\`), not on these weights. GPU providers
are untested. The seed's noise is ours, not PyTorch's: the same seed gives another sound than there.
`;
}
