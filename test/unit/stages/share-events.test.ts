import { expect, test } from "vitest";
import { shareEvents } from "../../../local-server/src/stages/share-events.ts";

const event = (time: number, strength = 0.5) => ({ time, strength, confidence: 1, x: 0, sound: null });
const thing = (levelDb: number, action = "hit") => ({ levelDb, action });

test("one class takes all, none are lost", () => {
  expect(shareEvents([event(0), event(1)], [thing(-10)])).toEqual([0, 0]);
  expect(shareEvents([], [thing(-10), thing(-20)])).toEqual([]);
});

test("things as loud as each other sound in the order they are named", () => {
  expect(
    shareEvents(
      [0, 1, 2, 3].map((time) => event(time)),
      [thing(-14), thing(-12)],
    ),
  ).toEqual([0, 0, 1, 1]);
});

test("the loud thing takes the hard hits", () => {
  const events = [event(0, 0.9), event(1, 0.2), event(2, 0.25), event(3, 0.2), event(4, 0.95)];
  expect(shareEvents(events, [thing(-20), thing(-3)])).toEqual([1, 0, 0, 0, 1]);
});

test("an even row goes to the steps, what falls out of it to the other", () => {
  const row = [0.5, 1, 1.5, 2, 2.5].map((time) => event(time));
  const shares = shareEvents([...row, event(4.3), event(6.4)], [thing(-13), thing(-13, "step")]);
  expect(shares.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
  expect(shareEvents([...row, event(4.3), event(6.4)], [thing(-13, "step"), thing(-13)])).toEqual([
    0, 0, 0, 0, 0, 1, 1,
  ]);
});

test("every class gets something where there is enough", () => {
  const shares = shareEvents([event(0, 0.5), event(0.2, 0.5), event(0.4, 0.5)], [thing(-10), thing(-11), thing(-12)]);
  expect(new Set(shares).size).toBe(3);
});
