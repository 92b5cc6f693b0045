import type { Text, TextKey } from "./text.ts";

/** Notes of the engine that have words of their own; the rest is shown as it comes. Each names what it takes out of the note. */
const KNOWN: readonly (readonly [RegExp, TextKey, ...string[]])[] = [
  [/no words and no picture to choose a sound by/, "note.noWordsNoPicture"],
  [/the picture asks for no sound/, "note.nothingFits"],
  [/the picture names no sound; its hits get a plain one/, "note.plainHits"],
  [/nothing is seen to hit: the take is silent there/, "note.silentThere"],
  [/nothing is seen to hit clearly/, "note.likelierMoments"],
  [/nothing is seen to hit: the sound lies once/, "note.onceAtStart"],
  [/nothing in the bank sounds like "(.*)": it is left out/, "note.leftOut", "words"],
  [/nothing in the bank is known to be called "(.*)"/, "note.notKnown", "words"],
  [/(.*) LUFS cannot be set/, "note.noLoudness", "lufs"],
  [/the ceiling of (.*) dBTP keeps the take at (.*) LUFS/, "note.ceiling", "ceiling", "lufs"],
];

/** A note of the engine in the person's language. */
export function sayNote(note: string, text: Text): string {
  for (const [pattern, key, ...names] of KNOWN) {
    const match = pattern.exec(note);
    if (match) return text(key, Object.fromEntries(names.map((name, at) => [name, match[at + 1] ?? ""])));
  }
  return note;
}
