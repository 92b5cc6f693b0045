import type { SoundEvent } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, Guide, Plan, TextFeatures, VisualFeatures } from "../pipeline/types.ts";
import { encodePair, encodeTexts, textPair } from "./text-features.ts";

/** What steers the denoiser over the whole media range, built once: batches [negative, positive]. */
export interface Conditioning {
  /** [2, Lt, Dt] */
  readonly text: Tensor;
  /**
   * For an event denoiser [L, 2]: onset curve and bed activity of the positive half; the negative half is zeros. For a
   * prepared one [Ts, Ds]: tokens of the media range's segments.
   */
  readonly sync: Tensor;
  /** Of a prepared denoiser: [Tc, Dv], and the learned rows that say "no picture". */
  readonly picture: { readonly semantic: Tensor; readonly empty: EmptyRows } | null;
}

export interface EmptyRows {
  /** [Dv] */
  readonly semantic: Float32Array;
  /** [Ds] */
  readonly sync: Float32Array;
}

/** Width of an event in the onset curve, as the denoiser was trained. */
const EVENT_SIGMA_SECONDS = 0.02;

export async function conditioning(
  plan: Plan,
  visual: VisualFeatures,
  text: TextFeatures | null,
  guide: Guide,
  bundle: Bundle,
  context: Context,
): Promise<Conditioning> {
  const { text: role, decoder, denoiser } = bundle.manifest.roles;
  const negativeWords = plan.request.negativePrompt ?? role.defaultNegativePrompt;
  if (denoiser.prepared) return preparedConditioning(plan, visual, negativeWords, bundle, context);
  // Without words of the user the model is told what the picture was understood as.
  const positiveWords = text ? "" : (guide.chosen[0]?.words ?? "");
  const texts = [negativeWords, positiveWords].filter((words) => words !== "");
  const encoded = texts.length > 0 ? await encodeTexts(texts, bundle) : [];
  const negative = negativeWords === "" ? null : encoded[0]!;
  const positive = text ?? (positiveWords === "" ? null : encoded[encoded.length - 1]!);
  context.progress("conditioning", 1);
  const latentsPerSecond = decoder.sampleRate / decoder.hop;
  return {
    text: textPair(negative, positive, role.width),
    sync: syncCurve(guide.events, plan, latentsPerSecond, guide.layers.bed !== null, visual),
    picture: null,
  };
}

/** Without a picture every row is the empty one, as many as the media range has moments. */
async function preparedConditioning(
  plan: Plan,
  visual: VisualFeatures,
  negativeWords: string,
  bundle: Bundle,
  context: Context,
): Promise<Conditioning> {
  const { roles } = bundle.manifest;
  const empty = await emptyRows(bundle);
  const text = await encodePair(negativeWords, plan.request.prompt, bundle);
  const seconds = (plan.media.latentLength * roles.decoder.hop) / roles.decoder.sampleRate;
  const { sync } = roles;
  const segments = sync.kind === "segments" ? Math.floor((seconds * sync.fps - sync.segment) / sync.stride) + 1 : 0;
  const tokens = sync.kind === "segments" ? Math.max(1, segments) * sync.tokens : 0;
  const pictures = Math.max(1, Math.round(seconds * roles.semantic.fps));
  context.progress("conditioning", 1);
  return {
    text,
    sync: visual.tokens ?? repeated(empty.sync, tokens),
    picture: { semantic: visual.semantic ?? repeated(empty.semantic, pictures), empty },
  };
}

/** The learned rows of a prepared denoiser. @throws UserError broken_bundle */
export async function emptyRows(bundle: Bundle): Promise<EmptyRows> {
  const { denoiser, semantic, sync } = bundle.manifest.roles;
  const rows = await bundle.readFloats(denoiser.prepared!.empty);
  const wanted = semantic.width + (sync.kind === "segments" ? sync.width : 0);
  if (rows.length !== wanted) {
    throw new UserError("broken_bundle", `${wanted} values of the empty rows`, `${rows.length}`, "import it again");
  }
  return { semantic: rows.subarray(0, semantic.width), sync: rows.subarray(semantic.width) };
}

/** One row [D] as [count, D]. */
export function repeated(row: Float32Array, count: number): Tensor {
  const data = new Float32Array(count * row.length);
  for (let i = 0; i < count; i++) data.set(row, i * row.length);
  return tensor(data, [count, row.length]);
}

/** Events and bed activity at the latents' rate; latent l stands for (l + 0.5) / rate seconds of the media range. */
function syncCurve(
  events: readonly SoundEvent[],
  plan: Plan,
  latentsPerSecond: number,
  hasBed: boolean,
  visual: VisualFeatures,
): Tensor {
  const { latentLength, handleSamples } = plan.media;
  const curve = new Float32Array(latentLength * 2);
  const handleSeconds = handleSamples / 48_000;
  for (const { time, strength } of events) {
    const centre = (time + handleSeconds) * latentsPerSecond;
    const reach = Math.ceil(4 * EVENT_SIGMA_SECONDS * latentsPerSecond);
    for (let l = Math.max(0, Math.floor(centre) - reach); l <= Math.min(latentLength - 1, centre + reach); l++) {
      const distance = (l + 0.5 - centre) / latentsPerSecond / EVENT_SIGMA_SECONDS;
      curve[2 * l] = Math.max(curve[2 * l]!, strength * Math.exp(-0.5 * distance * distance));
    }
  }
  if (hasBed) {
    for (let l = 0; l < latentLength; l++) {
      curve[2 * l + 1] = motionAt(visual, (l + 0.5) / latentsPerSecond - handleSeconds);
    }
  }
  return tensor(curve, [latentLength, 2]);
}

/** Activity of a bed: never below a half, so that rain in a still picture rains on. */
function motionAt({ motion }: VisualFeatures, seconds: number): number {
  const { times, amount } = motion;
  if (times.length === 0) return 1;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle]! <= seconds) low = middle;
    else high = middle - 1;
  }
  return 0.5 + 0.5 * amount[low]!;
}
