import { expect, test } from "vitest";
import { createMemory, forgetAll } from "../../../local-server/src/stages/memory.ts";

test("the one longest unused goes first", () => {
  const memory = createMemory<number>(2);
  memory.set("a", 1);
  memory.set("b", 2);
  memory.get("a");
  memory.set("c", 3);
  expect(["a", "b", "c"].map((key) => memory.get(key))).toEqual([1, undefined, 3]);
});

test("all is forgotten at once", () => {
  const memory = createMemory<number>(2);
  memory.set("a", 1);
  forgetAll();
  expect(memory.get("a")).toBeUndefined();
});
