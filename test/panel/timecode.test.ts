import fc from "fast-check";
import { expect, test } from "vitest";
import { ticks, ticksOfFrame, ticksOfSeconds } from "../../local-server/protocol/index.ts";
import { frameAt, lengthText, parseTime, stepFrames, timecodeAt } from "../../panel/src/state/timecode.ts";

const RATES = [
  [24_000, 1001],
  [24, 1],
  [25, 1],
  [30_000, 1001],
  [30, 1],
  [50, 1],
  [60_000, 1001],
  [60, 1],
].map(([num, den]) => ({ num: num!, den: den! }));
const pal = { rate: { num: 25, den: 1 }, dropFrame: false, startFrame: 0 };
const drop = { rate: { num: 30_000, den: 1001 }, dropFrame: true, startFrame: 0 };

test("every frame of every broadcast rate is found again at its start, and one step on is the next", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500_000 }), fc.constantFrom(...RATES), (frame, rate) => {
      const at = ticksOfFrame(frame, rate);
      expect(frameAt(at, rate)).toBe(frame);
      expect(stepFrames(at, 1, rate)).toBe(ticksOfFrame(frame + 1, rate));
      expect(stepFrames(ticks(at + 5_000_000n), -1, rate)).toBe(ticksOfFrame(frame - 1, rate));
    }),
  );
});

test("what is shown is read back as the same frame, drop-frame and a first hour included", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200_000 }),
      fc.constantFrom(pal, drop, { ...pal, startFrame: 90_000 }),
      (frame, count) => {
        const at = ticksOfFrame(frame, count.rate);
        expect(parseTime(timecodeAt(at, count), count)).toBe(at);
      },
    ),
  );
});

test("short forms: the last two digits are frames; f, s and decimals say their unit", () => {
  expect(parseTime("1205", pal)).toBe(ticksOfFrame(12 * 25 + 5, pal.rate));
  expect(parseTime("60f", pal)).toBe(ticksOfFrame(60, pal.rate));
  expect(parseTime("2.5", pal)).toBe(ticksOfSeconds(2.5));
  expect(parseTime("3s", pal)).toBe(ticksOfSeconds(3));
  expect(parseTime("00:01:00:02", drop)).toBe(ticksOfFrame(1800, drop.rate));
});

test("what is no time is null: words, a frame that the rate lacks, a label that drop-frame skips", () => {
  for (const [typed, count] of [
    ["soon", pal],
    ["", pal],
    ["00:00:00:25", pal],
    ["1299", pal],
    ["00:01:00;00", drop],
    ["-5f", pal],
  ] as const) {
    expect([typed, parseTime(typed, count)]).toEqual([typed, null]);
  }
});

test("a length reads as seconds and frames", () => {
  expect(lengthText(ticksOfFrame(6 * 25 + 15, pal.rate), pal.rate)).toBe("6:15");
  expect(lengthText(ticksOfFrame(65 * 25, pal.rate), pal.rate)).toBe("1:05:00");
});
