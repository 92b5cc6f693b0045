import { expect, test } from "vitest";
import { createCutDetector } from "../../../local-server/src/video/cuts.ts";
import { codePicture } from "../../support/clips.ts";

const SPEC = codePicture("luma", 56, 32);
const FPS = 25;

type Scene = (x: number, y: number, n: number) => number;
/** Smooth hills, another landscape for every `seed`, seen from a camera at `pan` pixels. */
const hills =
  (seed: number, pan = (_n: number) => 0): Scene =>
  (x, y, n) =>
    128 + 50 * Math.sin((x + pan(n)) / (4 + seed) + seed * 2) + 50 * Math.cos(y / (3 + seed * 0.7) + seed * 3 + x / 40);

const paint = (scene: Scene, n: number, gain = 1): Uint8Array =>
  Uint8Array.from({ length: 56 * 32 }, (_, i) =>
    Math.max(0, Math.min(255, gain * scene(i % 56, Math.floor(i / 56), n))),
  );

function cutsOf(frames: readonly Uint8Array[], threshold = 0.45): number[] {
  const detector = createCutDetector(threshold, SPEC);
  frames.forEach((pixels, n) => {
    detector.push(pixels, n / FPS);
  });
  return detector.cuts.map((time) => Math.round(time * FPS));
}
const shot = (count: number, scene: Scene, gain: (n: number) => number = () => 1) =>
  Array.from({ length: count }, (_, n) => paint(scene, n, gain(n)));

test("the first frame of each new shot", () => {
  expect(cutsOf([...shot(20, hills(1)), ...shot(15, hills(4)), ...shot(20, hills(7))])).toEqual([20, 35]);
});

test("a cut in the last frames is found without anything behind it", () => {
  expect(cutsOf([...shot(20, hills(1)), ...shot(1, hills(4))])).toEqual([20]);
});

test("a flash of two frames is none: the picture comes back", () => {
  const flash = [paint(() => 250, 0), paint(() => 240, 0)];
  expect(cutsOf([...shot(20, hills(1)), ...flash, ...shot(20, hills(1))])).toEqual([]);
});

test("camera shake and a quick pan are none", () => {
  expect(
    cutsOf(
      shot(
        50,
        hills(2, (n) => 3 * Math.sin(n * 2)),
      ),
    ),
  ).toEqual([]);
  expect(
    cutsOf(
      shot(
        50,
        hills(2, (n) => 3 * n),
      ),
    ),
  ).toEqual([]);
});

test("exposure is none, slow or sudden", () => {
  expect(cutsOf(shot(50, hills(3), (n) => 0.4 + n / 70))).toEqual([]);
  expect(cutsOf(shot(50, hills(3), (n) => (n < 25 ? 0.9 : 0.5)))).toEqual([]);
});

test("a cut to black is one", () => {
  expect(cutsOf([...shot(20, hills(1)), ...shot(20, () => 0)])).toEqual([20]);
});

test("a higher threshold finds less", () => {
  const frames = [...shot(20, hills(1)), ...shot(20, hills(4))];
  expect(cutsOf(frames, 1.01)).toEqual([]);
});

test("frames further apart than a flash lasts: a screen capture at 1 fps", () => {
  const detector = createCutDetector(0.45, SPEC);
  for (const [second, seed] of [1, 1, 4, 4].entries()) detector.push(paint(hills(seed), 0), second);
  expect(detector.cuts).toEqual([2]);
});
