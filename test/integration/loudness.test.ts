import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyGain, integratedLoudness, levelGain } from "../../local-server/src/audio/loudness.ts";
import { truePeakDb } from "../../local-server/src/audio/true-peak.ts";
import { encodeWav } from "../../local-server/src/audio/wav.ts";
import type { Waveform } from "../../local-server/src/pipeline/types.ts";

const sounds = join(import.meta.dirname, "../fixtures/sounds");
const names = readdirSync(sounds).filter((name) => name.endsWith(".flac"));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loudness-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const readSound = (name: string): Float32Array => {
  const args = ["-v", "error", "-i", join(sounds, name), "-f", "f32le", "-ar", "48000", "-ac", "1", "-"];
  const bytes = execFileSync("ffmpeg", args, { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
/** The sound again and again, from `from` on. */
const looped = (samples: Float32Array, seconds: number, from = 0): Float32Array =>
  Float32Array.from({ length: seconds * 48_000 }, (_, n) => samples[(n + from) % samples.length]!);

/** What ffmpeg's meter says of a waveform: LUFS to 0.001, true peak from its linear value. */
function ffmpegMeter(waveform: Waveform): { lufs: number; truePeakDb: number } {
  const path = join(folder, "sound.wav");
  writeFileSync(path, encodeWav({ waveform, bitDepth: "32f" }));
  const filter = "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-";
  const text = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-af", filter, "-f", "null", "-"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const all = (key: RegExp): number[] => [...text.matchAll(key)].map((match) => Number(match[1]));
  const peaks = all(/lavfi\.r128\.true_peaks?_ch\d=(.*)/g);
  expect(peaks.length, text.slice(0, 2000)).toBeGreaterThan(0);
  return { lufs: all(/lavfi\.r128\.I=(.*)/g).at(-1)!, truePeakDb: 20 * Math.log10(Math.max(...peaks)) };
}

test.each(names)("%s: loudness within 0.1 LU and true peak within 0.2 dB of ffmpeg's ebur128", (name) => {
  const samples = readSound(name);
  const mono: Waveform = { channels: [looped(samples, 7)], sampleRate: 48_000 };
  const left = looped(samples, 7).map((value) => 0.4 * value);
  const stereo: Waveform = { channels: [left, looped(samples, 7, 7_001)], sampleRate: 48_000 };
  for (const waveform of [mono, stereo]) {
    const meter = ffmpegMeter(waveform);
    expect(Math.abs(integratedLoudness(waveform)! - meter.lufs)).toBeLessThan(0.1);
    expect(Math.abs(truePeakDb(waveform) - meter.truePeakDb)).toBeLessThan(0.2);
  }
});

test("gates: long silence between loud stretches changes nothing, as in ffmpeg", () => {
  const loud = looped(readSound("cymbal.flac"), 3);
  const samples = new Float32Array(48_000 * 12);
  samples.set(loud, 0);
  samples.set(loud, 48_000 * 9);
  const waveform: Waveform = { channels: [samples], sampleRate: 48_000 };
  expect(Math.abs(integratedLoudness(waveform)! - ffmpegMeter(waveform).lufs)).toBeLessThan(0.1);
});

test("a peak between the samples is found as ffmpeg finds it", () => {
  // A quarter of the sample rate, 45 degrees off: every sample is 3 dB below the true peak. Soft edges, as a cut sine
  // overshoots by itself and by how much depends on the meter's filter.
  const samples = Float32Array.from({ length: 96_000 }, (_, n) => {
    const edge = Math.min(1, Math.min(n, 95_999 - n) / 2000);
    return edge * 0.9 * Math.sin((Math.PI / 2) * n + Math.PI / 4);
  });
  const waveform: Waveform = { channels: [samples], sampleRate: 48_000 };
  expect(Math.abs(truePeakDb(waveform) - 20 * Math.log10(0.9))).toBeLessThan(0.2);
  expect(Math.abs(truePeakDb(waveform) - ffmpegMeter(waveform).truePeakDb)).toBeLessThan(0.2);
});

test("a gain set for a loudness arrives there on ffmpeg's meter, or stops at the ceiling", () => {
  const waveform: Waveform = { channels: [looped(readSound("leaves.flac"), 5)], sampleRate: 48_000 };
  const quiet = levelGain({ waveform, lufs: -35, truePeakCeilingDb: -1 });
  expect(quiet.limitedBy).toBe("none");
  const loud = levelGain({ waveform, lufs: -5, truePeakCeilingDb: -1 });
  expect(loud.limitedBy).toBe("peak");
  applyGain(waveform, quiet.gainDb);
  expect(Math.abs(ffmpegMeter(waveform).lufs + 35)).toBeLessThan(0.1);
  applyGain(waveform, loud.gainDb - quiet.gainDb);
  expect(Math.abs(ffmpegMeter(waveform).truePeakDb + 1)).toBeLessThan(0.2);
});
