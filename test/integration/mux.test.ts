import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { chooseNative } from "../../local-server/src/video/choose.ts";
import { openFrames } from "../../local-server/src/video/frames.ts";
import { muxTake } from "../../local-server/src/video/mux.ts";
import { probeClip } from "../../local-server/src/video/probe.ts";
import { codePicture, type FlashClip, flashClip, makeWithFfmpeg, readCode, turnClockwise } from "../support/clips.ts";

const folder = mkdtempSync(join(tmpdir(), "foley-mux-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const never = new AbortController().signal;

/** A take of `samples` with one loud sample at `click`. */
async function take(name: string, samples: number, click: number): Promise<string> {
  const source = `aevalsrc='if(eq(n,${click}),0.9,0)|if(eq(n,${click}),0.9,0)':s=48000:d=2,atrim=end_sample=${samples}`;
  await makeWithFfmpeg("-f", "lavfi", "-i", source, "-c:a", "pcm_s24le", at(name));
  return at(name);
}

/** Sample of the loudest moment in a file, on the clock of its first video frame. */
async function clickOf(path: string): Promise<number> {
  const args = [
    "-v",
    "error",
    "-i",
    path,
    "-map",
    "0:a:0",
    "-af",
    "aresample=async=1:first_pts=0",
    "-ac",
    "1",
    "-f",
    "f32le",
    "-",
  ];
  const bytes = execFileSync("ffmpeg", args, { maxBuffer: 1 << 28 });
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const loudest = samples.reduce((best, value, i) => (Math.abs(value) > Math.abs(samples[best]!) ? i : best), 0);
  const { firstFrameSeconds } = await probeClip(path, never);
  return loudest - Math.round(firstFrameSeconds * 48_000);
}

const x264 = (...options: string[]) => ["-c:v", "libx264", ...options];
const CLIPS: [string, FlashClip, number, RegExp | null][] = [
  ["ntsc.mp4", { fps: "24000/1001", frames: 48, sound: true, output: x264("-bf", "3") }, 0, null],
  ["range.mp4", { fps: "30000/1001", frames: 60, output: x264("-bf", "2") }, (17 * 1001) / 30000, null],
  ["late.ts", { frames: 50, output: x264("-output_ts_offset", "3600") }, 0.3, null],
  ["late.mkv", { frames: 50, sound: true, output: x264("-output_ts_offset", "1.5") }, 1.23456, null],
  ["motion.avi", { frames: 50, output: ["-c:v", "mjpeg", "-q:v", "3"] }, 0.5, /mjpeg/],
  ["untimed.avi", { frames: 50, output: x264("-bf", "2") }, 0, /no times/],
  [
    "odd.mkv",
    { frames: 50, width: 161, height: 97, filters: ["format=yuv444p"], output: x264("-pix_fmt", "yuv444p") },
    0,
    /yuv444p/,
  ],
  ["vp9.webm", { frames: 25, output: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"] }, 0.1, null],
];

test.each(CLIPS)(
  "%s: the sound lies on the frame to the sample, every frame in its place",
  async (name, recipe, fromSeconds, note) => {
    const clip = await probeClip(await flashClip(at(name), recipe), never);
    const wav = await take(`${name}.wav`, 24_000, 7_777);
    const out = at(`${name}.out.mp4`);
    const notes: string[] = [];
    await muxTake({ clip, wav, out, fromSeconds, seconds: 0.5, signal: never, onNote: (text) => notes.push(text) });
    expect(await clickOf(out)).toBe(Math.round(fromSeconds * 48_000) + 7_777);
    if (note) expect(notes).toEqual([expect.stringMatching(note)]);
    else expect(notes).toEqual([]);
    const made = await probeClip(out, never);
    expect(made.frameTimes.length).toBe(recipe.frames);
    expect(Math.abs(made.durationSeconds - clip.durationSeconds)).toBeLessThan(0.002);
    const picture = codePicture("luma");
    const codes: number[] = [];
    const sync = chooseNative(made.frameTimes, 0, 10, 34);
    const request = { clip: made, semantic: null, sync, semanticPicture: null, syncPicture: picture, signal: never };
    for await (const { pixels } of openFrames({ ...request, onNote: () => {} })) codes.push(readCode(pixels, picture));
    expect(codes).toEqual(Array.from({ length: recipe.frames }, (_, n) => n));
  },
);

test("a clip whose edit list a copy would lose still starts with its first shown frame", async () => {
  await flashClip(at("long.mp4"), { frames: 60, output: x264("-g", "30") });
  await makeWithFfmpeg("-ss", "0.4", "-i", at("long.mp4"), "-c", "copy", at("edit.mp4"));
  const clip = await probeClip(at("edit.mp4"), never);
  const wav = await take("edit.wav", 24_000, 5_000);
  await muxTake({ clip, wav, out: at("edit.out.mov"), fromSeconds: 0, seconds: 0.5, signal: never, onNote: () => {} });
  const made = await probeClip(at("edit.out.mov"), never);
  expect(made.frameTimes.length).toBe(50);
  expect(await clickOf(at("edit.out.mov"))).toBe(5_000);
});

test("a turned clip stays turned", async () => {
  await turnClockwise(await flashClip(at("turned.mp4"), { frames: 10 }));
  const clip = await probeClip(at("turned.mp4"), never);
  const wav = await take("turned.wav", 4_800, 100);
  await muxTake({
    clip,
    wav,
    out: at("turned.out.mp4"),
    fromSeconds: 0,
    seconds: 0.1,
    signal: never,
    onNote: () => {},
  });
  expect((await probeClip(at("turned.out.mp4"), never)).rotation).toBe(90);
});

const copyrightOf = (path: string): string | undefined => {
  const args = ["-v", "error", "-show_entries", "format_tags", "-of", "json", path];
  return JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" })).format.tags.copyright;
};

test.each(["rights.mp4", "rights.mkv", "rights.mov"])("credits stand behind the rights that %s names", async (name) => {
  const rights = ["-metadata", "copyright=© Nørre Film"];
  const own = await probeClip(await flashClip(at(name), { frames: 10, output: x264(...rights) }), never);
  const bare = await probeClip(await flashClip(at(`bare-${name}`), { frames: 10 }), never);
  const request = { wav: await take(`${name}.wav`, 4_800, 100), fromSeconds: 0, seconds: 0.1, signal: never };
  const credits = [
    { author: "Ülle", source: 'A "door"; slow', licence: "CC-BY-4.0" },
    { author: "Bo", source: "wind = air", licence: "CC-BY-3.0" },
  ];
  const lines = 'Ülle, "A "door"; slow" (CC BY 4.0); Bo, "wind = air" (CC BY 3.0)';
  const copyright = async (out: string, more: object): Promise<string | undefined> => {
    await muxTake({ ...request, clip: own, ...more, out: at(out), onNote: () => {} });
    return copyrightOf(at(out));
  };
  expect(await copyright(`${name}.1.mp4`, { credits })).toBe(`© Nørre Film; ${lines}`);
  expect(await copyright(`${name}.2.mov`, { credits, clip: bare })).toBe(lines);
  expect(await copyright(`${name}.3.mp4`, { credits: [] })).toBe("© Nørre Film");
  expect(await copyright(`${name}.4.mp4`, { clip: bare })).toBeUndefined();
});

test("nothing is overwritten, nothing is left behind", async () => {
  const clip = await probeClip(await flashClip(at("plain.mp4"), { frames: 10 }), never);
  const wav = await take("plain.wav", 4_800, 100);
  const request = { clip, wav, fromSeconds: 0, seconds: 0.1, signal: never, onNote: () => {} };
  writeFileSync(at("mine.mp4"), "mine");
  await expect(muxTake({ ...request, out: at("mine.mp4") })).rejects.toMatchObject({ code: "target_exists" });
  expect(readFileSync(at("mine.mp4"), "utf8")).toBe("mine");
  await expect(muxTake({ ...request, out: at("x.avi") })).rejects.toMatchObject({ code: "bad_value" });
  const nowhere = join(folder, "nowhere", "x.mp4");
  await expect(muxTake({ ...request, out: nowhere })).rejects.toMatchObject({ code: "target_not_writable" });
  const stop = new AbortController();
  const muxing = muxTake({ ...request, out: at("stopped.mp4"), signal: stop.signal });
  setTimeout(() => stop.abort(), 40);
  await expect(muxing).rejects.toMatchObject({ code: "cancelled" });
  expect(existsSync(at("stopped.mp4"))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});
