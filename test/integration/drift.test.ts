import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TICKS_PER_SECOND } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { type Bundle, loadBundle } from "../../local-server/src/onnx/bundle.ts";
import type { Feed } from "../../local-server/src/onnx/session.ts";
import { foley } from "../support/cli.ts";
import { type FlashClip, flashClip, makeWithFfmpeg } from "../support/clips.ts";
import { takeHere } from "../support/take-here.ts";

/**
 * Drift is 0, through all of `generate`: the pictures that the nets are fed are those shown at their times, and a sound that
 * is known to the sample lies in the take, and under the picture, on that sample, wherever the range starts.
 */

const folder = mkdtempSync(join(tmpdir(), "foley-drift-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
let mini: Bundle;
beforeAll(async () => {
  mini = await loadBundle("foley-mini");
});

/** Side of the square clips, and where the picture with the code lies in them: a centre crop must not cut it. */
const SIDE = 200;
const CODE = { left: 20, width: 160, top: 52, height: 48 };
/** Bits of the code, left to right. */
const CODE_BITS = 10;
const PADDED = `pad=${SIDE}:${SIDE}:${CODE.left}:${CODE.top}`;

/** The frame number in a picture [height,width] that shows the part of the clip from `from` to `to` of its side. */
function frameOf(values: Float32Array, width: number, height: number, middle: number, [from, to]: [number, number]) {
  const place = (clip: number, pixels: number) => Math.floor(((clip / SIDE - from) / (to - from)) * pixels);
  const row = place(CODE.top + CODE.height / 2, height) * width;
  let number = 0;
  let upper = 0;
  for (let bit = CODE_BITS - 1; bit >= 0; bit--) {
    const column = place(CODE.left + ((bit + 0.5) / CODE_BITS) * CODE.width, width);
    upper ^= values[row + column]! > middle ? 1 : 0;
    number |= upper << bit;
  }
  return number;
}

/** The bundle, and the frame numbers that its two picture nets were fed. */
function watched(bundle: Bundle) {
  const { semantic, sync } = bundle.manifest.roles;
  const seen = { semantic: [] as number[], sync: [] as number[] };
  const read = (role: "semantic" | "sync", feed: Feed) => {
    const { picture } = role === "semantic" ? semantic : sync;
    const { width, height, fit, shortSide = width, mean, std } = picture;
    const cropped = fit === "crop" ? (1 - width / shortSide) / 2 : 0;
    const channels = picture.color === "luma" ? 1 : 3;
    const size = width * height;
    const data = feed.data as Float32Array;
    for (let start = 0; start < data.length; start += channels * size) {
      const plane = data.subarray(start, start + size);
      const middle = (0.5 - mean[0]!) / std[0]!;
      seen[role].push(frameOf(plane, width, height, middle, [cropped, 1 - cropped]));
    }
  };
  const open: Bundle["open"] = async (role) => {
    const session = await bundle.open(role);
    return {
      provider: session.provider,
      inputs: session.inputs,
      run(feeds) {
        if (role === "semantic") read(role, feeds.pixels!);
        if (role === "sync") read(role, feeds.frames!);
        return session.run(feeds);
      },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  };
  return { bundle: Object.create(bundle, { open: { value: open } }) as Bundle, seen };
}

/** Samples of one channel of a file at 48 kHz from the start of its picture on, decoded by ffmpeg. */
function soundOf(path: string): Float32Array {
  const filter = "aresample=async=1:first_pts=0";
  const args = ["-v", "error", "-i", path, "-map", "0:a:0", "-af", filter, "-ac", "1", "-f", "f32le", "-"];
  const bytes = execFileSync("ffmpeg", args, { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const loudest = (samples: Float32Array): number =>
  samples.reduce((best, value, n) => (Math.abs(value) > Math.abs(samples[best]!) ? n : best), 0);

/** A sound file that is silent but for sample `click`. */
async function clickFile(click: number): Promise<string> {
  const path = at(`click${click}.wav`);
  await makeWithFfmpeg(
    "-f",
    "lavfi",
    "-i",
    `aevalsrc='if(eq(n,${click}),0.9,0)':s=48000:d=3`,
    "-c:a",
    "pcm_s24le",
    path,
  );
  return path;
}

/** A wire range and what it must come to, counted in whole numbers: [samples before it, samples in it]. */
function rangeOf(fromSeconds: string, toSeconds: string) {
  const ticks = (text: string) => (BigInt(text.replace(".", "").padEnd(8, "0")) * TICKS_PER_SECOND) / 10_000_000n;
  const samples = (value: bigint) => Number((2n * value * 48_000n + TICKS_PER_SECOND) / (2n * TICKS_PER_SECOND));
  const [from, to] = [ticks(fromSeconds), ticks(toSeconds)];
  return { fromTicks: String(from), toTicks: String(to), lead: samples(from), sampleCount: samples(to - from) };
}

const X264 = ["-c:v", "libx264", "-preset", "superfast", "-bf", "2"];

/** Frames 0, 1, 2, ... of a clip that slows down, in 1/90000 s. */
const slowing = (n: number) => Math.round((n * 0.01 + n * n * 0.0002) * 90_000) / 90_000;
const SLOWING: FlashClip = {
  frames: 201,
  filters: [PADDED, "settb=1/90000", "setpts='round((N*0.01+N*N*0.0002)*90000)'"],
  output: [...X264, "-g", "30", "-fps_mode", "passthrough", "-enc_time_base", "1:90000"],
};

/** Rate, start and end of the range in seconds with seven digits at most: between frames, between samples, late in the clip. */
const CASES: [string, string, string][] = [
  ["24000/1001", "7.1234567", "9.0000001"],
  ["24", "0.0208333", "1.9791667"],
  ["25", "6.02", "8.3"],
  ["30000/1001", "7.5075", "8.8751"],
  ["30", "5.0166667", "5.05"],
  ["50", "8.1100003", "9.7777777"],
  ["60000/1001", "9.3012345", "9.9"],
  ["60", "3.3333333", "6.6666666"],
  ["variable", "2.7182818", "7.3890561"],
];

test.each(CASES)(
  "%s fps, from %s s: the frames shown feed the nets, the sound lies on its sample",
  async (fps, from, to) => {
    const [num, den = 1] = fps.split("/").map(Number) as [number, number?];
    const isVariable = fps === "variable";
    const frames = isVariable ? SLOWING.frames : Math.floor((10 * num) / den);
    const recipe = isVariable ? SLOWING : { fps, frames, filters: [PADDED], output: [...X264, "-g", "48"] };
    const name = fps.replace("/", "-");
    const video = await flashClip(at(`${name}.mp4`), recipe);
    const starts = Array.from({ length: frames }, (_, n) => (isVariable ? slowing(n) : (n * den) / num));
    const shownAt = (time: number) =>
      Math.max(
        0,
        starts.findLastIndex((start) => start <= time + 1e-6),
      );

    const { lead, sampleCount, ...range } = rangeOf(from, to);
    const click = Math.floor(sampleCount * 0.6) + 1;
    const guide = { kind: "file" as const, path: await clickFile(click) };
    const { bundle, seen } = watched(mini);
    const made = await takeHere({ video, ...range, guide, guideStrength: 0 }, bundle, at(`${name}.take`));
    expect(made.notes).toEqual([]);

    const { plan } = made.take;
    const { semantic, sync } = bundle.manifest.roles;
    const [begin, end] = [Number(from), Number(to)];
    const moments = Array.from(
      { length: Math.max(1, Math.ceil((end - begin) * semantic.fps)) },
      (_, k) => begin + k / semantic.fps,
    );
    expect(seen.semantic).toEqual(moments.map(shownAt));
    expect(seen.semantic).toEqual([...plan.semantic!.frames]);
    expect(seen.sync).toEqual([...plan.sync!.frames]);
    expect(seen.sync).toEqual(Array.from(plan.sync!.times, shownAt));
    const inRange = starts.flatMap((start, n) => (start > begin + 1e-6 && start < end - 1e-6 ? [n] : []));
    const step = Math.max(1, Math.ceil(isVariable ? 1 : num / den / (sync.kind === "events" ? sync.maxFps : sync.fps)));
    expect(seen.sync).toEqual(expect.arrayContaining(inRange.filter((n) => n % step === 0)));

    const { waveform, bext } = decodeWav(readFileSync(made.wav));
    expect(bext?.timeReference).toBe(BigInt(lead));
    for (const channel of waveform.channels) {
      expect(channel.length).toBe(sampleCount);
      expect(loudest(channel)).toBe(click);
    }
    expect(loudest(soundOf(made.mux))).toBe(lead + click);
  },
);

/** Start timecode, rate, --from, frames from midnight to the clip's start, samples from there to the range. */
const TIMECODES: [string, string, string, bigint, bigint][] = [
  ["01:00:00:00", "24000/1001", "1.7654321", 86_400n, 84_741n],
  ["01:00:00;00", "30000/1001", "47f", 107_892n, 75_275n],
];

test.each(TIMECODES)(
  "timecode %s at %s fps, --from %s: the file says where it lies",
  async (timecode, fps, from, frame, lead) => {
    const [num, den = 1] = fps.split("/").map(Number) as [number, number?];
    const name = `tc${num}`;
    await flashClip(at(`${name}.mov`), { fps, frames: 75, output: [...X264, "-timecode", timecode] });
    const click = 12_345;
    const guide = ["--guide", await clickFile(click), "--guide-strength", "0"];
    const files = ["-o", `${name}.wav`, "--mux", `${name}.out.mov`];
    const args = ["generate", `${name}.mov`, "--from", from, "--to", "2.3", ...guide, ...files, "--json"];
    const { code, stdout, stderr } = await foley(args, { cwd: folder });
    expect([code, stderr]).toEqual([0, ""]);
    const { sampleCount } = JSON.parse(stdout).takes[0];
    const { waveform, bext, ixml } = decodeWav(readFileSync(at(`${name}.wav`)));
    expect(waveform.channels.map(({ length }) => length)).toEqual([sampleCount, sampleCount]);
    expect(sampleCount).toBe(110_400 - Number(lead));
    expect(waveform.channels.map(loudest)).toEqual([click, click]);
    // Samples from midnight: the frame's real time, so an hour of timecode at 23.976 is 3603.6 s.
    const midnight = (frame * BigInt(den) * 48_000n * 2n + BigInt(num)) / (2n * BigInt(num));
    expect(bext?.timeReference).toBe(midnight + lead);
    expect(ixml).toContain(timecode.includes(";") ? "<TIMECODE_FLAG>DF<" : "<TIMECODE_FLAG>NDF<");
    expect(loudest(soundOf(at(`${name}.out.mov`)))).toBe(Number(lead) + click);
  },
);
