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

/** From this many events a second a picture is taken as one of action. */
const EVENTFUL_PER_SECOND = 0.5;
/** Seen hits say more than their absence: soft steps are easily missed. */
const EVENTFUL_WEIGHT = 1.5;
const CALM_WEIGHT = 1.2;

/** Action asks for one-shots, a picture in which nothing hits for a bed: near ties of the picture's scores are settled so. */
export function weighByEvents(scores: Float32Array, { classes }: Bank, eventsPerSecond: number): Float32Array {
  const weights = {
    event: eventsPerSecond >= EVENTFUL_PER_SECOND ? EVENTFUL_WEIGHT : 1,
    bed: eventsPerSecond === 0 ? CALM_WEIGHT : 1,
  };
  return scores.map((score, i) => weights[classes[i]!.mode] * score);
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
