import type { EventKind, SoundEvent } from "../../protocol/index.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { TextFeatures } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";

/** How far a picture may tip the choice between sounds that the words like equally: a prompt always wins. */
const PICTURE_WEIGHT_IN_PROMPT = 0.03;

/** Scores of all classes from the picture: mean semantic row [Dv] of `rows` times the bank's map [Dv, classes]. */
export function scoreByPicture(semantic: Tensor, picture: Tensor, rows?: readonly number[]): Float32Array {
  const [count, width] = semantic.dims as [number, number];
  const used = rows ?? Array.from({ length: count }, (_, row) => row);
  const classes = picture.dims[1]!;
  const scores = new Float32Array(classes);
  for (let d = 0; d < width; d++) {
    let mean = 0;
    for (const row of used) mean += semantic.data[row * width + d]! / used.length;
    for (let c = 0; c < classes; c++) scores[c]! += mean * picture.data[d * classes + c]!;
  }
  return scores;
}

/** Scores of all classes from words: cosine with the nearest of a class's descriptions. */
export function scoreByText(query: Float32Array, { text, classOfRow, classes }: Bank): Float32Array {
  const width = text.dims[1]!;
  const scores = new Float32Array(classes.length).fill(-1);
  for (const [row, index] of classOfRow.entries()) {
    let cosine = 0;
    for (let d = 0; d < width; d++) cosine += query[d]! * text.data[row * width + d]!;
    scores[index] = Math.max(scores[index]!, cosine);
  }
  return scores;
}

/** A class gains this share of what all classes of its group have: a picture full of metal things means metal. */
const GROUP_SHARE = 0.15;

/** Scores with the support of each class's group ("metal" of "metal/pots"). */
export function withGroups(scores: Float32Array, { classes }: Bank): Float32Array {
  const sums = new Map<string, number>();
  const groupOf = (i: number) => classes[i]!.id.split("/")[0]!;
  for (const [i, score] of scores.entries()) sums.set(groupOf(i), (sums.get(groupOf(i)) ?? 0) + score);
  return scores.map((score, i) => score + GROUP_SHARE * sums.get(groupOf(i))!);
}

/** From this many events a second a picture is taken as one of action; in between, as something of both. */
const EVENTFUL_PER_SECOND = 0.5;
/** Weights of one-shots and beds in a calm picture and in an eventful one. */
const ONE_SHOT_WEIGHT = { calm: 1, eventful: 1.5 };
const BED_WEIGHT = { calm: 1.2, eventful: 0.8 };
/** What all events look like doubles a class that does just that. */
const KIND_WEIGHT = 1;
/** What kind of event a class's action looks like; speech and the like look like none. */
const KIND_OF: Readonly<Record<string, EventKind>> = {
  hit: "hit",
  click: "hit",
  scrape: "scrape",
  tear: "scrape",
  step: "step",
  bounce: "bounce",
  splash: "splash",
  shot: "shot",
};

/** Action asks for one-shots that look like it, a picture in which nothing hits for a bed. */
export function weighByEvents(
  scores: Float32Array,
  { classes }: Bank,
  events: readonly Pick<SoundEvent, "kind">[],
  seconds: number,
): Float32Array {
  const eventful = Math.min(1, events.length / seconds / EVENTFUL_PER_SECOND);
  const between = ({ calm, eventful: full }: typeof BED_WEIGHT) => calm + (full - calm) * eventful;
  const shareOf = (action: string) => {
    const alike = events.filter(({ kind }) => kind !== undefined && kind === KIND_OF[action]).length;
    return alike / Math.max(1, events.length);
  };
  return scores.map((score, i) => {
    const { mode, action } = classes[i]!;
    if (mode === "bed") return score * between(BED_WEIGHT);
    return score * between(ONE_SHOT_WEIGHT) * (1 + KIND_WEIGHT * eventful * shareOf(action));
  });
}

/** Scores of all classes for some words, the picture breaking near ties. */
export function scoreByWords(words: TextFeatures, pictureScores: Float32Array | null, bank: Bank): Float32Array {
  const scores = scoreByText(words.pooled, bank);
  if (!pictureScores) return scores;
  const top = Math.max(...pictureScores, 1e-9);
  return scores.map((score, i) => score + (PICTURE_WEIGHT_IN_PROMPT * pictureScores[i]!) / top);
}

/** Best class of some words, the picture breaking near ties. */
export const bestForWords = (words: TextFeatures, pictureScores: Float32Array | null, bank: Bank) =>
  best(scoreByWords(words, pictureScores, bank));

export function best(scores: Float32Array): { index: number; score: number } {
  let index = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[index]!) index = i;
  return { index, score: scores[index]! };
}
