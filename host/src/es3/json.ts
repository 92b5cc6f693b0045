/**
 * JSON of our own: the engine has none, and one that another panel left there cannot be trusted. Written text is ASCII only,
 * so that U+2028, NUL and the rest reach the panel whole.
 */
export type Json = string | number | boolean | null | undefined | JsonList | JsonObject;
interface JsonList extends ReadonlyArray<Json> {}
interface JsonObject {
  readonly [name: string]: Json;
}

const hasOwn = (object: object, name: string): boolean => Object.prototype.hasOwnProperty.call(object, name);
const isList = (value: object): value is ReadonlyArray<unknown> =>
  Object.prototype.toString.call(value) === "[object Array]";

function quote(text: string): string {
  let written = "";
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const letter = text.charAt(index);
    if (letter === '"' || letter === "\\") written += `\\${letter}`;
    else if (code >= 32 && code < 127) written += letter;
    else written += `\\u${`000${code.toString(16)}`.slice(-4)}`;
  }
  return `"${written}"`;
}

/** Members that are undefined are left out; what JSON has no word for is null. */
export function stringify(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return value - value === 0 ? String(value) : "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null) return "null";
  const parts: string[] = [];
  if (isList(value)) {
    for (let index = 0; index < value.length; index++) parts.push(stringify(value[index]));
    return `[${parts.join(",")}]`;
  }
  const members = value as { [name: string]: unknown };
  for (const name in members) {
    if (hasOwn(members, name) && members[name] !== undefined && typeof members[name] !== "function") {
      parts.push(`${quote(name)}:${stringify(members[name])}`);
    }
  }
  return `{${parts.join(",")}}`;
}

const ESCAPED: { readonly [letter: string]: string } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Reads JSON by hand, without eval. @throws Error naming the place */
export function parse(text: string): unknown {
  let at = 0;

  const wrong = (): never => {
    throw new Error(`no JSON at character ${at}`);
  };
  const space = (): void => {
    while (at < text.length && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
  };
  const next = (letter: string): boolean => {
    space();
    if (text.charAt(at) !== letter) return false;
    at++;
    return true;
  };
  const expectNext = (letter: string): void => {
    if (!next(letter)) wrong();
  };

  const readText = (): string => {
    expectNext('"');
    let read = "";
    while (at < text.length) {
      const letter = text.charAt(at++);
      if (letter === '"') return read;
      if (letter !== "\\") {
        read += letter;
        continue;
      }
      const letterAfter = text.charAt(at++);
      if (letterAfter === "u") {
        const digits = text.slice(at, at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) wrong();
        read += String.fromCharCode(parseInt(digits, 16));
        at += 4;
      } else if (hasOwn(ESCAPED, letterAfter)) read += ESCAPED[letterAfter];
      else wrong();
    }
    return wrong();
  };

  const readList = (): unknown[] => {
    const items: unknown[] = [];
    expectNext("[");
    if (next("]")) return items;
    do items.push(readValue());
    while (next(","));
    expectNext("]");
    return items;
  };

  const readObject = (): unknown => {
    const members: { [name: string]: unknown } = {};
    expectNext("{");
    if (next("}")) return members;
    do {
      space();
      const name = readText();
      // Would not be a member but change what the object is.
      if (name === "__proto__") wrong();
      expectNext(":");
      members[name] = readValue();
    } while (next(","));
    expectNext("}");
    return members;
  };

  const readValue = (): unknown => {
    space();
    const first = text.charAt(at);
    if (first === "{") return readObject();
    if (first === "[") return readList();
    if (first === '"') return readText();
    const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)/.exec(text.slice(at, at + 40));
    if (word === null) return wrong();
    const found = word[0] as string;
    at += found.length;
    if (found === "true") return true;
    if (found === "false") return false;
    return found === "null" ? null : Number(found);
  };

  const value = readValue();
  space();
  return at === text.length ? value : wrong();
}
