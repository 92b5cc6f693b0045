import type { Guide } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";

/** What a class that is heard says of where we are, beside all that the picture says. */
const HEARD_WEIGHT = 0.1;
/** Of all that is said, this much must agree. */
const SURE_SHARE = 0.65;
/** Less than this is no evidence. */
const LEAST_EVIDENCE = 0.08;

/**
 * The room that fits the picture: indoors or open air, by where the things are mostly met that it looks like and that are heard.
 * Null where it can't be told: recordings bring some room of their own.
 */
export function roomOf(bank: Bank, pictureScores: Float32Array, heard: readonly number[]): Guide["room"] {
  const said = { in: 0, out: 0 };
  for (const [i, { place }] of bank.classes.entries()) {
    if (place) said[place] += pictureScores[i]! + (heard.includes(i) ? HEARD_WEIGHT : 0);
  }
  const all = said.in + said.out;
  if (all < LEAST_EVIDENCE) return null;
  if (said.in >= SURE_SHARE * all) return "in";
  return said.out >= SURE_SHARE * all ? "out" : null;
}
