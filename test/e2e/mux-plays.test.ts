import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SoundEvent, TICKS_PER_SECOND } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";
import { findChromium, launchChromium } from "../support/browser.ts";
import { foley, SAMPLE } from "../support/cli.ts";
import { takeHere } from "../support/take-here.ts";

/** What `--mux` makes plays in a real browser: moving picture, and the take's sound where the take has it. */

const folder = mkdtempSync(join(tmpdir(), "foley-plays-"));
const executable = findChromium();
const why = process.env.FOLEY_NO_CHROMIUM ?? "no Chromium on PATH";
const clips = resolve(import.meta.dirname, "../../../shared/data/clips");
const names = existsSync(clips) ? readdirSync(clips).filter((name) => /\.(mp4|avi|mkv|mov)$/.test(name)) : [];

let browser: Browser;
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => serve(request.url ?? "/", request.headers.range, response));
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  if (executable) browser = await launchChromium(executable);
});
afterAll(async () => {
  await browser?.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An empty page at /, the folder's files below it, in the pieces that the browser asks for. */
function serve(url: string, range: string | undefined, response: ServerResponse): void {
  if (url === "/") return void response.setHeader("content-type", "text/html").end("<!doctype html><video></video>");
  const path = join(folder, basename(url));
  if (!existsSync(path)) return void response.writeHead(404).end();
  const { size } = statSync(path);
  const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(size - 1, Number(last));
  response.writeHead(range ? 206 : 200, {
    "content-type": "video/mp4",
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    ...(range ? { "content-range": `bytes ${start}-${end}/${size}` } : {}),
  });
  createReadStream(path, { start, end }).pipe(response);
}

/** Length of a block of sound in the page. */
const BLOCK_SECONDS = 1024 / 48_000;

interface Played {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly error: string | null;
  /** Highest minus lowest luma of a picture shown while it plays. */
  readonly contrast: number;
  /** Media time at the end of a block of sound, and the block's RMS. */
  readonly heard: readonly { readonly time: number; readonly rms: number }[];
}

/** Plays a file of the folder from `from` to `to` seconds, not muted, and listens behind the media element. */
async function play(name: string, from: number, to: number): Promise<Played> {
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await page.evaluate(listen, { url: `/${name}`, from, to });
  } finally {
    await page.close();
  }
}

/** Runs in the page. */
async function listen({ url, from, to }: { url: string; from: number; to: number }): Promise<Played> {
  const video = document.querySelector("video")!;
  const heard: { time: number; rms: number }[] = [];
  const result = { width: 0, height: 0, duration: 0, error: null as string | null, contrast: 0, heard };
  const event = (name: string) => new Promise((settle) => video.addEventListener(name, settle, { once: true }));
  const failed = event("error").then(() => Promise.reject(new Error(video.error?.message ?? "no message")));
  const context = new AudioContext({ sampleRate: 48_000 });
  const listener = context.createScriptProcessor(1024, 2, 1);
  context.createMediaElementSource(video).connect(listener);
  listener.connect(context.destination);
  listener.onaudioprocess = ({ inputBuffer }) => {
    if (video.paused || video.seeking) return;
    let sum = 0;
    for (const channel of [0, 1]) for (const value of inputBuffer.getChannelData(channel)) sum += value * value;
    heard.push({ time: video.currentTime, rms: Math.sqrt(sum / 2048) });
  };
  const run = async () => {
    video.src = url;
    await event("loadeddata");
    if (from > 0) {
      video.currentTime = from;
      await event("seeked");
    }
    await context.resume();
    await video.play();
    while (video.currentTime < to && !video.ended) await new Promise((settle) => setTimeout(settle, 20));
    const canvas = new OffscreenCanvas(64, 36).getContext("2d")!;
    canvas.drawImage(video, 0, 0, 64, 36);
    const { data } = canvas.getImageData(0, 0, 64, 36);
    const lumas = Array.from({ length: 64 * 36 }, (_, i) => data[4 * i]! + data[4 * i + 1]! + data[4 * i + 2]!);
    result.contrast = (Math.max(...lumas) - Math.min(...lumas)) / 3;
    video.pause();
  };
  await Promise.race([run(), failed]).catch((error) => {
    result.error = String(error);
  });
  await context.close();
  return Object.assign(result, { width: video.videoWidth, height: video.videoHeight, duration: video.duration });
}

async function mux(video: string, name: string, ...args: string[]) {
  const files = ["-o", join(folder, `${name}.wav`), "--mux", join(folder, `${name}.mp4`)];
  const { code, stdout, stderr } = await foley(["generate", video, ...args, ...files, "--json"]);
  expect([video, code, stderr]).toEqual([video, 0, ""]);
  return JSON.parse(stdout).takes[0];
}

/** RMS of a take from one moment to another, both channels. */
function takeRms(channels: readonly Float32Array[], from: number, to: number): number {
  const parts = channels.map((samples) => samples.subarray(Math.max(0, from * 48_000), Math.max(0, to * 48_000)));
  const sum = parts.reduce((sum, part) => part.reduce((inner, value) => inner + value * value, sum), 0);
  return Math.sqrt(sum / Math.max(1, parts.length * parts[0]!.length));
}

/** The loudest block of a take near a moment. */
const loudestNear = (channels: readonly Float32Array[], time: number): number =>
  Math.max(
    ...Array.from({ length: 40 }, (_, i) => {
      const from = time - 0.1 + (i * BLOCK_SECONDS) / 4;
      return takeRms(channels, from, from + BLOCK_SECONDS);
    }),
  );

test("the sample clip's take is heard under its picture, each hit at its time", async ({ skip }) => {
  if (!executable) skip(why);
  const { events } = await mux(SAMPLE, "steps", "--prompt", "footsteps on a wooden floor");
  const played = await play("steps.mp4", 0, 5);
  expect(played).toMatchObject({ width: 768, height: 432, error: null });
  expect(played.duration).toBeCloseTo(12.4, 1);
  expect(played.contrast).toBeGreaterThan(40);
  const { channels } = decodeWav(readFileSync(join(folder, "steps.wav"))).waveform;
  const hits = events.filter(({ time }: SoundEvent) => time > 0.2 && time < 4.8);
  expect(hits.length).toBeGreaterThan(0);
  for (const { time } of hits) {
    const near = played.heard.filter((block) => Math.abs(block.time - BLOCK_SECONDS / 2 - time) < 0.1);
    const loudest = Math.max(...near.map(({ rms }) => rms));
    expect([time, loudest / loudestNear(channels, time)]).toEqual([time, expect.closeTo(1, 0)]);
  }
  // Where the take is silent around a block, so is the browser.
  const silent = played.heard.filter(({ time }) => takeRms(channels, time - 0.2, time + 0.2) < 1e-4);
  for (const block of silent) expect(block.rms, `at ${block.time} s`).toBeLessThan(1e-3);
});

test.skipIf(names.length === 0)(
  "development clips (skipped where they are absent): each muxed take plays with picture and sound",
  { timeout: 300_000 },
  async ({ skip }) => {
    if (!executable) skip(why);
    const bundle = await loadBundle("foley-mini");
    const range = { toTicks: String((3n * TICKS_PER_SECOND) / 2n), guideStrength: 0 };
    // One clip plays while the next is made.
    let playing = Promise.resolve();
    for (const name of names) {
      const stem = name.replace(/\W/g, "-");
      const { take } = await takeHere(
        { video: join(clips, name), prompt: "steady rain", ...range },
        bundle,
        join(folder, stem),
      );
      const { width, height, rotation, durationSeconds } = take.plan.clip!;
      const size = rotation % 180 === 0 ? [width, height] : [height, width];
      await playing;
      playing = play(`${stem}.mp4`, 0, 1).then((played) => {
        const levels = played.heard.filter(({ time }) => time > 0.3).map(({ rms }) => rms);
        expect([name, played.error, played.width, played.height]).toEqual([name, null, ...size]);
        expect(Math.abs(played.duration - durationSeconds), name).toBeLessThan(0.1);
        expect(played.contrast, name).toBeGreaterThan(10);
        expect(levels.length, name).toBeGreaterThan(10);
        expect(Math.min(...levels), name).toBeGreaterThan(1e-3);
      });
      playing.catch(() => {});
    }
    await playing;
  },
);
