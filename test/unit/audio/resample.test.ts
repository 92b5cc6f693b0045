import { expect, test } from "vitest";
import { resample } from "../../../local-server/src/audio/resample.ts";

const sine = (hz: number, rate: number, count: number) =>
  Float32Array.from({ length: count }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));
/** Amplitude of the middle of a signal at one frequency (Hann window). */
function amplitudeAt(samples: Float32Array, hz: number, rate: number): number {
  const from = samples.length >> 2;
  const length = samples.length >> 1;
  let re = 0;
  let im = 0;
  let sum = 0;
  for (let n = 0; n < length; n++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length);
    re += window * samples[from + n]! * Math.cos((2 * Math.PI * hz * n) / rate);
    im += window * samples[from + n]! * Math.sin((2 * Math.PI * hz * n) / rate);
    sum += window;
  }
  return (2 * Math.hypot(re, im)) / sum;
}
const db = (x: number) => 20 * Math.log10(x + 1e-12);

test.each([[100], [997], [5000], [12_000], [18_000], [20_000]])(
  "44.1 -> 48 kHz keeps %i Hz within 0.1 dB, images below -80 dB",
  (hz) => {
    const out = resample(sine(hz, 44_100, 44_100), 48_000 / 44_100);
    expect(out.length).toBe(48_000);
    expect(Math.abs(db(amplitudeAt(out, hz, 48_000)))).toBeLessThan(0.1);
    // The image of f is 44100 - f, which folds at 24 kHz.
    const image = 44_100 - hz > 24_000 ? 48_000 - (44_100 - hz) : 44_100 - hz;
    expect(db(amplitudeAt(out, image, 48_000))).toBeLessThan(-80);
    // And everything else that is not the sine itself.
    const rest = out.map((value, n) => value - Math.sin((2 * Math.PI * hz * n) / 48_000)).subarray(2000, 46_000);
    expect(db(Math.sqrt(rest.reduce((a, b) => a + b * b, 0) / rest.length))).toBeLessThan(hz < 20_000 ? -80 : -45);
  },
);

test("96 -> 48 kHz filters what has no place in the new band", () => {
  for (const hz of [26_500, 30_000, 40_000]) {
    const out = resample(sine(hz, 96_000, 96_000), 0.5).subarray(1000, 47_000);
    expect(db(Math.max(...out))).toBeLessThan(-80);
  }
  expect(Math.abs(db(amplitudeAt(resample(sine(15_000, 96_000, 96_000), 0.5), 15_000, 48_000)))).toBeLessThan(0.1);
});

test("a pitch of any ratio has the length, the frequency and the level it should", () => {
  for (const ratio of [0.91, 0.987_654_321, 1.059_463, 1.5]) {
    const out = resample(sine(1000, 48_000, 48_000), ratio);
    expect(out.length).toBe(Math.round(48_000 * ratio));
    expect(Math.abs(db(amplitudeAt(out, 1000 / ratio, 48_000)))).toBeLessThan(0.02);
  }
});

test("an onset stays where it is in seconds", () => {
  const samples = new Float32Array(44_100);
  samples[22_050] = 1;
  const out = resample(samples, 48_000 / 44_100);
  expect(out.indexOf(Math.max(...out))).toBe(24_000);
});

test("ratio 1 copies, silence stays silence, nonsense is refused", () => {
  const samples = sine(100, 48_000, 100);
  const copy = resample(samples, 1);
  expect(copy).toEqual(samples);
  expect(copy).not.toBe(samples);
  expect(resample(new Float32Array(100), 1.3).every((value) => value === 0)).toBe(true);
  expect(resample(new Float32Array(0), 2).length).toBe(0);
  expect(() => resample(samples, 0)).toThrow("ratio above 0");
  expect(() => resample(samples, Number.NaN)).toThrow("ratio above 0");
});
