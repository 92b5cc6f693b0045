import { expect, test } from "vitest";
import {
  applyBiquad,
  type Biquad,
  highPass,
  highShelf,
  lowPass,
  lowShelf,
  peaking,
} from "../../../local-server/src/audio/biquad.ts";

/** Gain in dB at a frequency, from the impulse response. */
function gainAt(filter: Biquad, hz: number): number {
  const impulse = new Float32Array(48_000);
  impulse[0] = 1;
  let re = 0;
  let im = 0;
  applyBiquad(impulse, filter).forEach((value, n) => {
    re += value * Math.cos((2 * Math.PI * hz * n) / 48_000);
    im += value * Math.sin((2 * Math.PI * hz * n) / 48_000);
  });
  return 20 * Math.log10(Math.hypot(re, im) + 1e-12);
}

test("low and high pass: -3 dB at the corner, 12 dB an octave, flat on the other side", () => {
  expect(gainAt(lowPass(1000, 48_000), 1000)).toBeCloseTo(-3.01, 1);
  expect(gainAt(lowPass(1000, 48_000), 50)).toBeCloseTo(0, 2);
  expect(gainAt(lowPass(1000, 48_000), 4000)).toBeLessThan(-23);
  expect(gainAt(highPass(1000, 48_000), 1000)).toBeCloseTo(-3.01, 1);
  expect(gainAt(highPass(1000, 48_000), 15_000)).toBeCloseTo(0, 1);
  expect(gainAt(highPass(1000, 48_000), 250)).toBeLessThan(-23);
});

test("shelves: the gain on their side, half of it at the corner, none on the other", () => {
  for (const gain of [-8, 6]) {
    expect(gainAt(lowShelf(500, 48_000, gain), 20)).toBeCloseTo(gain, 1);
    expect(gainAt(lowShelf(500, 48_000, gain), 500)).toBeCloseTo(gain / 2, 1);
    expect(gainAt(lowShelf(500, 48_000, gain), 15_000)).toBeCloseTo(0, 1);
    expect(gainAt(highShelf(3000, 48_000, gain), 20_000)).toBeCloseTo(gain, 0);
    expect(gainAt(highShelf(3000, 48_000, gain), 3000)).toBeCloseTo(gain / 2, 1);
    expect(gainAt(highShelf(3000, 48_000, gain), 100)).toBeCloseTo(0, 1);
  }
});

test("a bell: the gain at its frequency, none far from it, and its inverse undoes it", () => {
  expect(gainAt(peaking(1000, 48_000, 6, 1), 1000)).toBeCloseTo(6, 2);
  expect(gainAt(peaking(1000, 48_000, 6, 1), 30)).toBeCloseTo(0, 1);
  const samples = Float32Array.from({ length: 1000 }, (_, n) => Math.sin(n * n));
  const there = applyBiquad(samples, peaking(1000, 48_000, 6, 1));
  const back = applyBiquad(there, peaking(1000, 48_000, -6, 1));
  back.forEach((value, n) => {
    expect(Math.abs(value - samples[n]!)).toBeLessThan(1e-5);
  });
});

test("in place gives the same samples; a frequency of 0 is refused", () => {
  const samples = Float32Array.from({ length: 500 }, (_, n) => Math.sin(n));
  const apart = applyBiquad(samples, lowPass(2000, 48_000));
  expect(applyBiquad(samples, lowPass(2000, 48_000), samples)).toEqual(apart);
  expect(() => lowPass(0, 48_000)).toThrow("above 0");
});
