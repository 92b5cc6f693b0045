import { expect, test } from "vitest";
import { findEvents, likelyEvents, unsureEvents } from "../../../local-server/src/stages/events.ts";

const PEAKS = { threshold: 0.3, minGapSeconds: 0.12, latencySeconds: 0 };
const at25 = (probabilities: number[]) => ({
  activity: {
    activations: Float32Array.from(probabilities.flatMap((probability) => [probability, 0.7, -0.5, 0.2])),
    kinds: null,
  },
  times: Float64Array.from(probabilities, (_, i) => i / 25),
});

test("a symmetric peak lies on its frame, a lopsided one between frames", () => {
  const even = at25([0, 0.4, 0.8, 0.4, 0]);
  expect(findEvents(even.activity, even.times, PEAKS)[0]!.time).toBeCloseTo(0.08, 6);
  const leaning = at25([0, 0.2, 0.8, 0.6, 0]);
  // Parabola through 0.2, 0.8, 0.6: top at +0.25 frames.
  expect(findEvents(leaning.activity, leaning.times, PEAKS)[0]!.time).toBeCloseTo(0.09, 6);
});

test("the net's latency moves every event", () => {
  const { activity, times } = at25([0, 0.4, 0.8, 0.4, 0]);
  expect(findEvents(activity, times, { ...PEAKS, latencySeconds: 0.01 })[0]!.time).toBeCloseTo(0.09, 6);
});

test("of two peaks closer than 120 ms the higher one stays", () => {
  const { activity, times } = at25([0, 0.5, 0.1, 0.9, 0, 0, 0, 0.6, 0]);
  expect(findEvents(activity, times, PEAKS).map(({ confidence }) => confidence)).toEqual([
    expect.closeTo(0.9, 6),
    expect.closeTo(0.6, 6),
  ]);
});

test("a plateau is one event, below the threshold is none, one frame is enough", () => {
  const plateau = at25([0, 0.8, 0.8, 0.8, 0]);
  expect(findEvents(plateau.activity, plateau.times, PEAKS)).toHaveLength(1);
  const weak = at25([0, 0.29, 0]);
  expect(findEvents(weak.activity, weak.times, PEAKS)).toEqual([]);
  const single = at25([0.5]);
  expect(findEvents(single.activity, single.times, PEAKS)).toHaveLength(1);
});

test("unsure moments: at least half as high as the highest, inside the range", () => {
  const { activity, times } = at25([0.29, 0.1, 0, 0, 0.2, 0, 0, 0, 0.11, 0, 0, 0, 0.09, 0]);
  const confidences = (from: number, seconds: number) => {
    const shifted = times.map((time) => time - from);
    return unsureEvents(activity, shifted, PEAKS, seconds).map(({ confidence }) => Math.round(100 * confidence));
  };
  expect(confidences(0, 1)).toEqual([29, 20]);
  expect(confidences(0.04, 1)).toEqual([20, 11]);
  expect(confidences(0.04, 0.2)).toEqual([20]);
  expect(confidences(0.44, 1)).toEqual([]);
});

test("a net that tells kinds gives each event the likeliest one, another none", () => {
  const { activity, times } = at25([0, 0.8, 0, 0, 0, 0.9, 0]);
  const shares = Float32Array.from([0.5, 0.5, 0.3, 0.7, 1, 0, 1, 0, 1, 0, 0.6, 0.4, 0, 1]);
  const told = findEvents({ ...activity, kinds: { names: ["hit", "splash"], shares } }, times, PEAKS);
  expect(told.map(({ kind }) => kind)).toEqual(["splash", "hit"]);
  expect(findEvents(activity, times, PEAKS).every((event) => !("kind" in event))).toBe(true);
});

test("one doubtful moment is nothing, two are something, and one sure moment is enough", () => {
  const of = (...confidences: number[]) =>
    likelyEvents(confidences.map((confidence, i) => ({ time: i, strength: 0.5, confidence, x: 0, sound: null })))
      .length;
  expect([of(), of(0.49), of(0.51), of(0.3, 0.3), of(0.25, 0.3)]).toEqual([0, 0, 1, 2, 0]);
});
