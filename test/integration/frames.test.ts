import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ClipFacts, FrameChoice } from "../../local-server/src/pipeline/types.ts";
import { chooseConstant, chooseNative } from "../../local-server/src/video/choose.ts";
import { openFrames } from "../../local-server/src/video/frames.ts";
import { probeClip } from "../../local-server/src/video/probe.ts";
import { codePicture, type FlashClip, flashClip, readCode } from "../support/clips.ts";

const folder = mkdtempSync(join(tmpdir(), "foley-frames-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RGB = codePicture("rgb");
const LUMA = codePicture("luma");
const never = new AbortController().signal;

/** Frame numbers read back from the delivered pixels, in order of the choice. */
async function codesOf(clip: ClipFacts, semantic: FrameChoice | null, sync: FrameChoice | null) {
  const notes: string[] = [];
  const codes = { semantic: [] as number[], sync: [] as number[], notes };
  const onNote = (note: string) => notes.push(note);
  const request = { clip, semantic, sync, semanticPicture: RGB, syncPicture: LUMA, signal: never, onNote };
  for await (const { kind, index, pixels } of openFrames(request)) {
    expect(index).toBe(codes[kind].length);
    codes[kind].push(readCode(pixels, kind === "semantic" ? RGB : LUMA));
  }
  return codes;
}

/** Every range asks both streams; what must come is worked out from the clip's recipe, not from its probe. */
async function expectShown(path: string, frameTimes: readonly number[], ranges: readonly [number, number][]) {
  const clip = await probeClip(path, never);
  expect(clip.frameTimes.length).toBe(frameTimes.length);
  const shownAt = (time: number) =>
    Math.max(
      0,
      frameTimes.findLastIndex((start) => start <= time + 1e-4),
    );
  for (const [from, to] of ranges) {
    const semantic = chooseConstant(clip.frameTimes, from, Math.ceil((to - from) * 8), 8);
    const sync = chooseNative(clip.frameTimes, from, to, 34);
    const codes = await codesOf(clip, semantic, sync);
    expect(codes.semantic).toEqual(Array.from(semantic.times, shownAt));
    expect(codes.sync).toEqual(Array.from(sync.times, shownAt));
    expect(codes.notes).toEqual([]);
  }
}

const RATES = ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"];

test.each(RATES)("%s fps: the frame shown at each moment, for ranges that start anywhere", async (fps) => {
  const [num, den = 1] = fps.split("/").map(Number) as [number, number?];
  const frames = Math.floor((2.2 * num) / den);
  const path = await flashClip(join(folder, `rate${num}-${den}.mp4`), {
    fps,
    frames,
    output: ["-c:v", "libx264", "-g", "20"],
  });
  const times = Array.from({ length: frames }, (_, n) => (n * den) / num);
  await expectShown(path, times, [
    [0, 2.2],
    [0.731, 1.5],
    [(40 * den) / num, (41 * den) / num],
    [1.9, 2.6],
  ]);
});

/** Frame n of a clip whose frames get longer and longer, in 1/90000 s. */
const slowing = (n: number) => Math.round((n * 0.01 + n * n * 0.0008) * 90000) / 90000;

const VFR: FlashClip = {
  fps: "25",
  frames: 50,
  filters: ["settb=1/90000", "setpts='round((N*0.01+N*N*0.0008)*90000)'"],
  output: ["-c:v", "libx264", "-g", "12", "-fps_mode", "passthrough", "-enc_time_base", "1:90000"],
};

test.each(["mp4", "mkv", "mov"])("variable rate in %s", async (extension) => {
  const path = await flashClip(join(folder, `vfr.${extension}`), VFR);
  const rounded = (n: number) => (extension === "mkv" ? Math.round(slowing(n) * 1000) / 1000 : slowing(n));
  const times = Array.from({ length: 50 }, (_, n) => rounded(n));
  await expectShown(path, times, [
    [0, 2.4],
    [1.013, 2],
    [0.2, 0.5],
  ]);
});

const x264 = (...options: string[]) => ["-c:v", "libx264", ...options];
const CONTAINERS: [string, string, FlashClip][] = [
  [
    "mp4 with B-frames and open GOPs",
    "b.mp4",
    { frames: 60, output: x264("-bf", "3", "-g", "15", "-x264-params", "open-gop=1") },
  ],
  ["fragmented mp4", "f.mp4", { frames: 60, output: x264("-g", "10", "-movflags", "frag_keyframe+empty_moov") }],
  ["MPEG-TS that starts at 3600 s", "h.ts", { frames: 60, output: x264("-g", "15", "-output_ts_offset", "3600") }],
  ["MKV that starts late", "late.mkv", { frames: 60, output: x264("-g", "15", "-output_ts_offset", "2.5") }],
  ["AVI with MJPEG", "m.avi", { frames: 60, output: ["-c:v", "mjpeg", "-q:v", "2"] }],
  ["AVI with B-frames, which has no presentation times", "b.avi", { frames: 60, output: x264("-bf", "2", "-g", "15") }],
  ["AVI with MPEG-4 B-frames", "m4.avi", { frames: 60, output: ["-c:v", "mpeg4", "-bf", "2", "-q:v", "2"] }],
  [
    "WebM with VP8 and hidden frames",
    "v8.webm",
    {
      frames: 60,
      output: [
        "-c:v",
        "libvpx",
        "-auto-alt-ref",
        "1",
        "-lag-in-frames",
        "12",
        "-g",
        "30",
        "-deadline",
        "realtime",
        "-b:v",
        "1M",
      ],
    },
  ],
  [
    "WebM with VP9",
    "v9.webm",
    { frames: 60, output: ["-c:v", "libvpx-vp9", "-g", "30", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"] },
  ],
  ["ProRes in MOV", "p.mov", { frames: 60, output: ["-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"] }],
  [
    "MPEG-2 in MXF",
    "x.mxf",
    { frames: 60, width: 320, height: 240, output: ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "2"] },
  ],
];

test.each(CONTAINERS)("%s", async (_, name, recipe) => {
  const path = await flashClip(join(folder, name), recipe);
  const unit = /mkv|webm/.test(name) ? 1000 : 1e6;
  const times = Array.from({ length: 60 }, (_, n) => Math.round((n / 25) * unit) / unit);
  await expectShown(path, times, [
    [0, 2.4],
    [1.37, 2],
  ]);
});

test("an edit list that starts inside a group of pictures: time 0 is the first frame shown", async () => {
  const whole = await flashClip(join(folder, "whole.mp4"), { frames: 60, output: x264("-g", "30", "-bf", "0") });
  const cut = join(folder, "edit.mp4");
  spawnSync("ffmpeg", ["-v", "error", "-y", "-ss", "0.4", "-i", whole, "-c", "copy", cut]);
  const clip = await probeClip(cut, never);
  const codes = await codesOf(clip, null, chooseNative(clip.frameTimes, 0, 10, 34));
  expect(codes.sync).toEqual(Array.from({ length: 50 }, (_, n) => n + 10));
});

test("a frame shown for long is delivered for every moment, and the edge frame where the clip has none", async () => {
  const path = await flashClip(join(folder, "slow.mp4"), { fps: "2", frames: 4 });
  const clip = await probeClip(path, never);
  const codes = await codesOf(clip, chooseConstant(clip.frameTimes, -0.5, 12, 4), null);
  expect(codes.semantic).toEqual([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3]);
});

describe("damage", () => {
  /** Noise makes the file large, so that bytes are pictures; bytes from part `from` of the file on are overwritten. */
  const overwritten = async (name: string, from: number, bytes: number) => {
    const recipe = { frames: 75, filters: ["noise=alls=30:allf=t"], output: x264("-g", "5", "-bf", "0") };
    const data = await readFile(await flashClip(join(folder, name), recipe));
    const start = Math.floor(data.length * from);
    for (let i = 0; i < bytes; i++) data[start + i] = (i * 73 + 11) % 256;
    await writeFile(join(folder, name), data);
    return probeClip(join(folder, name), never);
  };

  test.each(["mp4", "mkv", "ts"])(
    "a passage inside an otherwise readable %s is stepped over, and told",
    async (extension) => {
      const clip = await overwritten(`spot.${extension}`, 0.5, 9000);
      const codes = await codesOf(clip, null, chooseNative(clip.frameTimes, 0, 3, 34));
      expect(codes.notes).toHaveLength(1);
      expect(codes.notes[0]).toMatch(/^damaged frames near 1\.[2-7]\d s/);
      const right = codes.sync.filter((code, n) => Math.round(clip.frameTimes[n]! * 25) === code).length;
      expect(right).toBeGreaterThanOrEqual(75 - 10);
    },
  );

  test("most of it gone is an error, not a short result", async () => {
    const clip = await overwritten("ruin.mp4", 0.1, 350_000);
    const reading = codesOf(clip, null, chooseNative(clip.frameTimes, 0, 3, 34));
    await expect(reading).rejects.toMatchObject({ code: "damaged" });
  });
});

test("a cancel ends the decoder and throws the cancel error", async () => {
  const path = await flashClip(join(folder, "cancel.mp4"), { frames: 200 });
  const clip = await probeClip(path, never);
  const stop = new AbortController();
  const sync = chooseNative(clip.frameTimes, 0, 8, 34);
  const request = {
    clip,
    semantic: null,
    sync,
    semanticPicture: null,
    syncPicture: LUMA,
    signal: stop.signal,
    onNote: () => {},
  };
  const reading = (async () => {
    for await (const { index } of openFrames(request)) if (index === 3) stop.abort();
  })();
  await expect(reading).rejects.toMatchObject({ code: "cancelled" });
});

test("a decoder whose reader is killed ends by itself", async () => {
  const path = await flashClip(join(folder, "orphan.mp4"), { frames: 500, fps: "50" });
  const script = `
    import { runFfmpeg } from ${JSON.stringify(join(import.meta.dirname, "../../local-server/src/video/ffmpeg.ts"))};
    const args = ["-nostdin", "-v", "error", "-stream_loop", "-1", "-i", ${JSON.stringify(path)}, "-f", "rawvideo", "pipe:1"];
    const tool = await runFfmpeg(args, { signal: new AbortController().signal, timeoutSeconds: 60 });
    tool.stdout.once("data", () => process.kill(process.pid, "SIGKILL"));`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  const alive = () => spawnSync("pgrep", ["-f", path]).stdout.toString().trim();
  await expect.poll(alive, { timeout: 5000 }).toBe("");
});
