import type { Bundle } from "../onnx/bundle.ts";
import type { Context, TextFeatures } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";
import { best, scoreByText, scoreByWords } from "./choose-sounds.ts";
import { isHan, namedClasses } from "./lexicon.ts";
import { encodeTexts } from "./text-features.ts";

/** Sounds that one prompt is given at most. */
const MOST_SOUNDS = 3;

/** Scores of all classes for one sound that a prompt names. */
export interface Wanted {
  readonly words: string;
  readonly scores: Float32Array;
}

/** A prompt's parts that may each name a sound: "footsteps on gravel, birds" -> both. At most three. */
export const phrasesOf = (prompt: string): string[] =>
  prompt
    .split(/\s*(?:[,;+&，、；]|\band\b|\bwith\b|\bwhile\b|\bthen\b|\bplus\b|\bfollowed by\b)\s*/iu)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .slice(0, MOST_SOUNDS);

/**
 * The sounds that a prompt asks for. English goes through the text tower, Chinese through the lexicon of the bundle's own
 * bank; what a user's folder calls by the same Chinese words is found by them. A part that names nothing the bank has is left
 * out with a note, so that it never sounds as something else.
 */
export async function readWords(
  prompt: string,
  whole: TextFeatures | null,
  own: Bank,
  bank: Bank,
  pictureScores: Float32Array | null,
  bundle: Bundle,
  context: Context,
): Promise<Wanted[]> {
  const tie = bank === own ? pictureScores : null;
  if (isHan(prompt)) return readHan(prompt, own, bank, bundle, context);
  const phrases = phrasesOf(prompt);
  const encoded = phrases.length === 1 && whole ? [whole] : await encodeTexts(phrases, bundle);
  const least = bundle.manifest.roles.bank?.rejectWordsBelow ?? -1;
  const wanted = phrases.map((words, i) => ({ words, scores: scoreByWords(encoded[i]!, tie, bank) }));
  return wanted.filter(({ words }, i) => {
    const fits = best(scoreByText(encoded[i]!.pooled, bank)).score >= least;
    if (!fits) context.note(`nothing in the bank sounds like "${words}": it is left out`);
    return fits;
  });
}

async function readHan(prompt: string, own: Bank, bank: Bank, bundle: Bundle, context: Context): Promise<Wanted[]> {
  if (bank !== own) {
    const scores = Float32Array.from(bank.classes, ({ name }) => sharedHan(prompt, name));
    if (best(scores).score > 0) return [{ words: prompt, scores }];
  }
  const named = own.lexicons.flatMap((lexicon) => namedClasses(prompt, lexicon, MOST_SOUNDS)).slice(0, MOST_SOUNDS);
  if (named.length === 0) context.note(`nothing in the bank is known to be called "${prompt}"`);
  const names = named.map((one) => own.classes.find(({ id }) => id === one.class)!.name);
  if (bank !== own && names.length > 0) {
    const encoded = await encodeTexts(names, bundle);
    return names.map((words, i) => ({ words, scores: scoreByWords(encoded[i]!, null, bank) }));
  }
  return named.map((one, i) => ({
    words: names[i]!,
    scores: Float32Array.from(own.classes, ({ id }) => (id === one.class ? 1 : 0)),
  }));
}

/** Share of a name's Han characters that stand in the prompt, where at least two do. */
function sharedHan(prompt: string, name: string): number {
  const characters = [...name].filter(isHan);
  const shared = characters.filter((one) => prompt.includes(one)).length;
  return shared >= Math.min(2, characters.length) && characters.length > 0 ? shared / characters.length : 0;
}
