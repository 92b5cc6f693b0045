import { fadeEdges, removeDc } from "../audio/fades.ts";
import { applyGain, type Level, levelGain } from "../audio/loudness.ts";
import { placeStereo, widen } from "../audio/pan.ts";
import { ROOMS, reverberate } from "../audio/room.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Context, FinishedTake, Guide, Kept, Layers, Plan, VisualFeatures, Waveform } from "../pipeline/types.ts";
import { splice } from "./splice.ts";

const SAMPLE_RATE_HZ = 48_000;
/** How wide beds and rooms are laid: wide enough to open, narrow enough that a mono downmix keeps its body. */
const BED_WIDTH = 0.6;

/**
 * The sound of the media range becomes a take: cut to the range to the sample, placed, freed of offset, faded at the edges,
 * levelled by one static gain that never passes the true-peak ceiling. Where only a part is made anew, that part is laid into
 * the old take at the old take's level.
 */
export function finish(
  plan: Plan,
  made: {
    readonly visual: VisualFeatures;
    readonly guide: Guide;
    readonly layers: Layers;
    readonly latents: readonly Tensor[] | null;
    readonly windows: number;
    readonly seed: number;
  },
  context: Context,
  kept: Kept | null = null,
): FinishedTake {
  const { guide, visual } = made;
  const events = guide.events.filter(({ time }) => time >= 0 && time < plan.seconds);
  const placed = place(plan, made.layers, guide);
  if (!plan.reference) {
    removeDc(placed);
    fadeEdges(placed, plan.request.fadeSeconds);
  }
  const { waveform, level } = plan.reference
    ? measured(placed)
    : kept
      ? measured(splice(placed, kept, plan.request.truePeakDb))
      : levelled(placed, plan.request, context);
  context.progress("finish", 1);
  return {
    seed: made.seed,
    plan,
    waveform,
    gainDb: kept ? kept.gainDb : level.gainDb,
    lufs: level.lufs,
    truePeakDb: level.truePeakDb,
    events,
    chosen: guide.chosen,
    recordings: guide.recordings,
    credits: guide.credits,
    cuts: visual.cuts,
    windows: made.windows,
    latents: made.latents,
  };
}

/** Not a sample is touched: the old part of a take, or what the public code would write. */
const measured = (waveform: Waveform): { waveform: Waveform; level: Level } => ({
  waveform,
  level: levelGain({ waveform, truePeakCeilingDb: Number.POSITIVE_INFINITY }),
});

function levelled(
  waveform: Waveform,
  { lufs: target, truePeakDb: truePeakCeilingDb }: Plan["request"],
  context: Context,
): { waveform: Waveform; level: Level } {
  const level = levelGain({ waveform, truePeakCeilingDb, ...(target === undefined ? {} : { lufs: target }) });
  applyGain(waveform, level.gainDb);
  if (target !== undefined && level.lufs === null) {
    context.note(`${target} LUFS cannot be set: the take is silent or shorter than 0.4 s`);
  } else if (target !== undefined && level.limitedBy === "peak") {
    context.note(`the ceiling of ${truePeakCeilingDb} dBTP keeps the take at ${level.lufs!.toFixed(1)} LUFS`);
  }
  return { waveform, level };
}

/** The range cut out of the media range; action follows the picture from left to right in its room, a bed lies around it. */
function place(plan: Plan, { action, bed }: Layers, guide: Guide): Waveform {
  const cut = (sound: Float32Array) =>
    sound.slice(plan.media.handleSamples, plan.media.handleSamples + plan.sampleCount);
  const direct = action ? cut(action) : new Float32Array(plan.sampleCount);
  const around: [Float32Array, Float32Array][] = bed ? [[cut(bed[0]), cut(bed[1])]] : [];
  if (action && guide.room) around.push(reverberate(direct, ROOMS[guide.room]));
  if (plan.channels === 1) {
    for (const [middle] of around) add(direct, middle);
    return { channels: [direct], sampleRate: SAMPLE_RATE_HZ };
  }
  const points = guide.events.map(({ time, x }) => ({ time, x }));
  const placed = placeStereo(direct, SAMPLE_RATE_HZ, points);
  for (const sides of around) {
    const wide = widen(...sides, BED_WIDTH, SAMPLE_RATE_HZ);
    for (const [i, channel] of placed.channels.entries()) add(channel, wide.channels[i]!);
  }
  return placed;
}

function add(sum: Float32Array, other: Float32Array): void {
  for (let n = 0; n < sum.length; n++) sum[n]! += other[n]!;
}
