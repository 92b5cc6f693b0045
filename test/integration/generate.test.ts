import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { takeSchema } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { foley, SAMPLE, tempFolder } from "../support/cli.ts";

const generate = async (folder: string, ...args: string[]) => {
  const { code, stdout, stderr } = await foley(["generate", ...args, "--json"], { cwd: folder });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const samplesOf = (path: string) => decodeWav(readFileSync(path)).waveform.channels;
const peakOf = (samples: Float32Array) => samples.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

test("a clip and words become a take that fits the clip to the sample, its record and latents beside it", async () => {
  const folder = tempFolder();
  const result = await generate(folder, SAMPLE, "--prompt", "footsteps on a wooden floor", "-o", "steps.wav");
  const [take] = result.takes;
  expect(take).toMatchObject({ sampleRate: 48_000, channels: 2, seed: 1 });
  expect(take.sampleCount).toBe(Math.round(take.seconds * 48_000));
  expect(take.chosen[0].class).toMatch(/footsteps/);
  expect(take.events.length).toBeGreaterThan(0);
  expect(readdirSync(folder).sort()).toEqual(["steps.latents.safetensors", "steps.take.json", "steps.wav"]);
  const [left, right] = samplesOf(take.path);
  expect(left).toHaveLength(take.sampleCount);
  expect(peakOf(left!)).toBeGreaterThan(0.01);
  expect(peakOf(right!)).toBeLessThanOrEqual(10 ** (-1 / 20) + 1e-6);
  const record = takeSchema.parse(JSON.parse(readFileSync(join(folder, "steps.take.json"), "utf8")));
  expect(record.events).toEqual(take.events);
  expect(Object.keys(result.timings)).toEqual(expect.arrayContaining(["frames", "guide", "finish"]));
});

test("the same seed makes the same bytes, another seed another performance", async () => {
  const folder = tempFolder();
  const args = [SAMPLE, "--to", "3", "--prompt", "steps on wood"];
  const paths = [];
  for (const [name, seed] of Object.entries({ a: "5", b: "5", c: "6" })) {
    const { takes } = await generate(folder, ...args, "--seed", seed, "-o", `${name}.wav`);
    paths.push(takes[0].path);
  }
  const [a, b] = paths.map((path) => readFileSync(path));
  expect(a!.equals(b!)).toBe(true);
  expect(samplesOf(paths[2]!)[0]).not.toEqual(samplesOf(paths[0]!)[0]);
});

test("a take's record alone repeats it bit for bit", async () => {
  const folder = tempFolder();
  const { takes } = await generate(
    folder,
    SAMPLE,
    "--from",
    "1",
    "--to",
    "2.5",
    "--seed",
    "9",
    "--guide-strength",
    "0.5",
    "-o",
    "a.wav",
  );
  const { request, seed } = takeSchema.parse(JSON.parse(readFileSync(join(folder, "a.take.json"), "utf8")));
  const again = [
    "--from",
    "1",
    "--to",
    "2.5",
    "--seed",
    String(seed),
    "--guide-strength",
    String(request.guideStrength),
  ];
  const second = await generate(folder, SAMPLE, ...again, "-o", "b.wav");
  expect(samplesOf(second.takes[0].path)).toEqual(samplesOf(takes[0].path));
});

test("words only: rain is a bed, as long as asked", async () => {
  const { takes } = await generate(tempFolder(), "--prompt", "steady rain", "--to", "2.5", "-o", "rain.wav");
  expect(takes[0]).toMatchObject({
    sampleCount: 120_000,
    chosen: [{ class: expect.stringMatching(/rain/), mode: "bed" }],
  });
});

test("sounds asked for by words alone come dry; a picture brings its room", async () => {
  const folder = tempFolder();
  const bothRooms = async (name: string, ...args: string[]) => {
    const made = ["auto", "off"].map((room) =>
      generate(
        folder,
        ...args,
        "--to",
        "2",
        "--prompt",
        "a door is slammed",
        "--room",
        room,
        "-o",
        `${name}-${room}.wav`,
      ),
    );
    return (await Promise.all(made)).map(({ takes }) => samplesOf(takes[0].path));
  };
  const [alone, dry] = await bothRooms("alone");
  expect(alone).toEqual(dry);
  const [seen, without] = await bothRooms("seen", SAMPLE);
  expect(seen).not.toEqual(without);
});

test("picture only works, mono, 16 bit, to a loudness", async () => {
  const folder = tempFolder();
  const { takes } = await generate(folder, SAMPLE, "--mono", "--bit-depth", "16", "--lufs", "-30", "-o", "quiet.wav");
  expect(takes[0].channels).toBe(1);
  if (takes[0].lufs !== null) expect(takes[0].lufs).toBeLessThanOrEqual(-29.95);
  expect(decodeWav(readFileSync(takes[0].path)).bits).toBe(16);
});

test("a range lands to the sample: its events are those of the whole clip, shifted", async () => {
  const folder = tempFolder();
  const args = [SAMPLE, "--prompt", "steps on wood"];
  const whole = await generate(folder, ...args, "-o", "whole.wav");
  const range = await generate(folder, ...args, "--from", "1.234", "--to", "4", "-o", "range.wav");
  expect(range.takes[0].sampleCount).toBe(Math.round(2.766 * 48_000));
  const times = (takes: { events: { time: number }[] }[]) => takes[0]!.events.map(({ time }) => time);
  const inRange = times(whole.takes)
    .filter((time) => time >= 1.234 && time < 4)
    .map((time) => time - 1.234);
  const found = times(range.takes);
  expect(found).toHaveLength(inRange.length);
  for (const [i, time] of inRange.entries()) expect(found[i]).toBeCloseTo(time, 6);
});

test("several takes, each its own seed; names never collide", async () => {
  const folder = tempFolder();
  const args = [SAMPLE, "--to", "1", "--takes", "2", "--prompt", "knock", "--out-dir", "new/takes"];
  const first = await generate(folder, ...args);
  const second = await generate(folder, ...args);
  const paths = [...first.takes, ...second.takes].map(({ path }) => path);
  expect(new Set(paths).size).toBe(4);
  expect(first.takes.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2]);
});

test("one frame is enough", async () => {
  const { takes } = await generate(tempFolder(), SAMPLE, "--from", "20f", "--to", "21f", "-o", "frame.wav");
  expect(takes[0].sampleCount).toBe(4800);
});

test("the muxed clip keeps the picture and carries the take", async () => {
  const folder = tempFolder();
  await generate(folder, SAMPLE, "--to", "2", "--prompt", "knock", "-o", "a.wav", "--mux", "a.mp4");
  expect(existsSync(join(folder, "a.mp4"))).toBe(true);
});
