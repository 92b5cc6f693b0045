import { expect, test } from "vitest";
import { shotsOf } from "../../../local-server/src/stages/cues.ts";

const OPEN = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const edges = (cuts: number[], seconds: number) => shotsOf(cuts, seconds).map(({ from, to }) => [from, to]);

test("a range without cuts is one shot that reaches into its handles", () => {
  expect(edges([], 8)).toEqual([OPEN]);
});

test("shots lie between the cuts; flashes of less than a second go with their neighbour", () => {
  expect(edges([5, 2], 8)).toEqual([
    [OPEN[0], 2],
    [2, 5],
    [5, OPEN[1]],
  ]);
  expect(edges([0.4, 3, 3.5, 7.6], 8)).toEqual([
    [OPEN[0], 3],
    [3, OPEN[1]],
  ]);
});
