import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bext } from "../../../local-server/src/audio/bext.ts";
import { decodeWav, encodeWav } from "../../../local-server/src/audio/wav.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const mono = (...values: number[]) => ({ channels: [Float32Array.from(values)], sampleRate: 48_000 });
const bext: Bext = {
  description: "steps on gravel",
  originator: "Foley",
  originatorReference: "take 1",
  originationDate: "2026-11-22",
  originationTime: "21:45:15",
  timeReference: 172_972_800n,
};

test("16 bit: the bytes of a RIFF header, fmt and data", () => {
  // Two stereo frames of digital silence with dither left out of the header's way: only the first 44 bytes are looked at.
  const bytes = encodeWav({
    waveform: { channels: [new Float32Array(2), new Float32Array(2)], sampleRate: 48_000 },
    bitDepth: "16",
  });
  expect(hex(bytes.subarray(0, 44))).toBe(
    "52494646" +
      "2c000000" +
      "57415645" + // RIFF, 44 bytes follow, WAVE
      "666d7420" +
      "10000000" +
      "0100" +
      "0200" +
      "80bb0000" +
      "00ee0200" +
      "0400" +
      "1000" + // PCM, 2 channels, 48000
      "64617461" +
      "08000000", // data, 8 bytes
  );
  expect(bytes.length).toBe(52);
});

test("24 bit: little-endian whole steps, clipped at full scale, one pad byte that the chunk does not count", () => {
  const bytes = encodeWav({ waveform: mono(0.5, -1, 1, -1.5, Number.NaN), bitDepth: "24" });
  expect(hex(bytes.subarray(36))).toBe(
    "64617461" + "0f000000" + "000040" + "000080" + "ffff7f" + "000080" + "000000" + "00",
  );
  expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(bytes.length - 8);
  expect(bytes.length % 2).toBe(0);
});

test("24 bit rounds to the nearest step", () => {
  const step = 1 / 0x80_0000;
  const bytes = encodeWav({ waveform: mono(1.4 * step, 1.6 * step, -1.4 * step, -1.6 * step), bitDepth: "24" });
  expect(hex(bytes.subarray(44))).toBe("010000" + "020000" + "ffffff" + "feffff");
});

test("32 bit float: tag 3, an empty extension, fact with the samples of one channel, values as they are", () => {
  const bytes = encodeWav({ waveform: mono(1.5, -0.25, 0), bitDepth: "32f" });
  expect(hex(bytes.subarray(12))).toBe(
    "666d7420" +
      "12000000" +
      "0300" +
      "0100" +
      "80bb0000" +
      "00ee0200" +
      "0400" +
      "2000" +
      "0000" +
      "66616374" +
      "04000000" +
      "03000000" +
      "64617461" +
      "0c000000" +
      "0000c03f" +
      "000080be" +
      "00000000",
  );
});

test("bext stands where EBU Tech 3285 puts it", () => {
  const bytes = encodeWav({
    waveform: mono(0),
    bitDepth: "24",
    bext: { ...bext, lufs: -23.04, truePeakDb: -1, codingHistory: "A=PCM,F=48000,W=24,M=mono\n" },
  });
  const at = 36;
  expect(hex(bytes.subarray(at, at + 8))).toBe("62657874" + "75020000"); // 602 + 27 bytes
  const body = bytes.subarray(at + 8);
  const text = (from: number, length: number) => Buffer.from(body.subarray(from, from + length)).toString("latin1");
  expect(text(0, 256)).toBe("steps on gravel".padEnd(256, "\0"));
  expect(text(256, 32)).toBe("Foley".padEnd(32, "\0"));
  expect(text(320, 18)).toBe("2026-11-2221:45:15");
  expect(hex(body.subarray(338, 348))).toBe("005b4f0a00000000" + "0200");
  expect(hex(body.subarray(348, 412))).toBe("00".repeat(64));
  expect(hex(body.subarray(412, 422))).toBe("00f7" + "ff7f" + "9cff" + "ff7f" + "ff7f");
  expect(text(602, 27)).toBe("A=PCM,F=48000,W=24,M=mono\r\n");
});

test("text is cut, made ASCII for bext and escaped for iXML; what it holds comes back", () => {
  const prompt = `Schüsse & "Schritte" <b>\u0000\u001b[31m 足音 ${"x".repeat(300)}`;
  const waveform = { channels: [new Float32Array(3), new Float32Array(3)], sampleRate: 48_000 };
  const ixml = {
    project: "Foley",
    take: "1",
    note: prompt,
    tape: "A001",
    timecodeRate: { num: 24_000, den: 1001 },
    dropFrame: false,
    timeReference: (5n << 32n) + 7n,
  };
  const bytes = encodeWav({
    waveform,
    bitDepth: "24",
    bext: { ...bext, description: prompt },
    ixml,
    info: { INAM: "take\n1", ISFT: "Foley" },
  });
  const read = decodeWav(bytes);
  expect(read.bext!.description).toBe(`Schusse & "Schritte" <b>??[31m ?? ${"x".repeat(300)}`.slice(0, 256));
  expect(read.bext!.timeReference).toBe(172_972_800n);
  expect(read.ixml).toContain("<NOTE>Schüsse &#38; &#34;Schritte&#34; &#60;b&#62;[31m 足音 xxx");
  expect(read.ixml).toContain("<TIMECODE_RATE>24000/1001</TIMECODE_RATE>");
  expect(read.ixml).toContain("<TIMECODE_FLAG>NDF</TIMECODE_FLAG>");
  expect(read.ixml).toContain("<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>5</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>");
  expect(read.ixml).toContain("<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>7</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>");
  expect(read.ixml).toContain("<TRACK_COUNT>2</TRACK_COUNT>");
  expect(Buffer.from(bytes).includes("INFOINAM\u0007\0\0\0take 1\0\0ISFT")).toBe(true);
});

test.each([
  ["16", 1.6 / 0x8000],
  ["24", 0.5 / 0x80_0000],
  ["32f", 0],
] as const)("%s bit: any samples come back within half a step (and the dither)", (bitDepth, error) => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -1, max: Math.fround(0.9999), noNaN: true }), { maxLength: 300 }),
      fc.constantFrom(1, 2),
      (values, channelCount) => {
        const channels = Array.from({ length: channelCount }, (_, c) =>
          Float32Array.from(values, (v) => (c === 0 ? v : -v / 2)),
        );
        const read = decodeWav(
          encodeWav({ waveform: { channels, sampleRate: 44_100 }, bitDepth, ditherSeed: 3, bext }),
        );
        expect(read.waveform.sampleRate).toBe(44_100);
        expect(read.waveform.channels.length).toBe(channelCount);
        channels.forEach((samples, c) => {
          const back = read.waveform.channels[c]!;
          expect(back.length).toBe(samples.length);
          samples.forEach((value, n) => {
            expect(Math.abs(back[n]! - value)).toBeLessThanOrEqual(error + 1e-9);
          });
        });
      },
    ),
  );
});

test("what was read writes the same 24 bit bytes again", () => {
  const waveform = mono(...Array.from({ length: 999 }, (_, n) => Math.sin(n * n) * 0.99));
  const first = encodeWav({ waveform, bitDepth: "24" });
  expect(encodeWav({ waveform: decodeWav(first).waveform, bitDepth: "24" })).toEqual(first);
});

test("dither: one seed one file, and a tone below a step is still in the sum of it", () => {
  const samples = Float32Array.from({ length: 48_000 }, (_, n) => (0.3 / 0x8000) * Math.sin(n / 10));
  const waveform = { channels: [samples], sampleRate: 48_000 };
  const one = encodeWav({ waveform, bitDepth: "16", ditherSeed: 1 });
  expect(encodeWav({ waveform, bitDepth: "16", ditherSeed: 1 })).toEqual(one);
  expect(encodeWav({ waveform, bitDepth: "16", ditherSeed: 2 })).not.toEqual(one);
  const back = decodeWav(one).waveform.channels[0]!;
  const inPhase = back.reduce((sum, value, n) => sum + value * Math.sin(n / 10), 0) / 24_000;
  expect(inPhase * 0x8000).toBeCloseTo(0.3, 1);
});

test("what is no WAV of ours is refused with the reason", () => {
  const good = encodeWav({ waveform: mono(0, 0, 0), bitDepth: "24" });
  expect(() => decodeWav(new Uint8Array(0))).toThrow("expected a RIFF WAVE file");
  expect(() => decodeWav(good.subarray(0, good.length - 4))).toThrow('bytes in chunk "data"');
  expect(() => decodeWav(good.subarray(0, 36))).toThrow("fmt and data");
  const alaw = good.slice();
  alaw[20] = 6;
  expect(() => decodeWav(alaw)).toThrow("came tag 6");
  expect(() => encodeWav({ waveform: { channels: [], sampleRate: 48_000 }, bitDepth: "24" })).toThrow(
    "1 or 2 channels",
  );
  const uneven = { channels: [new Float32Array(1), new Float32Array(2)], sampleRate: 48_000 };
  expect(() => encodeWav({ waveform: uneven, bitDepth: "24" })).toThrow("one length");
});
