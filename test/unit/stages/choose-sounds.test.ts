import { expect, test } from "vitest";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import type { Bank } from "../../../local-server/src/stages/bank.ts";
import {
  best,
  bestForWords,
  scoreByPicture,
  weighByEvents,
  withGroups,
} from "../../../local-server/src/stages/choose-sounds.ts";
import { phrasesOf } from "../../../local-server/src/stages/words.ts";

test("the picture's score is the mean row times the map", () => {
  const semantic = tensor(Float32Array.of(1, 0, 0, 1), [2, 2]);
  const picture = tensor(Float32Array.of(0.2, 0, 1, 0.4, 0.6, 0), [2, 3]);
  expect([...scoreByPicture(semantic, picture)]).toEqual([0.3, 0.3, 0.5].map((value) => expect.closeTo(value, 6)));
});

const bank = {
  classes: [{}, {}],
  text: tensor(Float32Array.of(1, 0, 0.8, 0.6, 0, 1), [3, 2]),
  classOfRow: [0, 0, 1],
} as unknown as Bank;
const words = (x: number, y: number) => ({
  states: tensor(new Float32Array(2), [1, 1, 2]),
  pooled: Float32Array.of(x, y),
});

test("the nearest description decides, and the picture cannot overrule words", () => {
  expect(bestForWords(words(0.6, 0.8), null, bank)).toEqual({ index: 0, score: expect.closeTo(0.96, 5) });
  expect(bestForWords(words(1, 0), Float32Array.of(0, 1), bank).index).toBe(0);
});

test("the picture breaks near ties", () => {
  const between = words(0.43, 0.903);
  expect(bestForWords(between, null, bank).index).toBe(1);
  expect(bestForWords(between, Float32Array.of(1, 0), bank).index).toBe(0);
});

test("a lively picture favours one-shots, a still one beds, and the more the livelier", () => {
  const modes = { classes: [{ mode: "event" }, { mode: "bed" }] } as unknown as Bank;
  const weights = (count: number) => [...weighByEvents(Float32Array.of(1, 1), modes, Array(count).fill({}), 10)];
  expect(weights(0)).toEqual([1, 1.2].map((value) => expect.closeTo(value, 6)));
  expect(weights(20)).toEqual([1.5, 0.8].map((value) => expect.closeTo(value, 6)));
  const [half] = weights(2);
  expect(half).toBeGreaterThan(1);
  expect(half).toBeLessThan(1.5);
});

test("what the events look like speaks for the classes that do just that", () => {
  const classes = ["step", "splash", "tear"].map((action) => ({ mode: "event", action }));
  const like = (kind: "step" | "splash" | "scrape") =>
    best(weighByEvents(Float32Array.of(0.1, 0.1, 0.1), { classes } as unknown as Bank, Array(9).fill({ kind }), 9))
      .index;
  expect([like("step"), like("splash"), like("scrape")]).toEqual([0, 1, 2]);
});

test("a class is supported by its own group and by no other", () => {
  const bank = { classes: ["metal/pots", "metal/hit", "glass/hit"].map((id) => ({ id })) } as unknown as Bank;
  const [pots, hit, glass] = withGroups(Float32Array.of(0.2, 0.1, 0.2), bank);
  expect(pots! - 0.2).toBeCloseTo(hit! - 0.1, 6);
  expect(pots).toBeGreaterThan(glass!);
});

test("best of equal scores is the first", () => {
  expect(best(Float32Array.of(0.1, 0.7, 0.7)).index).toBe(1);
});

test.each([
  ["footsteps on gravel", ["footsteps on gravel"]],
  ["footsteps on gravel, birds and wind", ["footsteps on gravel", "birds", "wind"]],
  ["脚步声，雨", ["脚步声", "雨"]],
  ["a band with sand", ["a band", "sand"]],
])("%s names %j", (prompt, phrases) => {
  expect(phrasesOf(prompt)).toEqual(phrases);
});
