import { expect, test } from "vitest";
import { applyGain, integratedLoudness, kWeighting, levelGain } from "../../../local-server/src/audio/loudness.ts";

const sine = (hz: number, amplitude: number, seconds: number): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * 48_000) },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / 48_000),
  );
const mono = (samples: Float32Array) => ({ channels: [samples], sampleRate: 48_000 });

test("the K-weighting filters are those printed in BS.1770 for 48 kHz", () => {
  const [head, low] = kWeighting(48_000);
  const close = (value: number, printed: number) => expect(Math.abs(value - printed)).toBeLessThan(1e-8);
  close(head.b0, 1.53512485958697);
  close(head.b1, -2.69169618940638);
  close(head.b2, 1.19839281085285);
  close(head.a1, -1.69065929318241);
  close(head.a2, 0.73248077421585);
  close(low.a1, -1.99004745483398);
  close(low.a2, 0.99007225036621);
});

test("a full-scale 997 Hz sine in one channel is -3.01 LUFS, in both 0.00 (BS.1770 annex 1)", () => {
  const samples = sine(997, 1, 5);
  expect(integratedLoudness(mono(samples))!).toBeCloseTo(-3.01, 2);
  expect(integratedLoudness({ channels: [samples, samples], sampleRate: 48_000 })!).toBeCloseTo(0, 2);
});

test("EBU Tech 3341 case 3: -36, -23, -36 dBFS stereo tones are -23 LUFS by the relative gate", () => {
  const level = (db: number, seconds: number) => sine(1000, 10 ** (db / 20), seconds);
  const parts = [level(-36, 10), level(-23, 60), level(-36, 10)];
  const samples = new Float32Array(80 * 48_000);
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  expect(Math.abs(integratedLoudness({ channels: [samples, samples], sampleRate: 48_000 })! + 23)).toBeLessThan(0.1);
});

test("no loudness: silence, less than 400 ms, everything under -70 LUFS", () => {
  expect(integratedLoudness(mono(new Float32Array(96_000)))).toBeNull();
  expect(integratedLoudness(mono(new Float32Array(0)))).toBeNull();
  expect(integratedLoudness(mono(sine(997, 0.5, 0.399)))).toBeNull();
  expect(integratedLoudness(mono(sine(997, 0.5, 0.4)))).not.toBeNull();
  expect(integratedLoudness(mono(sine(997, 10 ** (-71 / 20), 2)))).toBeNull();
});

test("without a target the gain only lowers, to the ceiling", () => {
  const hot = levelGain({ waveform: mono(sine(997, 1, 1)), truePeakCeilingDb: -1 });
  expect(hot.gainDb).toBeCloseTo(-1, 2);
  expect(hot.truePeakDb!).toBeCloseTo(-1, 6);
  expect(hot.limitedBy).toBe("peak");
  const soft = levelGain({ waveform: mono(sine(997, 0.1, 1)), truePeakCeilingDb: -1 });
  expect(soft.gainDb).toBe(0);
  expect(soft.limitedBy).toBe("none");
});

test("a target is met exactly, even where the gain lifts blocks over the absolute gate", () => {
  const samples = new Float32Array(10 * 48_000);
  samples.set(sine(997, 10 ** (-75 / 20), 8));
  samples.set(sine(997, 10 ** (-66 / 20), 2), 8 * 48_000);
  const waveform = mono(samples);
  const level = levelGain({ waveform, lufs: -30, truePeakCeilingDb: -1 });
  applyGain(waveform, level.gainDb);
  expect(integratedLoudness(waveform)!).toBeCloseTo(-30, 2);
  expect(level.lufs!).toBeCloseTo(-30, 2);
});

test("silence keeps its level and reports none", () => {
  const level = levelGain({ waveform: mono(new Float32Array(48_000)), lufs: -23, truePeakCeilingDb: -1 });
  expect(level).toEqual({ gainDb: 0, lufs: null, truePeakDb: null, limitedBy: "none" });
});
