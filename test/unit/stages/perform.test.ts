import { expect, test } from "vitest";
import { createRandom } from "../../../local-server/src/random.ts";
import type { Recording } from "../../../local-server/src/stages/bank.ts";
import { bedLevelDb, layBed } from "../../../local-server/src/stages/beds.ts";
import { performAction } from "../../../local-server/src/stages/perform.ts";
import { describeRecording } from "../../../local-server/src/stages/recording.ts";

/** A click after 480 samples of silence, then a tail of half a second. */
function knock(id: string, weight: Recording["weight"] = "medium"): Recording {
  const samples = new Float32Array(24_480);
  for (let n = 0; n < 24_000; n++) samples[480 + n] = Math.exp(-n / 6000) * Math.sin(n * 0.3 + 1);
  return { id, samples, onset: 480, loudnessDb: -6, weight };
}

const event = (time: number, strength = 1) => ({ time, strength, confidence: 1, x: 0, sound: null });
const SPAN = { startSeconds: 0, sampleCount: 96_000 };
const firstLoud = (sound: Float32Array, from = 0): number => {
  const index = sound.subarray(from).findIndex((value) => Math.abs(value) > 0.01);
  return index < 0 ? -1 : from + index;
};

test("the attack falls on the event, within the seeded 3 ms", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { sound } = performAction([event(1)], [knock("a")], "ring", SPAN, createRandom(seed));
    expect(Math.abs(firstLoud(sound) - 48_000)).toBeLessThanOrEqual(0.003 * 48_000 + 12);
  }
});

test("an event before the span still rings into it, one at the end does not overrun", () => {
  const { sound, events } = performAction([event(-0.1), event(1.999)], [knock("a")], "ring", SPAN, createRandom(1));
  expect(firstLoud(sound)).toBeLessThan(100);
  expect(sound).toHaveLength(96_000);
  expect(events).toHaveLength(2);
});

test("no recording twice in a row, all of them used", () => {
  const recordings = ["a", "b", "c", "d", "e"].map((id) => knock(id));
  const events = Array.from({ length: 30 }, (_, i) => event(i * 0.06));
  const { events: performed } = performAction(events, recordings, "choke", SPAN, createRandom(3));
  const ids = performed.map(({ sound }) => sound);
  expect(ids.some((id, i) => id === ids[i + 1])).toBe(false);
  expect(new Set(ids).size).toBe(5);
});

test("even two recordings take turns", () => {
  const { events } = performAction(
    [0, 0.2, 0.4, 0.6, 0.8, 1].map((time) => event(time, time)),
    [knock("a", "light"), knock("b", "heavy")],
    "choke",
    SPAN,
    createRandom(6),
  );
  const ids = events.map(({ sound }) => sound);
  expect(ids.some((id, i) => id === ids[i + 1])).toBe(false);
});

test("harder is brighter: the same recording holds more of its highs", () => {
  const random = createRandom(11);
  const samples = Float32Array.from({ length: 9600 }, (_, n) => (n < 48 ? 0 : Math.exp(-n / 3000) * random.normal()));
  const hiss: Recording = { id: "hiss", samples, onset: 48, loudnessDb: -6, weight: "medium" };
  /** Power of the first difference (highs) over the power of the sum of neighbours (lows), dB. */
  const brightness = (strength: number): number => {
    const { sound } = performAction([{ ...event(1, strength), variation: 7 }], [hiss], "ring", SPAN, createRandom(1));
    let [high, low] = [0, 0];
    for (let n = 1; n < sound.length; n++) {
      high += (sound[n]! - sound[n - 1]!) ** 2;
      low += (sound[n]! + sound[n - 1]!) ** 2;
    }
    return 10 * Math.log10(high / low);
  };
  expect(brightness(1) - brightness(0.1)).toBeGreaterThan(1.5);
});

test("harder is louder and takes the heavier recording", () => {
  const recordings = [knock("light", "light"), knock("heavy", "heavy"), knock("light2", "light")];
  const peakOf = (strength: number) => {
    const { sound, events } = performAction([event(1, strength)], recordings, "ring", SPAN, createRandom(8));
    return { peak: sound.reduce((max, value) => Math.max(max, Math.abs(value)), 0), id: events[0]!.sound };
  };
  expect(peakOf(1).peak).toBeGreaterThan(1.8 * peakOf(0.1).peak);
  expect(peakOf(1).id).toBe("heavy");
  expect(peakOf(0.1).id).toMatch(/light/);
});

test("a choked tail is over at the next attack; a ringing one is not", () => {
  // The next hit itself is made too soft to be measured: it may come 3 ms early.
  const events = [event(0.5), { ...event(0.7), gainDb: -60 }];
  const early = (tail: "ring" | "choke") => {
    const { sound } = performAction(events, [knock("a")], tail, SPAN, createRandom(2));
    return sound.subarray(0.698 * 48_000, 0.6995 * 48_000).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  };
  expect(early("choke")).toBeLessThan(0.3 * early("ring"));
});

test("an event that keeps its seed and sound is the same to the bit whatever happens beside it", () => {
  const recordings = ["a", "b", "c"].map((id) => knock(id));
  const known = new Map(recordings.map((recording) => [recording.id, { recording, tail: "ring" as const }]));
  const { events } = performAction([event(0.2), event(1)], recordings, "ring", SPAN, createRandom(1));
  const last = events[1]!;
  expect(last.variation).toBeTypeOf("number");
  const alone = performAction([last], [], "ring", SPAN, createRandom(77), known);
  const beside = performAction([event(0.1), last], recordings, "ring", SPAN, createRandom(4), known);
  const tailOf = (sound: Float32Array) => sound.subarray(0.97 * 48_000);
  const both = performAction([{ ...beside.events[0]!, muted: true }, last], [], "ring", SPAN, createRandom(4), known);
  expect(both.sound).toEqual(alone.sound);
  expect(both.events).toHaveLength(2);
  expect(tailOf(beside.sound)).not.toEqual(new Float32Array(tailOf(beside.sound).length));
  const louder = performAction([{ ...last, gainDb: 6 }], [], "ring", SPAN, createRandom(1), known);
  const peak = (sound: Float32Array) => sound.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  expect(20 * Math.log10(peak(louder.sound) / peak(alone.sound))).toBeCloseTo(6, 3);
});

test("a bed fills the span in two versions that do not resemble each other, without a hole", () => {
  const random = createRandom(5);
  const noise = (): Recording => {
    const samples = Float32Array.from({ length: 100_000 }, () => 0.1 * random.normal());
    return { id: "rain", samples, onset: 0, loudnessDb: -20, weight: "medium" };
  };
  const motion = { times: new Float64Array(0), amount: new Float32Array(0) };
  const everywhere = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
  const bed = layBed(
    [noise(), noise()],
    everywhere,
    motion,
    bedLevelDb({ levelDb: -30 }, null),
    { startSeconds: 0, sampleCount: 300_000 },
    random,
  );
  const [a, b] = bed.sides;
  const power = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, n) => sum + value * y[n]!, 0);
  expect(Math.abs(power(a, b) / Math.sqrt(power(a, a) * power(b, b)))).toBeLessThan(0.05);
  for (let start = 0; start + 2400 <= a.length; start += 2400) {
    const block = a.subarray(start, start + 2400);
    const level = 10 * Math.log10(power(block, block) / 2400);
    expect(level).toBeGreaterThan(-28);
    expect(level).toBeLessThan(-24);
  }
});

test("a bed swells with the motion, gently, and is soft at the cuts it lies between", () => {
  const random = createRandom(5);
  const samples = Float32Array.from({ length: 100_000 }, () => 0.1 * random.normal());
  const rain: Recording = { id: "rain", samples, onset: 0, loudnessDb: -20, weight: "medium" };
  const times = Float64Array.from({ length: 100 }, (_, i) => i / 10);
  const motion = { times, amount: Float32Array.from(times, (time) => (time < 5 ? 0.1 : 0.6)) };
  const span = { startSeconds: 0, sampleCount: 480_000 };
  const lay = (from: number, to: number) =>
    layBed([rain, rain], [{ from, to }], motion, -26, span, createRandom(3)).sides[0];
  const levelAt = (bed: Float32Array, from: number, to: number) => {
    const part = bed.subarray(from * 48_000, to * 48_000);
    return 10 * Math.log10(part.reduce((sum, value) => sum + value * value, 0) / part.length + 1e-12);
  };
  const bed = lay(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const swell = levelAt(bed, 7, 9) - levelAt(bed, 1, 3);
  expect(swell).toBeGreaterThan(3);
  expect(swell).toBeLessThanOrEqual(6.5);
  const shot = lay(2, 4);
  expect(levelAt(shot, 0, 1.9)).toBeLessThan(-100);
  expect(levelAt(shot, 4.1, 10)).toBeLessThan(-100);
  expect(levelAt(shot, 2.1, 3.9)).toBeCloseTo(levelAt(bed, 2.1, 3.9), 3);
  const steps = shot
    .subarray(1.9 * 48_000, 2.1 * 48_000)
    .map((value, n, all) => Math.abs(value - (all[n - 1] ?? value)));
  expect(Math.max(...steps.subarray(0, 4700))).toBeLessThan(Math.max(...steps.subarray(6000)));
});

test("a bed lies under the action as in nature, but neither drowned nor in the way", () => {
  expect(bedLevelDb({ levelDb: -30 }, { levelDb: -18 })).toBe(-32);
  expect(bedLevelDb({ levelDb: -5 }, { levelDb: -18 })).toBe(-28);
  expect(bedLevelDb({ levelDb: -60 }, { levelDb: 0 })).toBe(-42);
});

test("an untagged file is measured: a knock hits at its attack, noise is a bed", () => {
  const { onset, steady } = describeRecording("k", knock("k").samples);
  expect(Math.abs(onset - 480)).toBeLessThan(5);
  expect(steady).toBe(false);
  const random = createRandom(2);
  expect(
    describeRecording(
      "n",
      Float32Array.from({ length: 200_000 }, () => random.normal()),
    ).steady,
  ).toBe(true);
});
