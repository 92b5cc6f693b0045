import { expect, test } from "vitest";
import { chooseConstant, chooseNative } from "../../../local-server/src/video/choose.ts";

const steady = (count: number, fps: number) => Float64Array.from({ length: count }, (_, n) => n / fps);

test("a constant rate takes the frame shown at each moment", () => {
  const { frames, times } = chooseConstant(steady(30, 30), 0, 8, 8);
  expect([...times]).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]);
  expect([...frames]).toEqual([0, 3, 7, 11, 15, 18, 22, 26]);
});

test("a frame that starts at the moment is the one shown, whatever the doubles say", () => {
  expect([...chooseConstant(steady(300, 24000 / 1001), 1001 / 24000, 3, 24000 / 1001).frames]).toEqual([1, 2, 3]);
  expect([...chooseConstant(steady(300, 10), 0.3, 2, 10).frames]).toEqual([3, 4]);
});

test("edges are held before the first frame and after the last", () => {
  expect([...chooseConstant(steady(4, 4), -0.5, 8, 4).frames]).toEqual([0, 0, 0, 1, 2, 3, 3, 3]);
});

test("varying rate: a long frame is chosen as often as it is shown", () => {
  const times = Float64Array.of(0, 0.1, 0.9, 1.0);
  expect([...chooseConstant(times, 0, 6, 5).frames]).toEqual([0, 1, 1, 1, 1, 3]);
});

test("native: every frame that starts in the range, at its own time", () => {
  const { frames, times } = chooseNative(steady(100, 25), 0.4, 0.6, 34);
  expect([...frames]).toEqual([10, 11, 12, 13, 14]);
  expect([...times]).toEqual([0.4, 0.44, 0.48, 0.52, 0.56]);
});

test("native above the highest rate: every second frame, the same ones for every range", () => {
  const whole = [...chooseNative(steady(100, 50), 0, 2, 34).frames];
  expect(whole.slice(0, 4)).toEqual([0, 2, 4, 6]);
  expect([...chooseNative(steady(100, 50), 0.5, 0.7, 34).frames]).toEqual([26, 28, 30, 32, 34]);
  expect([...chooseNative(steady(100, 34), 0, 0.1, 34).frames]).toEqual([0, 1, 2, 3]);
});

test("native: a range inside one long frame has that frame, at the start of the range", () => {
  const { frames, times } = chooseNative(Float64Array.of(0, 5), 2, 3, 34);
  expect([[...frames], [...times]]).toEqual([[0], [2]]);
});
