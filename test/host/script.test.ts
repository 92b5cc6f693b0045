import { join } from "node:path";
import { parse } from "acorn";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse as parseJson, stringify } from "../../host/src/es3/json.ts";
import { codeOf, dataOf, pinOf, scene, writeWav } from "../support/premiere/scene.ts";
import { hostScript } from "../support/premiere/script.ts";

const { code, build } = hostScript();

interface Node {
  readonly type: string;
  readonly [name: string]: unknown;
}
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value;
function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* nodesOf(child);
  }
}
const nodes = [...nodesOf(parse(code, { ecmaVersion: 3 }) as unknown as Node)];
const nameOf = (node: unknown): string => (isNode(node) ? String(node.name) : "");

/** Methods and statics that came after ES3, and those that are only there while another panel has patched them in. */
const LATER =
  `map filter forEach some every reduce reduceRight lastIndexOf find findIndex includes fill flat flatMap entries keys values from isArray of
  trim trimStart trimEnd startsWith endsWith repeat padStart padEnd at codePointAt normalize matchAll replaceAll
  assign create defineProperty defineProperties freeze seal getOwnPropertyNames getPrototypeOf hasOwn fromEntries
  bind now toISOString toJSON isFinite isInteger isNaN parseFloat trunc sign log2 hypot`.split(/\s+/);

test("it is ES3 to the letter", () => {
  expect(nodes.length).toBeGreaterThan(1000);
  for (const name of ["abstract", "byte", "char", "class", "enum", "int", "long", "native", "short", "static"]) {
    expect(
      nodes.some((node) => node.type === "Identifier" && node.name === name),
      name,
    ).toBe(false);
  }
});

test("it calls no method that the engine lacks on anything but Premiere's own objects", () => {
  const called = nodes
    .filter(({ type, callee }) => type === "CallExpression" && isNode(callee) && callee.type === "MemberExpression")
    .map(({ callee }) => nameOf((callee as Node).property));
  // Folder.create and app.bind are Premiere's.
  expect(new Set(called.filter((name) => LATER.includes(name)))).toEqual(new Set(["create", "bind"]));
  const statics = nodes.filter(
    ({ type, object }) => type === "MemberExpression" && ["Object", "Array", "Date", "Number"].includes(nameOf(object)),
  );
  expect(new Set(statics.map(({ property }) => nameOf(property)))).toEqual(new Set(["prototype"]));
  const reserved = [
    "JSON",
    "Symbol",
    "Promise",
    "Map",
    "Set",
    "Reflect",
    "Proxy",
    "console",
    "alert",
    "eval",
    "confirm",
    "prompt",
  ];
  expect(nodes.filter(({ type, name }) => type === "Identifier" && reserved.includes(String(name)))).toEqual([]);
});

test("methods are called on their object: only two of the language's own are borrowed", () => {
  const borrowed = nodes.filter(
    ({ type, callee }) =>
      type === "CallExpression" &&
      isNode(callee) &&
      callee.type === "MemberExpression" &&
      ["call", "apply"].includes(nameOf(callee.property)),
  );
  const lenders = borrowed.map(({ callee }) => nameOf(((callee as Node).object as Node).property));
  expect(new Set(lenders)).toEqual(new Set(["hasOwnProperty", "toString"]));
});

test("nothing stands bare inside || and && or a choice: Premiere's engine binds both equally strong (underscore #2949)", () => {
  const written = [...nodesOf(parse(code, { ecmaVersion: 3, preserveParens: true }) as unknown as Node)];
  const isA = (part: unknown, ...types: string[]): boolean => isNode(part) && types.includes(part.type);
  const bare = written.filter((node) => {
    if (isA(node, "ConditionalExpression")) {
      return [node.test, node.consequent, node.alternate].some((part) =>
        isA(part, "ConditionalExpression", "LogicalExpression", "AssignmentExpression"),
      );
    }
    return (
      isA(node, "LogicalExpression") &&
      [node.left, node.right].some(
        (part) =>
          isA(part, "ConditionalExpression") ||
          (isNode(part) && part.type === "LogicalExpression" && part.operator !== node.operator),
      )
    );
  });
  expect(bare).toEqual([]);
  const mixed = nodes.filter(
    (node) =>
      isA(node, "LogicalExpression") &&
      [node.left, node.right].some(
        (part) => isNode(part) && part.type === "LogicalExpression" && part.operator !== node.operator,
      ),
  );
  expect(mixed.length).toBeGreaterThan(0);
});

test("no regular expression holds <, no minus stands before a negative number", () => {
  const patterns = nodes
    .filter(({ regex }) => regex !== undefined)
    .map(({ regex }) => (regex as { pattern: string }).pattern);
  expect(patterns.filter((pattern) => pattern.includes("<"))).toEqual([]);
  expect(code).not.toMatch(/--\s*\d/);
});

test("it is plain ASCII: the engine reads a file by the system's own letters", () => {
  expect([...code].filter((letter) => letter > "\x7e")).toEqual([]);
  const at = scene({ importLies: true });
  const path = writeWav(join(at.folder, "take.wav"), 10);
  expect(at.engine.call("importTake", { pin: pinOf(at), path })).toMatchObject({
    message: expect.stringContaining("“Foley (generated)”"),
  });
});

test("it leaves one name in the engine and changes none that was there", () => {
  const { engine } = scene();
  const before = engine.globals();
  expect(engine.evalScript(code)).not.toBe("EvalScript error.");
  expect(engine.globals()).toEqual(before);
  expect(engine.evalScript('typeof $["com.foley.editor"].call')).toBe("function");
  expect(engine.evalScript("typeof JSON")).toBe("undefined");
  expect(engine.evalScript("typeof [].map + typeof ''.trim + typeof Object.keys")).toBe("undefinedundefinedundefined");
});

test("a global JSON that another panel left is not used", () => {
  const { engine } = scene();
  engine.evalScript("JSON = { parse: function () { throw new Error(); }, stringify: function () { return 'x'; } }");
  expect(codeOf(engine.call("hello", {}))).toBe("ok");
});

test("a script of another build does nothing and says so; a verb or argument that is none is refused", () => {
  const { engine, world } = scene();
  const ask = (verb: string, text: string, stamp: string) =>
    JSON.parse(engine.evalScript(`$["com.foley.editor"].call("${verb}", "${text}", "${stamp}")`));
  expect(ask("readSelection", "%7B%7D", "0000")).toMatchObject({ ok: false, code: "STALE_HOST" });
  expect(ask("toString", "%7B%7D", build)).toMatchObject({ ok: false, code: "BAD_ARGUMENT" });
  expect(ask("readSelection", "%7B", build)).toMatchObject({ ok: false, code: "BAD_ARGUMENT" });
  expect(ask("readSelection", "%E0%A4", build)).toMatchObject({ ok: false, code: "BAD_ARGUMENT" });
  expect(world.changes).toEqual([]);
});

test("the engine without the script answers what the bridge takes as: not loaded", () => {
  const { engine } = scene();
  engine.evalScript('$["com.foley.editor"] = undefined');
  expect(engine.evalScript('$["com.foley.editor"].call("hello", "%7B%7D", "x")')).toBe("EvalScript error.");
});

test("hello tells the build that build.json has", () => {
  expect(dataOf(scene().engine.call("hello", {}))).toMatchObject({ build, appVersion: "25.6.0", projectOpen: true });
});

const jsonWithoutProto = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));

test("our JSON reads what the panel writes and writes what the panel reads, in plain ASCII", () => {
  fc.assert(
    fc.property(jsonWithoutProto, (value) => {
      const whole = JSON.parse(JSON.stringify(value));
      expect(parseJson(JSON.stringify(whole))).toEqual(whole);
      const written = stringify(whole);
      expect(JSON.parse(written)).toEqual(whole);
      expect(written).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
  for (const text of [
    "",
    "{",
    "[1,]",
    '{"a"}',
    "01",
    "nul",
    '"\\x"',
    "1 2",
    '"a',
    "{'a':1}",
    "undefined",
    '{"__proto__":0}',
  ]) {
    expect(() => parseJson(text), text).toThrow("no JSON");
  }
  expect(JSON.parse(stringify("\u2028\u2029\0\ud800"))).toBe("\u2028\u2029\0\ud800");
});
