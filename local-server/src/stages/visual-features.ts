import type { Roles, SyncEvents } from "../../protocol/index.ts";
import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Session } from "../onnx/session.ts";
import { tensor } from "../onnx/tensor.ts";
import type { Context, FrameChoice, Plan, VisualFeatures } from "../pipeline/types.ts";
import { createCutDetector } from "../video/cuts.ts";
import { openFrames } from "../video/frames.ts";
import { type Activity, findEvents, unsureEvents } from "./events.ts";
import { normalise, pictureSize } from "./frames.ts";
import { createMemory } from "./memory.ts";
import { segmentFeatures } from "./segment-features.ts";

const NOTHING: VisualFeatures = {
  semantic: null,
  tokens: null,
  events: [],
  unsure: [],
  motion: { times: new Float64Array(0), amount: new Float32Array(0) },
  cuts: [],
};

/** Ranges of clips that were just looked at: another take, other words, a second press need no second look. */
const seenBefore = createMemory<VisualFeatures>(4);

/** What the picture of a range shows; of a range that this process has just looked at, as it was found then. */
export async function visualFeatures(plan: Plan, bundle: Bundle, context: Context): Promise<VisualFeatures> {
  const { clip, fromTicks, toTicks, media, reference, cutThreshold } = plan;
  if (!clip) return lookAt(plan, bundle, context);
  const { path, bytes, modifiedMs } = clip;
  const { sha256 } = bundle;
  const { kind } = bundle.manifest.roles.sync;
  const range = [fromTicks, toTicks, reference, cutThreshold, ...(kind === "segments" ? Object.values(media) : [])];
  const key = JSON.stringify([sha256, path, bytes, modifiedMs, ...range.map(String)]);
  const known = seenBefore.get(key);
  // No stage is reported: its pace is measured on jobs that do it.
  if (known) return known;
  const features = await lookAt(plan, bundle, context);
  seenBefore.set(key, features);
  return features;
}

/**
 * One pass over the picture feeds both encoders as frames arrive; memory does not grow with the clip.
 * Semantic rows [Tc, Dv]; events, motion and cuts from the sync frames.
 */
async function lookAt(plan: Plan, bundle: Bundle, context: Context): Promise<VisualFeatures> {
  if (!plan.clip || !plan.semantic || !plan.sync) return NOTHING;
  const { semantic, sync } = bundle.manifest.roles;
  if (sync.kind === "segments") return segmentFeatures(plan, sync, bundle, context);
  await using semanticSession = await bundle.open("semantic");
  await using syncSession = await bundle.open("sync");
  const rows = semanticEncoder(semanticSession, semantic, plan.semantic.frames.length);
  const activity = syncEncoder(syncSession, sync, plan.sync);
  const cutDetector = createCutDetector(plan.cutThreshold, sync.picture);
  const total = plan.semantic.frames.length + plan.sync.frames.length;
  let done = 0;
  const frames = openFrames({
    clip: plan.clip,
    semantic: plan.semantic,
    sync: plan.sync,
    semanticPicture: semantic.picture,
    syncPicture: sync.picture,
    signal: context.signal,
    onNote: context.note,
  });
  for await (const frame of frames) {
    throwIfCancelled(context.signal);
    if (frame.kind === "semantic") await rows.add(frame.pixels);
    else {
      cutDetector.push(frame.pixels, plan.sync.times[frame.index]!);
      await activity.add(frame.pixels);
    }
    done += 1;
    context.progress("frames", done / total);
  }
  const semanticRows = await rows.end();
  const seen = await activity.end();
  context.progress("visual features", 1);
  const times = plan.sync.times.map((time) => time - plan.fromSeconds);
  return {
    semantic: tensor(semanticRows, [plan.semantic.frames.length, semantic.width]),
    tokens: null,
    events: findEvents(seen, times, sync.peaks),
    unsure: unsureEvents(seen, times, sync.peaks, plan.seconds),
    motion: { times, amount: activity.motion },
    cuts: cutDetector.cuts.map((time) => time - plan.fromSeconds).filter((time) => time > 0 && time < plan.seconds),
  };
}

/** Pictures in batches -> rows [count, width]. */
function semanticEncoder(session: Session, spec: Roles["semantic"], count: number) {
  const size = pictureSize(spec.picture);
  const rows = new Float32Array(count * spec.width);
  let batch = new Float32Array(spec.batch * size);
  let inBatch = 0;
  let done = 0;
  const run = async () => {
    if (inBatch === 0) return;
    const pixels = tensor(batch.subarray(0, inBatch * size), [inBatch, 3, spec.picture.height, spec.picture.width]);
    const { semantic } = await session.run({ pixels });
    rows.set(semantic!.data, done * spec.width);
    done += inBatch;
    inBatch = 0;
    batch = new Float32Array(spec.batch * size);
  };
  return {
    async add(pixels: Uint8Array) {
      normalise(pixels, spec.picture, batch, inBatch * size);
      inBatch += 1;
      if (inBatch === spec.batch) await run();
    },
    async end() {
      await run();
      return rows;
    },
  };
}

/** Frames kept for one run of the sync net, the net's own context not counted. */
const PIECE_FRAMES = 512;

/** Frames one after another -> activity, run in pieces that overlap by the net's context: equal to the whole. */
function syncEncoder(session: Session, spec: SyncEvents, choice: FrameChoice) {
  const size = pictureSize(spec.picture);
  const count = choice.frames.length;
  const context = spec.contextFrames;
  const activations = new Float32Array(count * 4);
  const names = spec.kinds ?? [];
  const shares = new Float32Array(count * names.length);
  const motion = new Float32Array(count);
  const buffer = new Float32Array((PIECE_FRAMES + 2 * context) * size);
  let bufferStart = 0;
  let received = 0;
  let emitted = 0;
  const run = async (upTo: number) => {
    const length = received - bufferStart;
    const frames = tensor(buffer.slice(0, length * size), [1, length, spec.picture.height, spec.picture.width]);
    const { events, kinds } = await session.run({ frames });
    const take = (from: Float32Array, into: Float32Array, width: number) =>
      into.set(from.subarray((emitted - bufferStart) * width, (upTo - bufferStart) * width), emitted * width);
    take(events!.data, activations, 4);
    if (names.length > 0) take(kinds!.data, shares, names.length);
    emitted = upTo;
    const keepFrom = Math.max(bufferStart, emitted - context);
    buffer.copyWithin(0, (keepFrom - bufferStart) * size, length * size);
    bufferStart = keepFrom;
  };
  return {
    motion,
    async add(pixels: Uint8Array) {
      const offset = (received - bufferStart) * size;
      normalise(pixels, spec.picture, buffer, offset);
      if (received > bufferStart) motion[received] = meanChange(buffer, offset, size);
      received += 1;
      if (received < count && (received - bufferStart) * size === buffer.length) await run(received - context);
    },
    async end(): Promise<Activity> {
      if (received > emitted) await run(received);
      return { activations, kinds: names.length > 0 ? { names, shares } : null };
    },
  };
}

/** Mean absolute change of a picture against the one before it in the buffer, scaled so that brisk action is about 1. */
function meanChange(buffer: Float32Array, offset: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.abs(buffer[offset + i]! - buffer[offset - size + i]!);
  return Math.min(1, (sum / size) * 20);
}
