import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BitDepth, decodeWav, encodeWav } from "../../local-server/src/audio/wav.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wav-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const samples = Float32Array.from({ length: 4801 }, (_, n) => 0.5 * Math.sin(n / 10));
const written = (bitDepth: BitDepth, channels: number): string => {
  const path = join(folder, `${bitDepth}-${channels}.wav`);
  const bytes = encodeWav({
    waveform: { channels: Array.from({ length: channels }, () => samples), sampleRate: 48_000 },
    bitDepth,
    bext: {
      description: "Schritte auf Kies",
      originator: "Foley in the editor",
      originatorReference: "FOLEY0001",
      originationDate: "2026-11-22",
      originationTime: "21:45:15",
      timeReference: 172_972_800n,
      lufs: -23.1,
      truePeakDb: -6.02,
      codingHistory: "A=PCM,F=48000,W=24,M=stereo,T=foley-mini",
    },
    ixml: {
      project: "Foley",
      take: "1",
      note: "Schritte <auf> Kies & 足音",
      timecodeRate: { num: 24_000, den: 1001 },
      dropFrame: false,
      timeReference: 172_972_800n,
    },
    info: { INAM: "Schritte, 足音", ISFT: "Foley in the editor", ICMT: "seed 7", ICRD: "2026-11-22" },
  });
  writeFileSync(path, bytes);
  return path;
};

test.each([
  ["16", "pcm_s16le", 1],
  ["16", "pcm_s16le", 2],
  ["24", "pcm_s24le", 1],
  ["24", "pcm_s24le", 2],
  ["32f", "pcm_f32le", 1],
  ["32f", "pcm_f32le", 2],
] as const)("%s bit: ffprobe reads %s, %i channel(s), every sample and every tag", (bitDepth, codec, channels) => {
  const path = written(bitDepth, channels);
  const args = ["-v", "warning", "-show_streams", "-show_format", "-of", "json", path];
  const { streams, format } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" }));
  expect(streams[0]).toMatchObject({ codec_name: codec, sample_rate: "48000", channels, duration_ts: 4801 });
  expect(format.tags).toMatchObject({
    encoded_by: "Foley in the editor",
    originator_reference: "FOLEY0001",
    creation_time: "21:45:15",
    time_reference: "172972800",
    title: "Schritte, 足音",
    comment: "seed 7",
    coding_history: "A=PCM,F=48000,W=24,M=stereo,T=foley-mini\r\n",
  });
  const raw = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"]);
  const decoded = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  expect(decoded.length).toBe(4801 * channels);
  const step = { "16": 1.6 / 0x8000, "24": 0.51 / 0x80_0000, "32f": 0 }[bitDepth];
  decoded.forEach((value, i) => {
    expect(Math.abs(value - samples[Math.floor(i / channels)]!)).toBeLessThanOrEqual(step);
  });
});

test.each([["pcm_s16le"], ["pcm_s24le"], ["pcm_s32le"], ["pcm_f32le"]])(
  "ffmpeg's own %s files are read, mono to 5.1",
  (codec) => {
    for (const layout of ["mono", "stereo", "5.1"]) {
      const path = join(folder, `ffmpeg-${codec}-${layout}.wav`);
      const source = `sine=frequency=440:sample_rate=44100:duration=0.5,aformat=channel_layouts=${layout}`;
      execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, "-c:a", codec, path]);
      const { waveform } = decodeWav(execFileSync("cat", [path]));
      expect(waveform.sampleRate).toBe(44_100);
      expect(waveform.channels.length).toBe({ mono: 1, stereo: 2, "5.1": 6 }[layout]);
      expect(waveform.channels[0]!.length).toBe(22_050);
    }
  },
);
