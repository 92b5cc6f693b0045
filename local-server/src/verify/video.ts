import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { generateRequestSchema, type PictureSpec } from "../../protocol/index.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { makePlan } from "../pipeline/plan.ts";
import type { FrameChoice } from "../pipeline/types.ts";
import { createResizer } from "../stages/resize.ts";
import { encodePair } from "../stages/text-features.ts";
import { visualFeatures } from "../stages/visual-features.ts";
import { openFrames } from "../video/frames.ts";
import { type ProbedClip, probeClip } from "../video/probe.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { equal, maxRelativeError, type Row, skipped, within } from "./compare.ts";
import { tensorOf } from "./networks.ts";
import { pairOf, run, SILENT } from "./pipeline.ts";
import { readJsonFile } from "./verify.ts";

const FEATURES_LIMIT = 1e-2;
/** u8 levels. */
const MEAN_LEVELS = 0.02;
const MAX_LEVELS = 8;

interface StreamCase {
  readonly fps: number;
  readonly frames: readonly number[];
  readonly seconds: number;
}
interface VideoCase {
  readonly siglip2: StreamCase;
  readonly synchformer: StreamCase;
  readonly pixels: { readonly semantic: readonly number[]; readonly sync: readonly number[] };
  readonly pipeline?: {
    readonly prompt: string;
    readonly negative_prompt: string;
    readonly steps: number;
    readonly guidance_scale: number;
  };
}

/** Clips of the product itself. */
const OWN_CLIPS = resolve(import.meta.dirname, "../../../test/fixtures");

/**
 * Frame choice, pixels and the whole pipeline from real clips. They are looked for in `clips`, else beside the goldens and
 * among our own; what is not found is a row that says so.
 */
export async function videoRows(
  bundle: Bundle,
  dir: string,
  clips: string | undefined,
  signal: AbortSignal,
): Promise<Row[]> {
  const folder = join(dir, "video");
  if (!existsSync(join(folder, "cases.json"))) return [skipped("video", "cases", `no cases.json in ${folder}`)];
  const cases = (await readJsonFile(join(folder, "cases.json"))) as Record<string, VideoCase>;
  const rows: Row[] = [];
  const folders = clips ? [clips] : [join(dir, "clips"), join(dir, "../data/clips"), OWN_CLIPS];
  for (const [name, one] of Object.entries(cases)) {
    const path = folders.map((place) => join(place, name)).find((place) => existsSync(place));
    if (!path) {
      rows.push(skipped("video", name, `the clip is not in ${folders.join(", ")}; say where with --clips DIR`));
      continue;
    }
    const clip = await probeClip(path, signal);
    const stem = name.replace(/\.[^.]*$/, "");
    const request = generateRequestSchema.parse({ video: path, model: bundle.manifest.id, reference: true });
    const plan = makePlan(request, clip, bundle.manifest);
    rows.push(equal("frames", `${name} semantic`, plan.semantic!.frames, one.siglip2.frames));
    rows.push(equal("frames", `${name} sync`, plan.sync!.frames, one.synchformer.frames));
    await using pixels = await openSafetensors(join(folder, `${stem}.pixels.safetensors`));
    const { semantic, sync } = bundle.manifest.roles;
    for (const [kind, picture, choice] of [
      ["semantic", semantic.picture, plan.semantic!],
      ["sync", sync.picture, plan.sync!],
    ] as const) {
      rows.push(...(await pixelRows(clip, name, kind, picture, choice, one.pixels[kind], pixels, signal)));
    }
    const whole = join(folder, `${stem}.pipeline.safetensors`);
    if (one.pipeline && existsSync(whole))
      rows.push(...(await wholeRows(bundle, name, path, one.pipeline, whole, clip)));
  }
  return rows;
}

async function pixelRows(
  clip: ProbedClip,
  name: string,
  kind: "semantic" | "sync",
  picture: PictureSpec,
  all: FrameChoice,
  positions: readonly number[],
  file: Checkpoint,
  signal: AbortSignal,
): Promise<Row[]> {
  const choice = {
    frames: Int32Array.from(positions, (position) => all.frames[position]!),
    times: Float64Array.from(positions, (position) => clip.frameTimes[all.frames[position]!]!),
  };
  const wanted = await file.floats(kind);
  const resizer = createResizer(picture, clip.width, clip.height);
  const frames = openFrames({
    clip,
    semantic: choice,
    sync: null,
    semanticPicture: picture,
    syncPicture: null,
    signal,
    onNote: () => {},
    asStored: true,
  });
  let sum = 0;
  let largest = 0;
  for await (const { pixels, index } of frames) {
    const data = resizer.resize(pixels);
    const area = picture.width * picture.height;
    for (let i = 0; i < data.length; i++) {
      const channel = Math.floor(i / area);
      const level = Math.round((data[i]! * picture.std[channel]! + picture.mean[channel]!) * 255);
      const apart = Math.abs(Math.max(0, Math.min(255, level)) - wanted[index * data.length + i]!);
      sum += apart;
      largest = Math.max(largest, apart);
    }
  }
  return [
    within("pixels", `${name} ${kind} mean level`, sum / wanted.length, MEAN_LEVELS),
    within("pixels", `${name} ${kind} largest level`, largest, MAX_LEVELS),
  ];
}

async function wholeRows(
  bundle: Bundle,
  name: string,
  video: string,
  given: NonNullable<VideoCase["pipeline"]>,
  path: string,
  clip: ProbedClip,
): Promise<Row[]> {
  await using file = await openSafetensors(path);
  const request = generateRequestSchema.parse({
    video,
    prompt: given.prompt,
    model: bundle.manifest.id,
    reference: true,
  });
  const plan = makePlan(request, clip, bundle.manifest);
  const visual = await visualFeatures(plan, bundle, SILENT);
  const text = await encodePair(given.negative_prompt, given.prompt, bundle);
  const words = pairOf(await tensorOf(file, "negative_text"), await tensorOf(file, "text"));
  const noise = await tensorOf(file, "noise");
  const rows = [
    within(
      "from clip",
      `${name} semantic`,
      maxRelativeError(visual.semantic!.data, await file.floats("semantic")),
      FEATURES_LIMIT,
    ),
    within(
      "from clip",
      `${name} sync`,
      maxRelativeError(visual.tokens!.data, await file.floats("sync")),
      FEATURES_LIMIT,
    ),
    within("from clip", `${name} text`, maxRelativeError(text.data, words.data), FEATURES_LIMIT),
    equal("from clip", `${name} length`, [plan.media.latentLength], [noise.dims[2]!]),
  ];
  const features = { semantic: visual.semantic!, sync: visual.tokens!, text, noise };
  const { latents, audio } = await run(bundle, features, given.steps, given.guidance_scale);
  const apart = maxRelativeError(latents.data, await file.floats("latents"));
  rows.push(within("from clip", `${name} latents`, apart, FEATURES_LIMIT));
  if (!file.has("audio")) return [...rows, skipped("from clip", `${name} audio`, "the golden holds none")];
  return [
    ...rows,
    within("from clip", `${name} audio`, maxRelativeError(audio, await file.floats("audio")), FEATURES_LIMIT),
  ];
}
