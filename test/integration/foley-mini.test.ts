import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { generateRequestSchema, type TakeRecord } from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { tempFolder } from "../support/cli.ts";

/** Development clips and the scorer of sound against visible events; they may not be passed on, so a stranger has none. */
const SHARED = resolve(import.meta.dirname, "../../../shared");
const LABELS = join(SHARED, "data/clips/onsets_picture.csv");

const engine = createEngine();
afterAll(() => engine.kill());

async function take(clip: string, folder: string, fields: object = {}): Promise<TakeRecord> {
  const request = generateRequestSchema.parse({ video: join(SHARED, "data/clips", clip), channels: "mono", ...fields });
  const target = join(folder, clip.replace(/\.\w+$/, ".wav"));
  const quiet = { signal: new AbortController().signal, onProgress() {}, onNote() {} };
  const { takes } = await engine.run({ request, targets: [target] }, quiet);
  return takes[0]!.record;
}

const macroF1 = (folder: string, ...options: string[]): number => {
  const args = [join(SHARED, "tools/score-sync.mjs"), folder, LABELS, "--json", ...options];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })).all.f1;
};

const reason = existsSync(LABELS) ? "" : " (skipped: the development clips are not here)";

describe.skipIf(reason)(`foley-mini on real clips${reason}`, () => {
  test("the sound hits what is seen: macro F1 at 100 ms over seven clips", { timeout: 180_000 }, async () => {
    const folder = tempFolder();
    const clips = ["hammer-spoon", "drumstick-bag", "paper-tear-portrait", "congas", "pistol-shots", "tennis-serve"];
    for (const clip of [...clips, "football-juggle"]) await take(`${clip}.mp4`, folder);
    expect(macroF1(folder)).toBeGreaterThanOrEqual(0.5);
    expect(macroF1(folder, "--visible")).toBeGreaterThanOrEqual(0.62);
  });

  test.each([
    "static-toy-negative.mp4",
    "phone-rotated-negative.mov",
    "waterfall.mp4",
    "car-drive-mjpeg.avi",
    "coffee-pour.mp4",
  ])("%s: at most 4 hits are placed in 10 s", async (clip) => {
    const { events, seconds } = await take(clip, tempFolder());
    expect((10 * events.length) / seconds).toBeLessThanOrEqual(4);
  });

  test.each([
    ["waterfall.mp4", /water|ambience/],
    ["coffee-pour.mp4", /water/],
    ["rain-car-wipers.mp4", /vehicle|rain/],
    ["car-drive-mjpeg.avi", /vehicle/],
  ])("%s gets a bed, not hits", async (clip, sound) => {
    const { chosen, events } = await take(clip, tempFolder());
    expect(chosen[0]).toMatchObject({ mode: "bed", class: expect.stringMatching(sound) });
    expect(events).toEqual([]);
  });

  test("words win over the picture", async () => {
    const { chosen } = await take("waterfall.mp4", tempFolder(), { prompt: "glass breaking", toTicks: "508032000000" });
    expect(chosen[0]!.class).toBe("glass/break");
  });
});
