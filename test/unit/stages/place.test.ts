import { expect, test } from "vitest";
import type { Bank } from "../../../local-server/src/stages/bank.ts";
import { roomOf } from "../../../local-server/src/stages/place.ts";

const bank = { classes: [{ place: "in" }, { place: "out" }, {}] } as unknown as Bank;

test("the picture tells indoors from the open air, and nothing where it is at odds or says little", () => {
  expect(roomOf(bank, Float32Array.of(0.5, 0.1, 0.9), [])).toBe("in");
  expect(roomOf(bank, Float32Array.of(0.1, 0.5, 0), [])).toBe("out");
  expect(roomOf(bank, Float32Array.of(0.3, 0.3, 0), [])).toBeNull();
  expect(roomOf(bank, Float32Array.of(0.01, 0, 0.9), [])).toBeNull();
});

test("what is heard counts beside what is seen", () => {
  const saysLittle = new Float32Array(3);
  expect(roomOf(bank, saysLittle, [1])).toBe("out");
  expect(roomOf(bank, saysLittle, [2])).toBeNull();
});
