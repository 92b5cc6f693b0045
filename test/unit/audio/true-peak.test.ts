import { expect, test } from "vitest";
import { truePeakDb } from "../../../local-server/src/audio/true-peak.ts";

const peakOf = (samples: Float32Array) => truePeakDb({ channels: [samples], sampleRate: 48_000 });
/** Any frequency and phase, with soft edges (a cut sine would overshoot by itself). */
const tone = (hz: number, phase: number) =>
  Float32Array.from({ length: 4800 }, (_, n) => {
    const edge = Math.min(1, Math.min(n, 4799 - n) / 1000);
    return edge * 0.5 * Math.sin((2 * Math.PI * hz * n) / 48_000 + phase);
  });

test.each([[100], [997], [6000], [12_000], [15_000], [18_000]])(
  "a %i Hz sine of -6.02 dB reads within 0.2 dB at any phase",
  (hz) => {
    for (let phase = 0; phase < 3; phase += 0.37) expect(Math.abs(peakOf(tone(hz, phase)) + 6.02)).toBeLessThan(0.2);
  },
);

test("a loud sample in a skipped-over quiet waveform is found, in any channel and at either end", () => {
  for (const at of [0, 1, 5000, 9_999]) {
    const samples = new Float32Array(10_000).fill(0.001);
    samples[at] = -0.8;
    const quiet = new Float32Array(10_000);
    const db = truePeakDb({ channels: [quiet, samples], sampleRate: 48_000 });
    expect(Math.abs(db - 20 * Math.log10(0.8))).toBeLessThan(0.05);
  }
});

test("an inter-sample peak above full scale reads above 0 dBTP", () => {
  const samples = Float32Array.from(
    { length: 4800 },
    (_, n) => Math.SQRT2 * 0.99 * Math.sin((Math.PI / 2) * n + Math.PI / 4),
  );
  expect(Math.max(...samples)).toBeLessThan(1);
  expect(peakOf(samples)).toBeGreaterThan(2.7);
});

test("a peak that quiet samples add up to between them is not skipped for a louder sample elsewhere", () => {
  const samples = new Float32Array(2000);
  samples[100] = 0.5;
  // Signs of the interpolator half-way after sample 1000: every tap adds.
  for (let k = -15; k <= 16; k++) samples[1000 + k] = 0.3 * ((k > 0 ? k - 1 : -k) % 2 === 0 ? 1 : -1);
  expect(peakOf(samples)).toBeGreaterThan(20 * Math.log10(0.7));
});

test("digital silence has no peak", () => expect(peakOf(new Float32Array(100))).toBe(Number.NEGATIVE_INFINITY));
