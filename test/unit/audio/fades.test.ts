import { expect, test } from "vitest";
import {
  crossfade,
  crossfadeLoop,
  fadeEdges,
  joinCrossfaded,
  removeDc,
} from "../../../local-server/src/audio/fades.ts";
import { createRandom } from "../../../local-server/src/random.ts";

const noise = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => 0.1 * random.normal());
};
const rms = (samples: Float32Array) => Math.sqrt(samples.reduce((a, b) => a + b * b, 0) / samples.length);

test("edge fades rise and fall over their length and leave the rest bit for bit", () => {
  const samples = new Float32Array(1000).fill(0.5);
  fadeEdges({ channels: [samples], sampleRate: 48_000 }, 0.002);
  expect(samples[0]!).toBeLessThan(0.001);
  expect(samples[48]!).toBeCloseTo(0.25, 1);
  expect(samples.slice(96, 904).every((value) => value === 0.5)).toBe(true);
  expect(samples[999]).toBe(samples[0]);
  for (let n = 1; n < 96; n++) expect(samples[n]!).toBeGreaterThan(samples[n - 1]!);
});

test("fades meet in the middle of a sound that is shorter than both, and 0 changes nothing", () => {
  const short = new Float32Array(11).fill(1);
  fadeEdges({ channels: [short], sampleRate: 48_000 }, 1);
  expect(short[5]).toBe(1);
  expect(short[0]!).toBeLessThan(0.03);
  const same = new Float32Array(10).fill(1);
  fadeEdges({ channels: [same], sampleRate: 48_000 }, 0);
  expect(same.every((value) => value === 1)).toBe(true);
});

test("a crossfade keeps the power, whether the sides are strangers or the same", () => {
  const a = noise(9600, 1);
  const strangers = crossfade(a, noise(9600, 2));
  const twins = crossfade(a, a);
  for (let n = 0; n < 9600; n += 2400) {
    expect(Math.abs(20 * Math.log10(rms(strangers.subarray(n, n + 2400)) / 0.1))).toBeLessThan(0.6);
  }
  twins.forEach((value, n) => {
    expect(Math.abs(value - a[n]!)).toBeLessThan(1e-6);
  });
  expect(() => crossfade(a, new Float32Array(3))).toThrow("equal lengths");
});

test("a join has the length and both ends of its parts", () => {
  const joined = joinCrossfaded(noise(1000, 1), noise(500, 2), 200);
  expect(joined.length).toBe(1300);
  expect(joined.subarray(0, 800)).toEqual(noise(1000, 1).subarray(0, 800));
  expect(joined.subarray(1000)).toEqual(noise(500, 2).subarray(200));
  expect(joinCrossfaded(noise(5, 1), new Float32Array(0), 10)).toEqual(noise(5, 1));
});

test("a loop of a steady tone has no seam: no step, no change in level", () => {
  // 100 Hz, and a length that is no whole number of periods.
  const tone = Float32Array.from({ length: 48_123 }, (_, n) => Math.sin((2 * Math.PI * 100 * n) / 48_000));
  const bed = crossfadeLoop(tone, 48_000 * 5, 9600, 1234);
  const steepest = (2 * Math.PI * 100) / 48_000;
  for (let n = 1; n < bed.length; n++) expect(Math.abs(bed[n]! - bed[n - 1]!)).toBeLessThan(steepest * 1.2);
});

test("a loop of noise keeps its level over every seam and starts where it is told", () => {
  const samples = noise(24_000, 3);
  const bed = crossfadeLoop(samples, 100_001, 4800, 500);
  expect(bed.length).toBe(100_001);
  expect(bed.subarray(0, 10_000)).toEqual(samples.subarray(500, 10_500));
  for (let n = 0; n + 2400 < bed.length; n += 1200) {
    expect(Math.abs(20 * Math.log10(rms(bed.subarray(n, n + 2400)) / 0.1))).toBeLessThan(0.8);
  }
});

test("a loop copes with any length, start and crossfade", () => {
  expect(crossfadeLoop(new Float32Array(0), 10, 5)).toEqual(new Float32Array(10));
  expect(crossfadeLoop(new Float32Array([0.5]), 4, 100)).toEqual(new Float32Array(4).fill(0.5));
  expect(crossfadeLoop(noise(100, 1), 0, 10).length).toBe(0);
  expect(crossfadeLoop(noise(100, 1), 30, 10)).toEqual(noise(100, 1).subarray(0, 30));
  expect(crossfadeLoop(noise(100, 1), 1000, 0, -30).every(Number.isFinite)).toBe(true);
});

test("an offset goes, from the first sample on; sound and onset stay", () => {
  const samples = Float32Array.from({ length: 96_000 }, (_, n) => 0.2 + (n >= 48_000 ? 0.5 * Math.sin(n / 20) : 0));
  removeDc({ channels: [samples], sampleRate: 48_000 });
  expect(Math.max(...samples.subarray(0, 48_000).map(Math.abs))).toBeLessThan(1e-6);
  expect(Math.abs(samples[48_010]! - 0.5 * Math.sin(48_010 / 20))).toBeLessThan(0.3);
  expect(rms(samples.subarray(60_000))).toBeCloseTo(0.5 * Math.SQRT1_2, 2);
  expect(Math.abs(samples.subarray(60_000).reduce((a, b) => a + b, 0) / 36_000)).toBeLessThan(1e-3);
});

test("silence before a sound stays digital silence, and an empty waveform is no error", () => {
  const samples = new Float32Array(20_000);
  samples[10_000] = 1;
  removeDc({ channels: [samples], sampleRate: 48_000 });
  expect(samples.subarray(0, 10_000).every((value) => value === 0)).toBe(true);
  expect(samples[10_000]!).toBeGreaterThan(0.99);
  removeDc({ channels: [new Float32Array(0)], sampleRate: 48_000 });
});
