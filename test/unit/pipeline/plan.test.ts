import { expect, test } from "vitest";
import {
  type GenerateRequest,
  generateRequestSchema,
  type Manifest,
  ticksOfFrame,
  ticksOfSeconds,
} from "../../../local-server/protocol/index.ts";
import { makePlan } from "../../../local-server/src/pipeline/plan.ts";
import type { ClipFacts } from "../../../local-server/src/pipeline/types.ts";

/** The parts of a manifest that a plan reads. */
const manifest = {
  roles: {
    semantic: { fps: 2 },
    sync: { kind: "events", maxFps: 34, contextFrames: 10 },
    denoiser: { windowLatents: 400, steps: 8, guidance: 2 },
    decoder: { sampleRate: 48_000, hop: 960 },
    encoder: { chunkLatents: 100, contextLatents: 4 },
    bank: { guideStrength: 0 },
  },
} as unknown as Manifest;

const clipAt = (num: number, den: number, frames: number): ClipFacts => ({
  path: "/clip.mp4",
  bytes: 1,
  modifiedMs: 0,
  container: "mov",
  codec: "h264",
  width: 64,
  height: 48,
  rotation: 0,
  frameRate: { num, den },
  frameTimes: Float64Array.from({ length: frames }, (_, i) => (i * den) / num),
  firstFrameSeconds: 0,
  durationSeconds: (frames * den) / num,
  timecode: null,
  hasAudio: false,
});
const request = (fields: Partial<GenerateRequest> = {}) => generateRequestSchema.parse(fields);

test.each([
  [24_000, 1001, 240, 480_480],
  [24, 1, 240, 480_000],
  [25, 1, 250, 480_000],
  [30_000, 1001, 300, 480_480],
  [30, 1, 1, 1600],
  [30_000, 1001, 1, 1602],
  [60_000, 1001, 599, 479_679],
])("%i/%i fps, %i frames are %i samples", (num, den, frames, samples) => {
  expect(makePlan(request(), clipAt(num, den, frames), manifest).sampleCount).toBe(samples);
});

test("a range of frames keeps its own exact length wherever it starts", () => {
  const rate = { num: 30_000, den: 1001 };
  const clip = clipAt(rate.num, rate.den, 300);
  for (const first of [0, 1, 7, 100, 299]) {
    const fields = { fromTicks: String(ticksOfFrame(first, rate)), toTicks: String(ticksOfFrame(first + 1, rate)) };
    // 1,601.6 samples a frame: rounded once, never added up.
    expect(makePlan(request(fields), clip, manifest).sampleCount).toBe(1602);
  }
});

test("a short range becomes one whole window of real handles, in whole latents", () => {
  const clip = clipAt(25, 1, 500);
  const fields = { fromTicks: String(ticksOfSeconds(9.013)), toTicks: String(ticksOfSeconds(10)), guideStrength: 1 };
  const { media, sampleCount } = makePlan(request(fields), clip, manifest);
  expect(media.latentLength).toBe(400);
  expect(media.handleSamples % 960).toBe(0);
  expect(media.handleSamples).toBeGreaterThan(3 * 48_000);
  expect(media.fromSeconds).toBeCloseTo(9.013 - media.handleSamples / 48_000, 9);
  expect(media.sampleCount - media.handleSamples - sampleCount).toBeGreaterThan(3 * 48_000);
});

test("at the clip's start all real handle lies after the range; the rest is held", () => {
  const fields = { toTicks: String(ticksOfSeconds(1)), guideStrength: 0.5 };
  expect(makePlan(request(fields), clipAt(25, 1, 50), manifest).media.handleSamples).toBe(0);
});

test("sync frames reach over the range by the net's context, and never beyond the clip", () => {
  const clip = clipAt(25, 1, 250);
  const fields = { fromTicks: String(ticksOfSeconds(4)), toTicks: String(ticksOfSeconds(5)) };
  const { sync } = makePlan(request(fields), clip, manifest);
  expect(sync!.times[0]).toBeLessThanOrEqual(4 - 10 / 25);
  expect(sync!.times.at(-1)).toBeGreaterThanOrEqual(5 + 9 / 25);
  expect(makePlan(request(), clip, manifest).sync!.frames).toHaveLength(250);
});

test.each([
  [{ fromTicks: "0", toTicks: "0" }, "empty_range"],
  [{ fromTicks: String(ticksOfSeconds(2)), toTicks: String(ticksOfSeconds(1)) }, "empty_range"],
  [{ fromTicks: String(ticksOfSeconds(10)) }, "range_outside_clip"],
  [{ toTicks: String(ticksOfSeconds(10.1)) }, "range_outside_clip"],
])("refuses %o as %s", (fields, code) => {
  expect(() => makePlan(request(fields), clipAt(25, 1, 250), manifest)).toThrow(expect.objectContaining({ code }));
});

const hit = { time: 0, strength: 0, confidence: 1, x: -1, sound: null };
test("events lie in the range, with a strength and a place that there are; the second that does not is named", () => {
  const plan = (...events: (typeof hit)[]) =>
    makePlan(request({ fromTicks: String(ticksOfSeconds(4)), events }), clipAt(25, 1, 250), manifest);
  expect(plan(hit, { ...hit, time: 5.999, strength: 1, x: 1 }).seconds).toBe(6);
  for (const wrong of [{ time: -0.01 }, { time: 6 }, { time: 9.5 }, { strength: 1.5 }, { strength: -1 }, { x: 7 }]) {
    const message = expect.stringMatching(/^error bad_value: expected event 2 of 2 .+, came -?[\d.]+.*; .+$/);
    expect(() => plan(hit, { ...hit, ...wrong }), JSON.stringify(wrong)).toThrow(expect.objectContaining({ message }));
  }
});

test("300 s are taken, one frame more is not", () => {
  expect(makePlan(request(), clipAt(25, 1, 7500), manifest).sampleCount).toBe(14_400_000);
  expect(() => makePlan(request(), clipAt(25, 1, 7501), manifest)).toThrow(
    expect.objectContaining({ code: "too_long" }),
  );
});

test("text only needs a length", () => {
  expect(() => makePlan(request(), null, manifest)).toThrow(expect.objectContaining({ code: "bad_time" }));
  const plan = makePlan(request({ toTicks: String(ticksOfSeconds(3)) }), null, manifest);
  expect([plan.sampleCount, plan.semantic, plan.sync]).toEqual([144_000, null, null]);
});

test("takes get consecutive seeds that wrap at 32 bits", () => {
  expect(makePlan(request({ seed: 0xffff_ffff, takes: 2 }), clipAt(25, 1, 25), manifest).seeds).toEqual([
    0xffff_ffff, 0,
  ]);
});
