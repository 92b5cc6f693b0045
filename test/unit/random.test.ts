import { expect, test } from "vitest";
import { createRandom } from "../../local-server/src/random.ts";

test("is PCG32: the published demo sequence of seed 42, stream 54", () => {
  const random = createRandom(42, 54);
  const words = Array.from({ length: 6 }, () => random.bits().toString(16));
  expect(words).toEqual(["a15c02b7", "7b47f409", "ba1d3330", "83d2f293", "bfa4784b", "cbed606e"]);
});

test("normals have mean 0, variance 1, kurtosis 3", () => {
  const random = createRandom(7);
  const values = Array.from({ length: 200_000 }, () => random.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  expect(moment(1)).toBeCloseTo(0, 1.9);
  expect(moment(2)).toBeCloseTo(1, 1.7);
  expect(moment(4)).toBeGreaterThan(2.95);
  expect(moment(4)).toBeLessThan(3.05);
});

test("normals are pinned to the bit: a seed is the same sound on every machine", () => {
  const random = createRandom(1, 16);
  const bits = new BigUint64Array(new Float64Array([random.normal(), random.normal(), random.normal()]).buffer);
  expect([...bits].map((word) => word.toString(16))).toMatchInlineSnapshot(`
    [
      "3fb9e967dd8f631f",
      "3fe660abafeb54cf",
      "3ffc366050c0ddb9",
    ]
  `);
});

test("streams of one seed and neighbouring seeds do not resemble each other", () => {
  const first = createRandom(1, 0);
  const other = createRandom(1, 1);
  const next = createRandom(2, 0);
  let toStream = 0;
  let toSeed = 0;
  for (let i = 0; i < 50_000; i++) {
    const value = first.normal();
    toStream += value * other.normal();
    toSeed += value * next.normal();
  }
  expect(Math.abs(toStream / 50_000)).toBeLessThan(0.02);
  expect(Math.abs(toSeed / 50_000)).toBeLessThan(0.02);
});
