import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { PictureSpec } from "../../local-server/protocol/index.ts";
import { chooseConstant, chooseNative } from "../../local-server/src/video/choose.ts";
import { openFrames } from "../../local-server/src/video/frames.ts";
import { type ProbedClip, probeClip } from "../../local-server/src/video/probe.ts";
import { codePicture, type FlashClip, flashClip, makeWithFfmpeg, readCode, turnClockwise } from "../support/clips.ts";

const folder = mkdtempSync(join(tmpdir(), "foley-formats-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const never = new AbortController().signal;

/** All frames of a clip in one picture format. */
async function picturesOf(clip: ProbedClip, picture: PictureSpec): Promise<Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  const sync = chooseNative(clip.frameTimes, 0, 100, 100);
  const request = { clip, semantic: null, sync, semanticPicture: null, syncPicture: picture, signal: never };
  for await (const { pixels } of openFrames({ ...request, onNote: () => {} })) pictures.push(pixels);
  return pictures;
}

const x265 = ["-c:v", "libx265", "-x265-params", "log-level=error", "-preset", "ultrafast"];
const FORMATS: [string, string, FlashClip][] = [
  ["10-bit HEVC", "ten.mp4", { frames: 20, output: [...x265, "-pix_fmt", "yuv420p10le"] }],
  [
    "PQ",
    "pq.mp4",
    {
      frames: 20,
      output: [
        ...x265,
        "-pix_fmt",
        "yuv420p10le",
        "-color_trc",
        "smpte2084",
        "-color_primaries",
        "bt2020",
        "-colorspace",
        "bt2020nc",
      ],
    },
  ],
  [
    "HLG",
    "hlg.mkv",
    {
      frames: 20,
      output: [
        ...x265,
        "-pix_fmt",
        "yuv420p10le",
        "-color_trc",
        "arib-std-b67",
        "-color_primaries",
        "bt2020",
        "-colorspace",
        "bt2020nc",
      ],
    },
  ],
  [
    "interlaced",
    "i.mov",
    {
      frames: 20,
      output: [
        "-c:v",
        "prores_ks",
        "-pix_fmt",
        "yuv422p10le",
        "-vf",
        "setfield=tff",
        "-flags",
        "+ildct",
        "-field_order",
        "tt",
      ],
    },
  ],
  ["alpha", "a.mov", { frames: 20, output: ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"] }],
  [
    "odd size",
    "odd.mkv",
    {
      frames: 20,
      width: 321,
      height: 241,
      filters: ["format=yuv444p"],
      output: ["-c:v", "libx264", "-pix_fmt", "yuv444p"],
    },
  ],
  ["full-range MJPEG", "full.avi", { frames: 20, output: ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj422p"] }],
  ["anamorphic", "sar.mp4", { frames: 20, filters: ["setsar=64/45"] }],
];

test.each(FORMATS)("%s: every frame, in luma and in colour", async (_, name, recipe) => {
  const clip = await probeClip(await flashClip(at(name), recipe), never);
  for (const color of ["luma", "rgb"] as const) {
    const picture = codePicture(color);
    const codes = (await picturesOf(clip, picture)).map((pixels) => readCode(pixels, picture));
    expect(codes).toEqual(Array.from({ length: 20 }, (_, n) => n));
  }
});

test("HDR is stretched: the signal for twice a paper's white is white", async () => {
  const gray = (level: number) => [
    "-f",
    "lavfi",
    "-i",
    `color=s=64x64:r=25:d=0.2,format=yuv420p10le,geq=lum=${64 + 876 * level}:cb=512:cr=512`,
  ];
  const encode = [...x265, "-x265-params", "lossless=1:log-level=error", "-color_trc", "smpte2084"];
  await makeWithFfmpeg(...gray(0.325), ...encode, at("gray.mp4"));
  const [pixels] = await picturesOf(await probeClip(at("gray.mp4"), never), codePicture("luma", 8, 8));
  expect(pixels![0]).toBeGreaterThan(125);
  expect(pixels![0]).toBeLessThan(130);
});

test("a turned clip is delivered upright", async () => {
  const clip = await probeClip(await turnClockwise(await flashClip(at("turned.mp4"), { frames: 20 })), never);
  const picture = codePicture("luma", 48, 80);
  const codes = (await picturesOf(clip, picture)).map((pixels) => readCode(pixels, picture, "y"));
  expect(codes).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test("a crop fits the short side and keeps the centre", async () => {
  // 160 x 96 with columns of 10 px in 16 colours: 60 x 60 out of 100 x 60 shows columns 2 to 12 (x 32 to 128).
  await makeWithFfmpeg(
    "-f",
    "lavfi",
    "-i",
    "color=s=160x96:r=25:d=0.08,format=gray,geq=lum='floor(X/10)*16'",
    "-c:v",
    "ffv1",
    at("bars.mkv"),
  );
  const clip = await probeClip(at("bars.mkv"), never);
  const crop: PictureSpec = { ...codePicture("luma", 60, 60), fit: "crop", shortSide: 60, filter: "bicubic" };
  const [pixels] = await picturesOf(clip, crop);
  const row = pixels!.subarray(30 * 60, 31 * 60);
  // Column 4 of the source spans x 40..50, here (40 - 32) * 0.625 = 5 .. 11.25.
  expect([row[8], row[30], row[53]]).toEqual([64, expect.closeTo(128, -1), expect.closeTo(176, -1)]);
});

const clips = resolve(import.meta.dirname, "../../../shared/data/clips");
const names = existsSync(clips) ? readdirSync(clips).filter((name) => /\.(mp4|avi|mkv|mov)$/.test(name)) : [];

test.skipIf(names.length === 0)(
  "development clips (skipped where they are absent): each delivers every chosen frame",
  { timeout: 180_000 },
  async () => {
    const rgb: PictureSpec = { ...codePicture("rgb", 224, 224), fit: "crop", shortSide: 256, filter: "bicubic" };
    const luma = codePicture("luma", 112, 64);
    for (const name of names) {
      const clip = await probeClip(join(clips, name), never);
      const semantic = chooseConstant(clip.frameTimes, 0, Math.min(16, Math.ceil(clip.durationSeconds * 8)), 8);
      const sync = chooseNative(clip.frameTimes, 0, 2, 34);
      const counts = { semantic: 0, sync: 0 };
      const notes: string[] = [];
      const request = { clip, semantic, sync, semanticPicture: rgb, syncPicture: luma, signal: never };
      for await (const { kind } of openFrames({ ...request, onNote: (note) => notes.push(note) })) counts[kind] += 1;
      expect([name, counts, notes]).toEqual([name, { semantic: semantic.frames.length, sync: sync.frames.length }, []]);
    }
  },
);
