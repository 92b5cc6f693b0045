import { wordsOfCatId } from "./ucs.ts";

/** What a file's name says. */
export interface NameTags {
  /** Files that share it are takes of one thing. */
  readonly class: string;
  /** What the words of a prompt are compared with. */
  readonly descriptions: readonly string[];
  readonly action: string;
  readonly weight: "light" | "medium" | "heavy" | null;
}

/** "take 3", "v02", "01", "48k": of no meaning for what a sound is. */
const MEANINGLESS = /\b(?:take|tk|ver|v|var|rr|rev|no)?\s*\d+\b|\b(?:wav|stereo|mono|24bit|16bit|\d+k(?:hz)?)\b/giu;

const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b(foot|feet|step|walk|run|hoo[fv])/, "step"],
  [/\b(scrape|drag|slid|squeak|creak|friction|brush|rub)/, "scrape"],
  [/\b(tear|rip|crumpl|crinkl)/, "tear"],
  [/\b(splash|drip|pour|water)/, "splash"],
  [/\b(shot|gun|explo|blast|thunder)/, "shot"],
  [/\b(bounce|ball)/, "bounce"],
  [/\b(click|button|switch|key)/, "click"],
  [/\b(hit|knock|slam|impact|punch|drop|bang|clap|chop|crash)/, "hit"],
];
const WEIGHTS: readonly (readonly [RegExp, "light" | "medium" | "heavy"])[] = [
  [/\b(light|soft|quiet|gentle|small|pp?)\b/, "light"],
  [/\b(medium|mid|normal|mf)\b/, "medium"],
  [/\b(heavy|hard|loud|big|huge|strong|ff?)\b/, "heavy"],
];

/**
 * Tags from a file's path inside its folder, without extension: "DOORWood_Knock Hard 02_Me_Kit" by UCS, where the maker and
 * the library at the end say nothing; other names by their own words and the folders they lie in.
 */
export function tagsOf(path: string): NameTags {
  const parts = path.split(/[\\/]/);
  const file = parts.at(-1)!;
  const [first = "", fx = ""] = file.split("_");
  const category = wordsOfCatId(first);
  if (category !== null) {
    const own = plain(fx);
    return tagged(`${first} ${own}`.trim(), own === "" ? [category] : [own, `${category} ${own}`, category]);
  }
  const own = plain(file);
  const folders = parts.slice(0, -1).map(plain).filter(Boolean).join(" ");
  const all = [folders, own].filter(Boolean).join(" ") || file.toLowerCase();
  return tagged(all, [...new Set([all, own || all])]);
}

function tagged(name: string, descriptions: readonly string[]): NameTags {
  const text = descriptions.join(" ");
  return {
    class: name.toLowerCase(),
    descriptions,
    action: ACTIONS.find(([pattern]) => pattern.test(text))?.[1] ?? "other",
    weight: WEIGHTS.find(([pattern]) => pattern.test(text))?.[1] ?? null,
  };
}

/** Words of a name: separators and camel case apart, numbers of takes gone, lower case. */
const plain = (text: string): string =>
  text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_\-.]+/g, " ")
    .replace(/([a-z])(\d)/gi, "$1 $2")
    .replace(MEANINGLESS, " ")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
