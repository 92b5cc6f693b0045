import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { bankSchema, lexiconSchema } from "../../../local-server/protocol/index.ts";
import { isHan, namedClasses } from "../../../local-server/src/stages/lexicon.ts";

const BANK = resolve(import.meta.dirname, "../../../models/foley-mini/bank");
const read = (file: string) => JSON.parse(readFileSync(resolve(BANK, file), "utf8"));
const lexicon = lexiconSchema.parse(read("lexicon.zh.json"));

test("the lexicon names every class of the bank, and no other, and no word means two of them", () => {
  const classes = bankSchema.parse(read("bank.json")).classes.map(({ id }) => id);
  expect(Object.keys(lexicon.classes).sort()).toEqual([...classes].sort());
  const words = Object.values(lexicon.classes).flatMap(({ words, objects = [] }) => [...words, ...objects]);
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
});

test.each([
  ["碎石路上的脚步声和雨声", ["footsteps/gravel", "weather/rain"]],
  ["钥匙和门", ["metal/keys", "door/open"]],
  ["門", ["door/open"]],
  ["門鈴", ["bell/door"]],
  ["她把一杯咖啡倒进杯子里", ["water/pour"]],
  ["一个人在雪地里行走", ["footsteps/snow"]],
  ["打開易拉罐", ["metal/can-open"]],
  ["火车进站，人群嘈杂", ["vehicle/train", "ambience/crowd"]],
  ["女高音唱歌", []],
])("%s names %j", (prompt, classes) => {
  expect(namedClasses(prompt, lexicon, 3).map((one) => one.class)).toEqual(classes);
});

test("only Chinese goes to the lexicon", () => {
  expect(["a door", "une porte", "门"].map(isHan)).toEqual([false, false, true]);
});
