import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium, launchChromium } from "../support/browser.ts";
import { tempFolder } from "../support/cli.ts";
import { flashClip, makeWithFfmpeg } from "../support/clips.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** Clips as editors have them, behind the address that opening them gives, in a real browser's `<video>`. */

const executable = findChromium();
const why = process.env.FOLEY_NO_CHROMIUM ?? "no Chromium on PATH";
let server: ServerHere;
let browser: Browser;
beforeAll(async () => {
  server = await serveHere();
  if (executable) browser = await launchChromium(executable);
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});

/** Plays nothing: seeks to the middle of each frame and reads the number that its picture shows. */
async function look(media: string, frames: readonly number[], fps: number) {
  const page = await browser.newPage();
  try {
    await page.goto(`${server.origin}/`);
    return await page.evaluate(
      async ({ url, times }) => {
        const video = document.createElement("video");
        const event = (name: string) => new Promise((settle) => video.addEventListener(name, settle, { once: true }));
        const failed = event("error").then(() => Promise.reject(new Error(video.error?.message ?? "no picture")));
        const bytes = await (await fetch(url)).blob();
        video.src = URL.createObjectURL(bytes);
        await Promise.race([event("loadeddata"), failed]);
        const canvas = new OffscreenCanvas(160, 96).getContext("2d")!;
        const shown: number[] = [];
        for (const time of times) {
          video.currentTime = time;
          await event("seeked");
          canvas.drawImage(video, 0, 0, 160, 96);
          const { data } = canvas.getImageData(0, 24, 160, 1);
          const bits = Array.from({ length: 10 }, (_, bit) => (data[4 * (bit * 16 + 8)]! > 128 ? 1 : 0));
          let number = 0;
          for (let bit = 9, above = 0; bit >= 0; bit--) {
            above ^= bits[bit]!;
            number |= above << bit;
          }
          shown.push(number);
        }
        return { width: video.videoWidth, duration: video.duration, shown };
      },
      { url: server.origin + media, times: frames.map((frame) => (frame + 0.5) / fps) },
    );
  } finally {
    await page.close();
  }
}

const PRORES = ["-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le"];

test.for<[string, readonly string[], number]>([
  ["prores.mov", PRORES, 25],
  ["old.avi", ["-c:v", "mpeg4", "-q:v", "2"], 25],
  ["ten-bit.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"], 25],
  ["broadcast.ts", ["-c:v", "mpeg2video", "-q:v", "2", "-muxdelay", "1"], 25],
  ["plain.mov", ["-c:v", "libx264", "-preset", "ultrafast"], 25],
])("%s is seen, every frame at its time", { timeout: 60_000 }, async ([name, output, fps], { skip }) => {
  if (!executable) skip(why);
  const path = await flashClip(join(tempFolder(), name), { frames: 60, output });
  const opened = await server.post("/v1/clips", { path });
  const { media } = (await opened.json()) as { media: string };
  const frames = [0, 1, 7, 24, 25, 42, 59];
  const { shown, duration } = await look(media, frames, fps);
  expect([name, shown]).toEqual([name, frames]);
  expect(duration).toBeCloseTo(60 / fps, 1);
});

test("a wide clip becomes a small copy; the same file is copied once", { timeout: 60_000 }, async ({ skip }) => {
  if (!executable) skip(why);
  const path = join(tempFolder(), "wide.avi");
  await makeWithFfmpeg(
    "-f",
    "lavfi",
    "-i",
    "testsrc=s=1921x1081:r=25:d=1",
    "-c:v",
    "mpeg4",
    "-pix_fmt",
    "yuv420p",
    path,
  );
  const open = async () => ((await (await server.post("/v1/clips", { path })).json()) as { media: string }).media;
  const [one, two] = [await open(), await open()];
  expect(one).toBe(two);
  const answer = await fetch(server.origin + one);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "video/mp4"]);
  const etag = answer.headers.get("etag");
  expect((await fetch(server.origin + two)).headers.get("etag")).toBe(etag);
  expect((await look(one, [0], 25)).width).toBe(960);
});
