import { en, type TextKey } from "./en.ts";
import { zh } from "./zh.ts";

export type { TextKey };
/** The sentence of a key, with `{name}` replaced. */
export type Text = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** A sentence that is yet to be said in a language. */
export interface Said {
  readonly key: TextKey;
  readonly values?: Readonly<Record<string, string | number>>;
}

export type Language = "en" | "zh";
export const languageOf = (chosen: "system" | Language): Language =>
  chosen === "system" ? (/^zh\b/i.test(navigator.language) ? "zh" : "en") : chosen;

const TABLES: Record<Language, Readonly<Record<TextKey, string>>> = { en, zh };
const texts = new Map<Language, Text>();

export function translate(chosen: "system" | Language): Text {
  const language = languageOf(chosen);
  const known = texts.get(language);
  if (known) return known;
  const text: Text = (key, values = {}) =>
    TABLES[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  texts.set(language, text);
  return text;
}
