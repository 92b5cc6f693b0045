import fc from "fast-check";
import { expect, test } from "vitest";
import { planWindows } from "../../../local-server/src/pipeline/windows.ts";

const totals = (length: number, windows: ReturnType<typeof planWindows>) => {
  const sums = new Float32Array(length);
  for (const { start, weights } of windows) for (const [l, weight] of weights.entries()) sums[start + l]! += weight;
  return sums;
};

test("one window covers what fits in it", () => {
  expect(planWindows(400, 400, 80, [100])).toHaveLength(1);
});

test("neighbours share the overlap under weights that sum to one where only two meet", () => {
  const windows = planWindows(720, 400, 80, []);
  expect(windows.map(({ start }) => start)).toEqual([0, 320]);
  for (const sum of totals(720, windows)) expect(sum).toBeCloseTo(1, 5);
});

test("nothing leaks over a cut", () => {
  const windows = planWindows(1000, 400, 80, [438]);
  for (const { start, weights } of windows) {
    const reached = [...weights.keys()].filter((l) => weights[l]! > 0).map((l) => start + l);
    expect(reached.every((l) => l < 438) || reached.every((l) => l >= 438)).toBe(true);
  }
});

test("every latent is covered, every window lies inside, and the work is linear in the length", () => {
  const lengths = fc.integer({ min: 1, max: 7500 }).map((pairs) => 2 * pairs);
  const cuts = fc.array(fc.integer({ min: -5, max: 15_100 }), { maxLength: 12 });
  fc.assert(
    fc.property(lengths, cuts, (length, places) => {
      const windows = planWindows(length, 400, 80, places);
      expect(totals(length, windows).every((sum) => sum > 1e-3)).toBe(true);
      for (const { start, length: size } of windows) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start % 2).toBe(0);
        expect(start + size).toBeLessThanOrEqual(length);
      }
      expect(windows.length).toBeLessThanOrEqual(1 + length / 320 + 2 * places.length);
    }),
  );
});
