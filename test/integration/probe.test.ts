import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { findFfmpeg } from "../../local-server/src/video/ffmpeg.ts";
import { probeClip } from "../../local-server/src/video/probe.ts";
import { decodeSound } from "../../local-server/src/video/sound.ts";
import { assertUnchanged, checkSource } from "../../local-server/src/video/source.ts";
import { flashClip, makeWithFfmpeg, turnClockwise } from "../support/clips.ts";

const folder = mkdtempSync(join(tmpdir(), "foley-probe-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const never = new AbortController().signal;
const probe = (name: string) => probeClip(at(name), never);
const write = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);

test("facts of a MOV with timecode and sound", async () => {
  const output = ["-c:v", "libx264", "-timecode", "01:00:00:00"];
  await flashClip(at("tc.mov"), { fps: "24000/1001", frames: 24, sound: true, output });
  const clip = await probe("tc.mov");
  expect(clip).toMatchObject({
    ...{ codec: "h264", width: 160, height: 96, rotation: 0, hasAudio: true, timecode: "01:00:00:00" },
    ...{ frameRate: { num: 24000, den: 1001 }, firstFrameSeconds: 0 },
  });
  expect(clip.frameTimes.length).toBe(24);
  expect(clip.frameTimes[23]).toBeCloseTo((23 * 1001) / 24000, 9);
  expect(clip.durationSeconds).toBeCloseTo((24 * 1001) / 24000, 9);
});

test("a turned clip says by how much, and keeps its stored size", async () => {
  await turnClockwise(await flashClip(at("turned.mp4"), { frames: 3 }));
  expect(await probe("turned.mp4")).toMatchObject({ width: 160, height: 96, rotation: 90 });
});

test("times count from the first frame, whatever the container's clock says", async () => {
  const output = ["-c:v", "libx264", "-output_ts_offset", "3600"];
  await flashClip(at("late.ts"), { frames: 10, output });
  const clip = await probe("late.ts");
  expect(clip.firstFrameSeconds).toBeGreaterThan(3600);
  expect([clip.frameTimes[0], clip.frameTimes[1]]).toEqual([0, expect.closeTo(0.04, 9)]);
});

test("the length is that of the picture, not of longer sound", async () => {
  await flashClip(at("short.mp4"), { frames: 25 });
  const sound = ["-f", "lavfi", "-i", "sine=d=5"];
  await makeWithFfmpeg("-i", at("short.mp4"), ...sound, "-c:v", "copy", "-c:a", "aac", at("long-sound.mp4"));
  expect((await probe("long-sound.mp4")).durationSeconds).toBeCloseTo(1, 6);
});

test("a single frame is a clip", async () => {
  await flashClip(at("one.mp4"), { frames: 1 });
  expect(await probe("one.mp4")).toMatchObject({ frameTimes: Float64Array.of(0), durationSeconds: 0.04 });
});

test("sound alone and cover art are no video", async () => {
  await makeWithFfmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", at("sound.mp4"));
  await expect(probe("sound.mp4")).rejects.toMatchObject({ code: "no_video", came: "audio" });
  const art = [
    "-f",
    "lavfi",
    "-i",
    "color=s=64x64",
    "-frames:v",
    "1",
    "-c:v",
    "mjpeg",
    "-disposition:v",
    "attached_pic",
  ];
  await makeWithFfmpeg("-f", "lavfi", "-i", "sine=d=1", ...art, "-c:a", "aac", at("art.mp4"));
  await expect(probe("art.mp4")).rejects.toMatchObject({
    code: "no_video",
    came: expect.stringContaining("cover art"),
  });
});

test("text, noise and a byte are damaged or no video at all", async () => {
  write("text.mp4", "not a video\n".repeat(100));
  write(
    "noise.mov",
    Uint8Array.from({ length: 20_000 }, (_, i) => (i * i * 31 + i * 7) % 251),
  );
  write("byte.mp4", "x");
  for (const name of ["text.mp4", "noise.mov", "byte.mp4"]) {
    await expect(probe(name)).rejects.toMatchObject({ code: "unsupported_or_damaged" });
  }
});

test("a playlist named .mp4 is not followed", async () => {
  await flashClip(at("other.mp4"), { frames: 5 });
  write("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nother.mp4\n#EXT-X-ENDLIST\n");
  await expect(probe("list.mp4")).rejects.toMatchObject({ code: "unsupported_container", came: "hls" });
  write("concat.mp4", "ffconcat version 1.0\nfile other.mp4\n");
  await expect(probe("concat.mp4")).rejects.toMatchObject({ code: "unsupported_container" });
});

test("a codec off the list is refused by name", async () => {
  await flashClip(at("magic.mkv"), { frames: 5, output: ["-c:v", "magicyuv"] });
  await expect(probe("magic.mkv")).rejects.toMatchObject({ code: "unsupported_codec", came: "magicyuv" });
});

test.each(["mp4", "mkv", "avi", "mov"])("a %s cut in half is damaged, though it probes as whole", async (extension) => {
  const codec = extension === "avi" ? ["-c:v", "mjpeg"] : ["-c:v", "libx264", "-g", "10"];
  const fast = /mp4|mov/.test(extension) ? ["-movflags", "+faststart"] : [];
  const path = await flashClip(at(`whole.${extension}`), { frames: 75, output: [...codec, ...fast] });
  const data = await readFile(path);
  await writeFile(at(`half.${extension}`), data.subarray(0, data.length / 2));
  await expect(probe(`half.${extension}`)).rejects.toMatchObject({ code: "damaged" });
});

test("an MP4 without its index is damaged", async () => {
  const data = await readFile(await flashClip(at("tail.mp4"), { frames: 25 }));
  await writeFile(at("no-tail.mp4"), data.subarray(0, data.length - 600));
  await expect(probe("no-tail.mp4")).rejects.toMatchObject({ code: "unsupported_or_damaged" });
});

test("paths: nothing, a folder, a pipe, an empty file, a loop of links, a path that is none", async () => {
  mkdirSync(at("dir.mp4"));
  execFileSync("mkfifo", [at("pipe.mp4")]);
  write("empty.mp4", "");
  symlinkSync(at("loop.mp4"), at("loop.mp4"));
  await expect(probe("nothing.mp4")).rejects.toMatchObject({ code: "not_found" });
  await expect(probe("dir.mp4")).rejects.toMatchObject({
    code: "not_regular_file",
    came: expect.stringContaining("folder"),
  });
  await expect(probe("pipe.mp4")).rejects.toMatchObject({
    code: "not_regular_file",
    came: expect.stringContaining("pipe"),
  });
  await expect(probe("empty.mp4")).rejects.toMatchObject({ code: "empty_file" });
  await expect(probe("loop.mp4")).rejects.toMatchObject({ code: "not_found" });
  await expect(probe(`${"x".repeat(5000)}.mp4`)).rejects.toMatchObject({ code: "not_found" });
  await expect(probeClip("relative.mp4", never)).rejects.toMatchObject({ code: "not_found" });
  await expect(probe("a\0b.mp4")).rejects.toMatchObject({ code: "not_found" });
});

test.each(["-y.mp4", "http:evil.mp4", "concat:a|b.mp4", "%d.mp4", "two\nlines 'and' $(x).mp4", "😀‮.mp4"])(
  "the name %j is just a name",
  async (name) => {
    await writeFile(at(name), await readFile(await flashClip(at("plain.mp4"), { frames: 2 })));
    expect((await probe(name)).frameTimes.length).toBe(2);
  },
);

test("a file that changes under us is noticed", async () => {
  await flashClip(at("grows.mp4"), { frames: 2 });
  const facts = await checkSource(at("grows.mp4"));
  await assertUnchanged(facts);
  await appendFile(at("grows.mp4"), "x");
  await expect(assertUnchanged(facts)).rejects.toMatchObject({ code: "changed" });
});

test("an aborted probe throws the cancel error", async () => {
  await flashClip(at("abort.mp4"), { frames: 2 });
  const stop = new AbortController();
  const probing = probeClip(at("abort.mp4"), stop.signal);
  setTimeout(() => stop.abort(), 30);
  await expect(probing).rejects.toMatchObject({ code: "cancelled" });
});

afterEach(() => {
  for (const name of ["FOLEY_FFMPEG", "FOLEY_FFPROBE"]) delete process.env[name];
});

test("ffmpeg that is missing, old or something else is named", async () => {
  const script = (name: string, text: string) => {
    write(name, `#!/bin/sh\necho '${text}'\n`);
    chmodSync(at(name), 0o755);
    return at(name);
  };
  process.env.FOLEY_FFMPEG = at("no-such-program");
  await expect(findFfmpeg()).rejects.toMatchObject({ code: "missing_ffmpeg" });
  process.env.FOLEY_FFMPEG = script("old", "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright");
  await expect(findFfmpeg()).rejects.toMatchObject({ code: "old_ffmpeg", came: "version 4.4.2-0ubuntu0.22.04.1" });
  process.env.FOLEY_FFMPEG = script("else", "hello");
  await expect(findFfmpeg()).rejects.toMatchObject({ code: "missing_ffmpeg" });
  process.env.FOLEY_FFMPEG = script("git", "ffmpeg version N-112233-gabc Copyright");
  expect(await findFfmpeg()).toMatchObject({ version: "N-112233-gabc", passthrough: ["-fps_mode", "passthrough"] });
});

test.each(["wav", "flac"])("sound of a %s comes to the sample, whole or in part", async (extension) => {
  const click = "aevalsrc='if(eq(n,12345),0.9,0)|if(eq(n,12345),0.9,0)':s=48000:d=1";
  await makeWithFfmpeg("-f", "lavfi", "-i", click, at(`click.${extension}`));
  const whole = await decodeSound(at(`click.${extension}`), { signal: never });
  expect(whole.length).toBe(48_000);
  expect(whole.findIndex((value) => Math.abs(value) > 0.5)).toBe(12_345);
  const part = await decodeSound(at(`click.${extension}`), { signal: never, startSample: 12_000, samples: 1000 });
  expect([part.length, part.findIndex((value) => Math.abs(value) > 0.5)]).toEqual([1000, 345]);
});

test("a guide without sound is refused", async () => {
  await flashClip(at("mute.mp4"), { frames: 2 });
  write("text.wav", "no sound");
  for (const name of ["mute.mp4", "text.wav"]) {
    await expect(decodeSound(at(name), { signal: never })).rejects.toMatchObject({ code: "bad_guide" });
  }
});
