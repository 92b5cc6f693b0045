import { expect, test } from "vitest";
import { createEstimate, ratesOf } from "../../../local-server/src/jobs/estimate.ts";

const facts = { seconds: 10, steps: 20, kind: "test", bytesPerTake: 1 };
/** As a job of one take of 10 s and 20 steps took. */
const timings = { model: 1, plan: 0.5, frames: 2, "visual features": 4, guide: 1, denoise: 40, decode: 2, files: 0.5 };

test("without a measured job of the kind nothing is said", () => {
  const estimate = createEstimate(new Map(), facts, 1);
  expect(estimate.report("denoise", 0.5, 10_000)).toBeNull();
});

test("as long as it goes as measured, the time left is the measured rest", () => {
  const estimate = createEstimate(ratesOf(timings, facts, 1), facts, 1);
  expect(estimate.report("plan", 1, 0)).toBeCloseTo(2 + 4 + 1 + 40 + 2 + 0.5);
  expect(estimate.report("frames", 0.5, 1_000)).toBeCloseTo(1 + 4 + 1 + 40 + 2 + 0.5);
  expect(estimate.report("denoise", 0.25, 17_000)).toBeGreaterThan(30);
});

test("twice the length, the steps and the takes cost what they do; what is done once does not", () => {
  const more = { ...facts, seconds: 20, steps: 40 };
  const estimate = createEstimate(ratesOf(timings, facts, 1), more, 3);
  const perTake = 2 * 1 + 4 * 40 + 2 * 2 + 2 * 0.5;
  expect(estimate.report("plan", 1, 0)).toBeCloseTo(2 * 2 + 2 * 4 + 3 * perTake);
  estimate.takeDone();
  expect(estimate.report("guide", 1, 0)).toBeCloseTo(2 * perTake - 2);
  // Measured on three takes, the rate is that of one.
  const thrice = { ...timings, guide: 3, denoise: 120, decode: 6, files: 1.5 };
  expect(ratesOf(thrice, facts, 3)).toEqual(ratesOf(timings, facts, 1));
});

test("a stage that runs slower than measured is believed more the further it is", () => {
  const estimate = createEstimate(ratesOf(timings, facts, 1), facts, 1);
  estimate.report("conditioning", 1, 0);
  const after = 2 + 0.5;
  // Usual: 40 s for all of it. Now: 40 s for its first half, 80 s at this pace.
  expect(estimate.report("denoise", 0.5, 40_000)! - after).toBeCloseTo(0.5 * (40 + 20));
  expect(estimate.report("denoise", 0.9, 72_000)! - after).toBeCloseTo(0.1 * (72 + 4));
  expect(estimate.report("denoise", 1, 80_000)! - after).toBeCloseTo(0);
});
