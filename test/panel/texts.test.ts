import { expect, test } from "vitest";
import { ERRORS } from "../../local-server/protocol/index.ts";
import { ACTIONS } from "../../panel/src/actions/index.ts";
import { en } from "../../panel/src/i18n/en.ts";
import { translate } from "../../panel/src/i18n/text.ts";
import { zh } from "../../panel/src/i18n/zh.ts";
import { noticeOf, ServerRefusal } from "../../panel/src/state/notice.ts";

const places = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

test("both languages have the same texts with the same places to fill, and none is empty", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const other = Object.entries(zh).find(([name]) => name === key)![1];
    expect([key, places(other)]).toEqual([key, places(text)]);
    expect(other.trim(), key).not.toBe("");
  }
});

test("the interface speaks of takes and ranges, never of the machinery", () => {
  for (const text of Object.values(en)) expect(text).not.toMatch(/inference|tensor|job id|latent/i);
});

test("no two actions share a key, and each has a name in both languages", () => {
  const keys = ACTIONS.flatMap((action) => action.keys);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { label } of ACTIONS) expect(zh[label]).not.toBe("");
});

test("every error of the server becomes a sentence with what to do, known to us or not", () => {
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    const body = { code, expected: "a thing", came: "another", todo: "choose the thing" };
    const notice = noticeOf(new ServerRefusal(body), translate("en"));
    expect(notice.text.length).toBeGreaterThan(5);
    expect(notice.detail).toContain("Choose the thing.");
  }
});
