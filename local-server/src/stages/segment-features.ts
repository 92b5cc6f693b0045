import type { PictureSpec, SyncSegments } from "../../protocol/index.ts";
import { throwIfCancelled } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Session } from "../onnx/session.ts";
import { tensor } from "../onnx/tensor.ts";
import type { ClipFacts, Context, Plan, VisualFeatures } from "../pipeline/types.ts";
import { createCutDetector } from "../video/cuts.ts";
import { openFrames } from "../video/frames.ts";
import { pictureSize } from "./frames.ts";
import { createResizer, type Resizer } from "./resize.ts";

/**
 * Features of a published model: semantic rows [Tc,Dv] of pictures at their own rate, and sync tokens [Ts,Ds] of overlapping
 * segments. The encoders run one after the other, because both at once would not fit beside a browser and an editor.
 */
export async function segmentFeatures(
  plan: Plan,
  sync: SyncSegments,
  bundle: Bundle,
  context: Context,
): Promise<VisualFeatures> {
  const { semantic } = bundle.manifest.roles;
  const clip = plan.clip!;
  const total = plan.semantic!.frames.length + plan.sync!.frames.length;
  let done = 0;
  const tick = () => {
    throwIfCancelled(context.signal);
    done += 1;
    context.progress("frames", done / total);
  };
  const shared = { clip, signal: context.signal, onNote: context.note, asStored: plan.reference };

  const rows = new Float32Array(plan.semantic!.frames.length * semantic.width);
  {
    await using session = await bundle.open("semantic");
    const resizer = createResizer(semantic.picture, ...sizeOf(clip, plan.reference));
    const batch = batcher(session, "pixels", "semantic", semantic.picture, semantic.batch, rows, semantic.width);
    const frames = openFrames({
      ...shared,
      semantic: plan.semantic,
      sync: null,
      semanticPicture: semantic.picture,
      syncPicture: null,
    });
    const resize = repeating(resizer);
    for await (const { pixels } of frames) {
      await batch.add(resize(pixels));
      tick();
    }
    await batch.end();
  }

  await using session = await bundle.open("sync");
  const resizer = createResizer(sync.picture, ...sizeOf(clip, plan.reference));
  const luma: PictureSpec = { ...sync.picture, color: "luma" };
  const cuts = createCutDetector(plan.cutThreshold, luma);
  const segments = segmentEncoder(session, sync, plan.sync!.frames.length);
  const motion = new Float32Array(plan.sync!.frames.length);
  const frames = openFrames({
    ...shared,
    semantic: null,
    sync: plan.sync,
    semanticPicture: null,
    syncPicture: sync.picture,
  });
  const resize = repeating(resizer);
  let before: Uint8Array | null = null;
  for await (const { pixels, index } of frames) {
    const data = resize(pixels);
    const grey = lumaOf(data, sync.picture);
    cuts.push(grey, plan.sync!.times[index]!);
    if (before) motion[index] = meanChange(before, grey);
    before = grey;
    await segments.add(data);
    tick();
  }
  const tokens = await segments.end();
  context.progress("visual features", 1);
  const times = plan.sync!.times.map((time) => time - plan.fromSeconds);
  return {
    semantic: tensor(rows, [plan.semantic!.frames.length, semantic.width]),
    tokens: tensor(tokens, [tokens.length / sync.width, sync.width]),
    events: [],
    unsure: [],
    motion: { times, amount: motion },
    cuts: cuts.cuts.map((time) => time - plan.fromSeconds).filter((time) => time > 0 && time < plan.seconds),
  };
}

/** Width and height of what ffmpeg delivers: upright, or as it is stored. */
const sizeOf = ({ width, height, rotation }: ClipFacts, asStored: boolean): [number, number] =>
  rotation % 180 !== 0 && !asStored ? [height, width] : [width, height];

/** A frame that is shown at several moments is resized once. */
function repeating(resizer: Resizer): Resizer["resize"] {
  let last: { pixels: Uint8Array; made: Float32Array } | null = null;
  return (pixels) => {
    if (last?.pixels !== pixels) last = { pixels, made: resizer.resize(pixels) };
    return last.made;
  };
}

/** Pictures [3,H,W] one by one -> rows, run in batches. */
function batcher(
  session: Session,
  input: string,
  output: string,
  picture: PictureSpec,
  size: number,
  rows: Float32Array,
  width: number,
) {
  const values = pictureSize(picture);
  let batch = new Float32Array(size * values);
  let count = 0;
  let at = 0;
  const run = async () => {
    if (count === 0) return;
    const feed = tensor(batch.subarray(0, count * values), [count, 3, picture.height, picture.width]);
    const { [output]: made } = await session.run({ [input]: feed });
    rows.set(made!.data, at * width);
    at += count;
    count = 0;
    batch = new Float32Array(size * values);
    await new Promise(setImmediate);
  };
  return {
    async add(data: Float32Array) {
      batch.set(data, count * values);
      count += 1;
      if (count === size) await run();
    },
    end: run,
  };
}

/** Frames one by one -> tokens of every whole segment, [segments * tokens, width]. Keeps one batch of segments. */
function segmentEncoder(session: Session, spec: SyncSegments, frameCount: number) {
  const { segment, stride, picture } = spec;
  const values = pictureSize(picture);
  const area = values / 3;
  const segmentCount = Math.max(0, Math.floor((frameCount - segment) / stride) + 1);
  const out = new Float32Array(segmentCount * spec.tokens * spec.width);
  const window: Float32Array[] = [];
  let received = 0;
  let emitted = 0;
  let pending: Float32Array[] = [];
  const run = async () => {
    if (pending.length === 0) return;
    const feed = new Float32Array(pending.length * segment * values);
    for (const [i, one] of pending.entries()) feed.set(one, i * segment * values);
    const frames = tensor(feed, [pending.length, 3, segment, picture.height, picture.width]);
    const { tokens } = await session.run({ frames });
    out.set(tokens!.data, emitted * spec.tokens * spec.width);
    emitted += pending.length;
    pending = [];
    await new Promise(setImmediate);
  };
  return {
    async add(data: Float32Array) {
      window.push(data);
      if (window.length > segment) window.shift();
      received += 1;
      if (received < segment || (received - segment) % stride !== 0) return;
      // [16][3,H,W] -> [3,16,H,W]
      const one = new Float32Array(segment * values);
      for (const [t, frame] of window.entries()) {
        for (let c = 0; c < 3; c++) one.set(frame.subarray(c * area, (c + 1) * area), (c * segment + t) * area);
      }
      pending.push(one);
      if (pending.length === spec.batch) await run();
    },
    async end() {
      await run();
      return out;
    },
  };
}

/** Normalised rgb [3,H,W] -> luma bytes [H,W], for the cut detector and the amount of motion. */
function lumaOf(data: Float32Array, { mean, std }: PictureSpec): Uint8Array {
  const area = data.length / 3;
  const weights = [0.299, 0.587, 0.114];
  const out = new Uint8Array(area);
  for (let i = 0; i < area; i++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) sum += weights[c]! * (data[c * area + i]! * std[c]! + mean[c]!);
    out[i] = Math.max(0, Math.min(255, Math.round(255 * sum)));
  }
  return out;
}

/** As for the event net: brisk action is about 1. */
function meanChange(before: Uint8Array, after: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < after.length; i++) sum += Math.abs(after[i]! - before[i]!);
  return Math.min(1, (sum / after.length / 255) * 20);
}
