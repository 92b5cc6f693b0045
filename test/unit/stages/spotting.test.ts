import { expect, test } from "vitest";
import type { Plan, VisualFeatures } from "../../../local-server/src/pipeline/types.ts";
import { spot } from "../../../local-server/src/stages/spotting.ts";

const event = (time: number, confidence = 1) => ({ time, strength: 0.5, confidence, x: 0, sound: null });
const EVERYWHERE = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
const actor = (action: string, stretches = EVERYWHERE) => ({
  class: { action, maxPerSecond: 10, levelDb: -12 },
  stretches,
});
const plan = (prompt: string, clip: object | null = {}) =>
  ({ clip, seconds: 10, request: { prompt } }) as unknown as Plan;
const seen = (events: number[], unsure: number[] = []) =>
  ({
    events: events.map((time) => event(time)),
    unsure: unsure.map((time) => event(time, 0.2)),
  }) as unknown as VisualFeatures;

const spotted = (...args: [Plan, VisualFeatures, ReturnType<typeof actor>[]]) => {
  const notes: string[] = [];
  const context = { signal: new AbortController().signal, progress() {}, note: (text: string) => notes.push(text) };
  const lists = spot(...args, context as never);
  return { times: lists.map((list) => list.map(({ time }) => time)), notes };
};

test("a class that a shot shows sounds in that shot alone", () => {
  const first = actor("hit", [{ from: Number.NEGATIVE_INFINITY, to: 5 }]);
  const second = actor("hit", [{ from: 5, to: Number.POSITIVE_INFINITY }]);
  expect(spotted(plan(""), seen([1, 4, 6]), [first, second]).times).toEqual([[1, 4], [6]]);
});

test("words for which nothing hits lie on the likelier moments that no other sound has", () => {
  const { times, notes } = spotted(plan("keys and door"), seen([], [1, 2, 6, 7]), [actor("hit"), actor("hit")]);
  expect(times).toEqual([
    [1, 2],
    [6, 7],
  ]);
  expect(new Set(notes)).toEqual(new Set([expect.stringContaining("likelier moments")]));
});

test("a picture in which nothing hits stays silent, but somebody walking is taken at his word", () => {
  expect(spotted(plan(""), seen([], [1, 2]), [actor("hit")]).times).toEqual([[]]);
  expect(spotted(plan(""), seen([], [1, 2]), [actor("step")]).times).toEqual([[1, 2]]);
});

test("one doubtful hit is left out unless words or somebody walking ask for it", () => {
  const doubtful = { events: [event(3, 0.4)], unsure: [] } as unknown as VisualFeatures;
  const { times, notes } = spotted(plan(""), doubtful, [actor("hit")]);
  expect(times).toEqual([[]]);
  expect(notes).toEqual([expect.stringContaining("nothing is seen to hit")]);
  expect(spotted(plan("a knock"), doubtful, [actor("hit")]).times).toEqual([[3]]);
  expect(spotted(plan(""), doubtful, [actor("step")]).times).toEqual([[3]]);
});

test("without a picture sounds come one after the other, steps as a walk", () => {
  const { times } = spotted(plan("keys, door", null), seen([]), [actor("hit"), actor("hit")]);
  expect(times.flat()).toEqual([0.1, 5.1]);
  expect(spotted(plan("walking", null), seen([]), [actor("step")]).times[0]!.length).toBe(18);
});
