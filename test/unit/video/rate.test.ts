import { expect, test } from "vitest";
import { guessRate } from "../../../local-server/src/video/rate.ts";

const times = (count: number, fps: number, unit = 1e-6) =>
  Float64Array.from({ length: count }, (_, n) => Math.round(n / fps / unit) * unit);

test.each([
  ["NTSC named in hundredths", 30000 / 1001, { num: 2997, den: 100 }, 1e-6, { num: 30000, den: 1001 }],
  ["NTSC in Matroska's milliseconds", 24000 / 1001, { num: 24000, den: 1001 }, 1e-3, { num: 24000, den: 1001 }],
  ["24 is not 23.976", 24, { num: 24, den: 1 }, 1e-3, { num: 24, den: 1 }],
  ["AVI's microseconds", 30, { num: 1000000, den: 33333 }, 1e-6, { num: 30, den: 1 }],
  ["an odd rate stays", 24.6, { num: 123, den: 5 }, 1e-6, { num: 123, den: 5 }],
  ["a claim the frames deny is not believed", 25, { num: 57600, den: 1 }, 1e-6, { num: 25, den: 1 }],
])("%s", (_, fps, claimed, unit, expected) => {
  expect(guessRate(times(100, fps, unit), claimed, unit)).toEqual(expected);
});

test("varying rate: the mean", () => {
  expect(guessRate(Float64Array.of(0, 0.5, 0.6, 2), { num: 90000, den: 1 }, 1e-6)).toEqual({ num: 3, den: 2 });
});

test("one frame: what the container says", () => {
  expect(guessRate(Float64Array.of(0), { num: 50, den: 1 }, 1e-6)).toEqual({ num: 50, den: 1 });
});
