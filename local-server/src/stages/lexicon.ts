import type { Lexicon } from "../../protocol/index.ts";

/** Han characters: the text tower reads none of them. */
const HAN = /\p{Script=Han}/u;
export const isHan = (text: string): boolean => HAN.test(text);

/** A sound that a lexicon found in some words. */
export interface Named {
  readonly class: string;
  /** How many characters of the words mean it. */
  readonly length: number;
}

/**
 * The classes that Chinese words name, in the order of the words: "碎石路上的脚步和雨声" -> footsteps/gravel, weather/rain. Each part
 * between joins gives its longest match first; what that used is gone, the rest may name another kind of sound. A mere
 * object counts only where a part says nothing more: 门 alone is a door, 咖啡倒进杯子 is coffee poured and no cup.
 */
export function namedClasses(prompt: string, lexicon: Lexicon, most: number): Named[] {
  const folded = [...prompt.normalize("NFKC")].map((one) => lexicon.fold[one] ?? one).join("");
  const found: Named[] = [];
  for (const part of split(folded, lexicon.joins)) {
    for (const named of namesIn(stripped(part, lexicon.fillers), lexicon)) {
      if (found.length < most && found.every((other) => other.class !== named.class)) found.push(named);
    }
  }
  return found;
}

/** At joins, but not where a join is a part of a word: both sides must be left with something. */
function split(text: string, joins: readonly string[]): string[] {
  const longestFirst = [...joins].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((join) => join.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gu");
  return text
    .split(pattern)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function stripped(part: string, fillers: readonly string[]): string {
  for (const filler of [...fillers].sort((a, b) => b.length - a.length)) {
    if (part.length > filler.length && part.endsWith(filler)) return part.slice(0, -filler.length);
  }
  return part;
}

/** Where a word is met in a text: the spans of its "+" pieces, or null where one is missing. */
function spansOf(word: string, text: string): { at: number; length: number }[] | null {
  const spans = [];
  for (const piece of word.split("+")) {
    const at = text.indexOf(piece);
    if (at < 0) return null;
    spans.push({ at, length: piece.length });
  }
  return spans;
}

function namesIn(part: string, lexicon: Lexicon): Named[] {
  const entries = Object.entries(lexicon.classes);
  const found: (Named & { at: number })[] = [];
  let rest = part;
  for (;;) {
    const open = entries.filter(([id]) => found.every((other) => groupOf(other.class) !== groupOf(id)));
    const named =
      longest(
        rest,
        open.map(([id, { words }]) => [id, words]),
      ) ??
      (found.length > 0
        ? null
        : longest(
            rest,
            open.map(([id, { objects = [] }]) => [id, objects]),
          ));
    if (!named) return found.sort((a, b) => a.at - b.at);
    const { spans, ...one } = named;
    found.push({ ...one, at: Math.min(...spans.map(({ at }) => at)) });
    const characters = rest.split("");
    for (const { at, length } of spans) characters.fill("\n", at, at + length);
    rest = characters.join("");
  }
}

/** "footsteps" of "footsteps/snow". */
const groupOf = (id: string): string => id.split("/")[0]!;

/** The class whose longest word stands in the text; of equal ones the first. */
function longest(text: string, entries: readonly (readonly [string, readonly string[]])[]) {
  let best: (Named & { spans: { at: number; length: number }[] }) | null = null;
  for (const [id, words] of entries) {
    for (const word of words) {
      const length = word.replaceAll("+", "").length;
      if (length <= (best?.length ?? 0)) continue;
      const spans = spansOf(word, text);
      if (spans) best = { class: id, length, spans };
    }
  }
  return best;
}
