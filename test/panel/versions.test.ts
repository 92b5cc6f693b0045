import { expect, test } from "vitest";
import type { Take } from "../../panel/src/state/state.ts";
import { childOf, familiesOf, familyOf, parentOf, shownVersion } from "../../panel/src/state/versions.ts";
import { takeRecord } from "../support/take-record.ts";

const take = (id: string, createdAt_ms: number, change: Partial<Take["record"]> = {}): Take => ({
  id,
  jobId: `job of ${id}`,
  path: `/takes/${id}.wav`,
  record: { ...takeRecord(), file: `${id}.wav`, ...change },
  hearted: false,
  locked: false,
  createdAt_ms,
});
const basedOn = (base: string): Partial<Take["record"]> => ({ request: { ...takeRecord().request, basedOn: base } });

const first = take("first", 1);
const other = take("other", 2);
const moved = take("moved", 3, basedOn("first"));
const anew = take("anew", 4, {
  history: [{ file: "moved.wav", sha256: "", fromTicks: "0", toTicks: "1", prompt: "", seed: 1 }],
});
const all = [anew, other, moved, first];

test("a take, its edits and its parts made anew are one row; another take is another", () => {
  const rows = familiesOf(all).map(({ id, versions }) => [id, versions.map((version) => version.id)]);
  expect(rows).toEqual([
    ["other", ["other"]],
    ["first", ["first", "moved", "anew"]],
  ]);
  expect(familyOf(all, anew).id).toBe("first");
});

test("one goes back and on, version by version, to the first and the last", () => {
  expect([parentOf(all, anew)?.id, parentOf(all, moved)?.id, parentOf(all, first)]).toEqual([
    "moved",
    "first",
    undefined,
  ]);
  expect([childOf(all, first)?.id, childOf(all, moved)?.id, childOf(all, anew)]).toEqual(["moved", "anew", undefined]);
});

test("a version whose base was deleted begins a row of its own; takes that name each other end the walk", () => {
  expect(familiesOf([moved]).map(({ id }) => id)).toEqual(["moved"]);
  const a = take("a", 1, basedOn("b"));
  const b = take("b", 2, basedOn("a"));
  expect(familiesOf([a, b]).flatMap(({ versions }) => versions).length).toBe(2);
});

test("of a row the chosen version is shown, else the one chosen last, else the newest", () => {
  const family = familyOf(all, first);
  expect(shownVersion({ selectedTakeId: "moved", shown: {} }, family).id).toBe("moved");
  expect(shownVersion({ selectedTakeId: "other", shown: { first: "first" } }, family).id).toBe("first");
  expect(shownVersion({ selectedTakeId: null, shown: {} }, family).id).toBe("anew");
});
