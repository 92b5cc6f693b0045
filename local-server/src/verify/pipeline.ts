import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context } from "../pipeline/types.ts";
import { planWindows } from "../pipeline/windows.ts";
import { eulerScheduler } from "../sampling/scheduler.ts";
import { emptyRows } from "../stages/conditioning.ts";
import { decode } from "../stages/decode.ts";
import { denoise } from "../stages/denoise.ts";
import { SILENT as NO_GUIDE } from "../stages/guide.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { maxRelativeError, type Row, skipped, within } from "./compare.ts";
import { tensorOf } from "./networks.ts";
import { readJsonFile } from "./verify.ts";

const LIMIT = 1e-3;

interface PipelineCase {
  readonly steps: number;
  readonly guidance_scale: number;
  readonly schedules_50_steps?: Readonly<
    Record<string, { readonly sigmas: readonly number[]; readonly timesteps: readonly number[] }>
  >;
}

/** The whole loop from stored features and stored noise, guided and not, and the schedules. */
export async function pipelineRows(bundle: Bundle, dir: string): Promise<Row[]> {
  const folder = join(dir, "pipeline-tiny");
  if (!existsSync(join(folder, "case.json"))) return [skipped("pipeline", "case", `no case.json in ${folder}`)];
  const given = (await readJsonFile(join(folder, "case.json"))) as PipelineCase;
  await using file = await openSafetensors(join(folder, "case.safetensors"));
  const rows: Row[] = [];
  for (const [shift, { sigmas, timesteps }] of Object.entries(given.schedules_50_steps ?? {})) {
    const schedule = eulerScheduler(timesteps.length, Number(shift), bundle.manifest.roles.denoiser.timestepScale);
    rows.push(within("schedule", `shift ${shift} sigmas`, maxRelativeError(schedule.sigmas, sigmas), 1e-6));
    rows.push(within("schedule", `shift ${shift} timesteps`, maxRelativeError(schedule.timesteps, timesteps), 1e-6));
  }
  const [semantic, sync, text, negative, noise] = await Promise.all(
    ["semantic", "sync", "text", "negative_text", "noise"].map((name) => tensorOf(file, name)),
  );
  const features = { semantic: semantic!, sync: sync!, text: pairOf(negative!, text!), noise: noise! };
  const guided = await run(bundle, features, given.steps, given.guidance_scale);
  rows.push(within("pipeline", "audio", maxRelativeError(guided.audio, await file.floats("audio")), LIMIT));
  const plain = await run(bundle, features, given.steps, 1);
  const wanted = await file.floats("audio_unguided");
  rows.push(within("pipeline", "audio, guidance 1", maxRelativeError(plain.audio, wanted), LIMIT));
  // The goldens' maker keeps the latents of its last run, the one without guidance.
  const latents = await file.floats("latents");
  rows.push(within("pipeline", "latents, guidance 1", maxRelativeError(plain.latents.data, latents), LIMIT));
  return rows;
}

/** [1,W,D] twice -> [2,W,D] */
export const pairOf = (negative: Tensor, positive: Tensor): Tensor =>
  tensor(Float32Array.from([...negative.data, ...positive.data]), [2, positive.dims[1]!, positive.dims[2]!]);

/** The product's own loop and decoder over one window, from features [1,·,·] and noise [1,C,L]. */
export async function run(
  bundle: Bundle,
  features: { readonly semantic: Tensor; readonly sync: Tensor; readonly text: Tensor; readonly noise: Tensor },
  steps: number,
  guidance: number,
): Promise<{ latents: Tensor; audio: Float32Array }> {
  const rows = ({ data, dims }: Tensor) => tensor(data, dims.slice(-2));
  const latentLength = features.noise.dims[2]!;
  const media = { fromSeconds: 0, handleSamples: 0, sampleCount: 0, latentLength };
  const plan = { steps, guidance, guideStrength: 1, media };
  const conditioning = {
    text: features.text,
    sync: rows(features.sync),
    picture: { semantic: rows(features.semantic), empty: await emptyRows(bundle) },
  };
  const windows = planWindows(latentLength, latentLength, 0, []);
  const latents = await denoise(plan, windows, conditioning, [features.noise], null, bundle, SILENT);
  const { action } = await decode(plan, NO_GUIDE, latents, bundle, SILENT);
  return { latents: latents[0]!, audio: action! };
}

export const SILENT: Context = { signal: new AbortController().signal, progress: () => {}, note: () => {} };
