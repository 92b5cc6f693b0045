import { expect, test } from "vitest";
import { tagsOf } from "../../../local-server/src/banks/names.ts";
import { wordsOfCatId } from "../../../local-server/src/banks/ucs.ts";

test.each([
  ["FOOTGrvl", "footsteps gravel"],
  ["FEETHmn", "footsteps human"],
  ["DOORWood", "door wood"],
  ["GUNAuto", "gun automatic"],
  ["RAIN", "rain"],
  ["WATRSplsh", "water splash"],
  ["Door", null],
  ["IMG", null],
  ["NASA", null],
])("%s by UCS: %s", (token, words) => {
  expect(wordsOfCatId(token)).toBe(words);
});

test("takes of one thing share a class; the maker and the library say nothing", () => {
  const [one, two] = ["FOOTGrvl_Slow Walk 01_ABC_Kit7", "FOOTGrvl_Slow Walk 12_ABC_Kit7"].map(tagsOf);
  expect(one!.class).toBe(two!.class);
  expect(one!.descriptions).toEqual(["slow walk", "footsteps gravel slow walk", "footsteps gravel"]);
  expect(one!.action).toBe("step");
});

test.each([
  ["Doors/wood_knock_hard_03", "doors wood knock hard", "hit", "heavy"],
  ["GlassBreak-02", "glass break", "other", null],
  ["kit/soft cloth rip v2", "kit soft cloth rip", "tear", "light"],
  ["玻璃/碎 01", "玻璃 碎", "other", null],
  ["007", "007", "other", null],
])("%s is %s", (path, name, action, weight) => {
  expect(tagsOf(path)).toMatchObject({ class: name, action, weight });
});
