import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { generateRequestSchema, lookSchema, type TakeRecord } from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";

/** Words and the sample clip, through a real engine with the bundled model. */
const engine = createEngine();
afterAll(() => engine.kill());

const watcher = (notes: string[] = []) => ({
  signal: new AbortController().signal,
  onProgress() {},
  onNote: (text: string) => notes.push(text),
});
const FOUR_SECONDS = "1016064000000";
const request = (fields: object) => generateRequestSchema.parse(fields);

async function take(fields: object): Promise<TakeRecord> {
  const { takes } = await engine.run(
    { request: request({ toTicks: FOUR_SECONDS, ...fields }), targets: [`${tempFolder()}/take.wav`] },
    watcher(),
  );
  return takes[0]!.record;
}
const classes = ({ chosen }: TakeRecord) => chosen.map((one) => `${one.mode} ${one.class}`);

test.each(["footsteps on gravel and rain", "碎石路上的脚步声和雨声"])(
  "%s: steps on the events over a bed of rain",
  async (prompt) => {
    const record = await take({ video: SAMPLE, prompt });
    expect(classes(record)).toEqual(["event footsteps/gravel", "bed weather/rain"]);
    expect(record.events.length).toBeGreaterThan(0);
    expect(record.events.every(({ sound }) => sound?.startsWith("footsteps/gravel"))).toBe(true);
  },
);

test("two things that hit share the events, each its own", async () => {
  const events = [0.5, 1, 1.5, 2, 2.5, 3].map((time) => ({ time, strength: 0.5, confidence: 1, x: 0, sound: null }));
  const record = await take({ video: SAMPLE, prompt: "keys and door", events });
  const sounds = record.events.map(({ sound }) => sound!.split("/")[0]);
  expect(sounds).toEqual(["metal", "metal", "metal", "door", "door", "door"]);
  expect(classes(record).map((name) => name.split("/")[0])).toEqual(["event metal", "event door"]);
});

test("words for what the bank has not are left out and said, never sounded as something else", async () => {
  const record = await take({ prompt: "string quartet plays Mozart" });
  expect(record.chosen).toEqual([]);
  expect(record.events).toEqual([]);
  expect(record.notes.join("\n")).toMatch(/quartet[\s\S]*nothing fits/);
});

test("other words for a range that was just looked at need no second look, and make the same take as a fresh engine", async () => {
  const job = (name: string, prompt: string, fresh = false) => ({
    request: request({ video: SAMPLE, toTicks: FOUR_SECONDS, prompt, channels: "mono" }),
    targets: [`${tempFolder()}/${name}.wav`],
    fresh,
  });
  await engine.run(job("first", "steps on wood"), watcher());
  const second = await engine.run(job("second", "steps on gravel"), watcher());
  const again = await engine.run(job("again", "steps on gravel", true), watcher());
  expect(Object.keys(second.graphs)).not.toContain("sync");
  expect(Object.keys(again.graphs)).toEqual(expect.arrayContaining(["semantic", "sync", "text"]));
  const [a, b] = await Promise.all([second, again].map(({ takes }) => readFile(takes[0]!.path)));
  expect(a!.equals(b!)).toBe(true);
});

test("a look suggests classes with scores, best first, in both languages, and makes nothing", async () => {
  const look = lookSchema.parse(await engine.look(request({ video: SAMPLE }), watcher()));
  expect(look.fits).toBe(true);
  expect(look.suggestions[0]).toMatchObject({ class: expect.stringMatching(/^footsteps/), mode: "event" });
  expect(look.suggestions.every(({ labelZh }) => /\p{Script=Han}/u.test(labelZh ?? ""))).toBe(true);
  const scores = look.suggestions.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  const worded = await engine.look(request({ video: SAMPLE, prompt: "glass breaking" }), watcher());
  expect(worded.suggestions[0]).toMatchObject({ class: "glass/break", label: "glass breaking" });
});
