import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { type AnyNode, parse } from "acorn";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

/**
 * What CEP 11 (Chromium 88) lacks, by the version that brought it. `isWellFormed` (111) is in compat.ts. Left out because
 * their only callers ask first in a way that no pattern sees: checkVisibility (React Aria), startViewTransition (React).
 */
const NEWER_METHODS = {
  at: 92,
  hasOwn: 93,
  findLast: 97,
  findLastIndex: 97,
  toSorted: 110,
  toReversed: 110,
  toSpliced: 110,
  toWellFormed: 111,
  groupBy: 117,
  withResolvers: 119,
  fromAsync: 121,
  randomUUID: 92,
  showPicker: 99,
  throwIfAborted: 100,
  setHTMLUnsafe: 124,
};
const NEWER_GLOBALS = ["structuredClone", "reportError", "CSSLayerBlockRule", "Iterator", "navigation", "scheduler"];
const NEWER_CSS = [
  [/:has\(/, ":has 105"],
  [/@container\b/, "@container 105"],
  [/@layer\b/, "@layer 99"],
  [/color-mix\(/, "color-mix 111"],
  [/[\d.]+[dsl]v[hw]\b/, "dvh and its kin 108"],
  [/\boklch\(|\boklab\(/, "oklch 111"],
  [/@scope\b|@starting-style\b/, "@scope 118"],
  [/text-wrap\s*:/, "text-wrap 114"],
] as const;

const folder = mkdtempSync(join(tmpdir(), "foley-panel-"));
const files: { name: string; text: string }[] = [];
beforeAll(async () => {
  const configFile = resolve(import.meta.dirname, "../../panel/vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if ([".js", ".css", ".html"].includes(extname(name)))
      files.push({ name, text: readFileSync(join(folder, name), "utf8") });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ending = (end: string) => files.filter(({ name }) => name.endsWith(end));

function* nodesOf(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === "object" && typeof child.type === "string") yield* nodesOf(child);
    }
  }
}

test("the bundle parses as ES2021 and is one classic script beside its page, as a page opened from disk needs", () => {
  const scripts = ending(".js");
  expect(scripts).toHaveLength(1);
  expect(() => parse(scripts[0]!.text, { ecmaVersion: 2021, sourceType: "script" })).not.toThrow();
  const page = ending(".html")[0]!.text;
  expect(page).not.toMatch(/type="module"|crossorigin|src="\//);
  expect(page).toMatch(/<script defer src="\.\//);
});

test("no call of a method or global that Chrome 88 lacks, unless it is asked for first", () => {
  const found: string[] = [];
  for (const { text } of ending(".js")) {
    const tested = (name: string): boolean =>
      new RegExp(`typeof ${name}\\b|["'.]${name}["']? in |\\.${name}\\?\\.|\\.${name}&&|\\.${name}\\?`).test(text);
    for (const node of nodesOf(parse(text, { ecmaVersion: 2021 }))) {
      if (node.type !== "CallExpression") continue;
      const { callee } = node;
      const name =
        callee.type === "Identifier"
          ? callee.name
          : callee.type === "MemberExpression" && callee.property.type === "Identifier" && !callee.computed
            ? callee.property.name
            : "";
      const isNewer =
        callee.type === "Identifier"
          ? NEWER_GLOBALS.includes(name)
          : (Object.entries(NEWER_METHODS).find(([method]) => method === name)?.[1] ?? 0) > 88;
      if (isNewer && !tested(name)) found.push(text.slice(Math.max(0, node.start - 60), node.end).slice(0, 160));
    }
  }
  expect(found).toEqual([]);
});

test("no style that Chrome 88 cannot read", () => {
  expect(ending(".css")).toHaveLength(1);
  // Trays come in the place of menus on screens no wider than a telephone's: never in CEP.
  const found = ending(".css").flatMap(({ text: all }) => {
    const text = all.replace(/\.[\w-]*Tray[^{}]*\{[^{}]*\}/g, "");
    return NEWER_CSS.flatMap(([pattern, what]) => {
      const match = pattern.exec(text);
      return match ? [`${what}: ${text.slice(Math.max(0, match.index - 80), match.index + 40)}`] : [];
    });
  });
  expect(found).toEqual([]);
});
