import { expect, test } from "vitest";
import { placeStereo, widen } from "../../../local-server/src/audio/pan.ts";

const ones = (count: number) => new Float32Array(count).fill(1);
const decibels = (x: number) => 20 * Math.log10(x);

test("the middle is -3 dB in both channels; no points at all are the middle", () => {
  for (const points of [[], [{ time: 1, x: 0 }], [{ time: Number.NaN, x: 1 }]]) {
    const { channels } = placeStereo(ones(1000), 48_000, points);
    expect(decibels(channels[0]![500]!)).toBeCloseTo(-3.01, 2);
    expect(decibels(channels[1]![999]!)).toBeCloseTo(-3.01, 2);
  }
});

test("the edges of the picture are 0.7 of the way, the power is the same everywhere, mono loses at most 2 dB", () => {
  for (let x = -1.5; x <= 1.5; x += 0.25) {
    const { channels } = placeStereo(ones(100), 48_000, [{ time: 0, x }]);
    const [left, right] = [channels[0]![50]!, channels[1]![50]!];
    expect(left * left + right * right).toBeCloseTo(1, 5);
    expect(decibels((left + right) / Math.SQRT2)).toBeGreaterThan(-2);
    expect(Math.atan2(right, left) / (Math.PI / 4) - 1).toBeCloseTo(0.7 * Math.max(-1, Math.min(1, x)), 5);
  }
});

test("a point is reached at its time, and between two the move is smooth", () => {
  const { channels } = placeStereo(ones(48_000), 48_000, [
    { time: 0.6, x: 1 },
    { time: 0.2, x: -1 },
  ]);
  const left = channels[0]!;
  expect(left[9600]!).toBeCloseTo(Math.cos((0.3 * Math.PI) / 4), 4);
  expect(left[28_800]!).toBeCloseTo(Math.cos((1.7 * Math.PI) / 4), 4);
  expect(left[0]).toBe(left[9000]);
  for (let n = 1; n < left.length; n++) expect(Math.abs(left[n]! - left[n - 1]!)).toBeLessThan(1e-4);
});

test("points closer than a move can be become one: no click however they come", () => {
  const { channels } = placeStereo(ones(4800), 48_000, [
    { time: 0.05, x: -1 },
    { time: 0.0501, x: 1 },
    { time: 0.0502, x: 1 },
    { time: 0.085, x: -1 },
  ]);
  for (const samples of channels) {
    for (let n = 1; n < samples.length; n++) expect(Math.abs(samples[n]! - samples[n - 1]!)).toBeLessThan(2e-3);
  }
});

test("widening keeps the power, and the mono sum is the first take alone", () => {
  const a = Float32Array.from({ length: 48_000 }, (_, n) => Math.sin(n * 0.1));
  const b = Float32Array.from({ length: 48_000 }, (_, n) => Math.sin(n * 0.27));
  for (const width of [0, 0.4, 1]) {
    const [left, right] = widen(a, b, width, 48_000).channels as [Float32Array, Float32Array];
    let power = 0;
    left.forEach((value, n) => {
      power += value * value + right[n]! * right[n]!;
      expect(Math.abs(value + right[n]! - Math.SQRT2 * Math.cos((width * Math.PI) / 4) * a[n]!)).toBeLessThan(1e-5);
    });
    expect(power / 48_000).toBeCloseTo(0.5, 2);
  }
  const [left, right] = widen(a, b, 0, 48_000).channels;
  expect(left).toEqual(right);
  expect(() => widen(a, b.subarray(1), 1, 48_000)).toThrow("equal lengths");
});
