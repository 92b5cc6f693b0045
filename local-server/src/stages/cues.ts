import type { Bundle } from "../onnx/bundle.ts";
import type { Context, Plan, TextFeatures, VisualFeatures } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";
import { best, bestForWords, scoreByPicture, weighByEvents, withGroups } from "./choose-sounds.ts";
import { encodeTexts } from "./text-features.ts";
import { readWords } from "./words.ts";

/** A stretch of the range, in seconds; the first and the last one of a range reach into its handles. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A class to perform, by words or by the picture, and where. */
export interface Cue {
  readonly index: number;
  readonly score: number;
  readonly stretches: readonly Stretch[];
}

const EVERYWHERE: readonly Stretch[] = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];

/** Which sounds: one a part of the prompt, all over the range; without words, what each shot of the picture shows. May be none. */
export async function chooseCues(
  plan: Plan,
  visual: VisualFeatures,
  text: TextFeatures | null,
  own: Bank,
  bank: Bank,
  bundle: Bundle,
  context: Context,
): Promise<Cue[]> {
  const scores = visual.semantic && own.picture ? scoreByPicture(visual.semantic, own.picture) : null;
  const prompt = plan.request.prompt.trim();
  if (prompt !== "") {
    const wanted = await readWords(prompt, text, own, bank, scores, bundle, context);
    const cues = wanted.map((one) => ({ ...best(one.scores), stretches: EVERYWHERE }));
    if (cues.length > 0) return joined(cues);
    context.note(
      scores ? "the words name no sound that is here: the picture decides" : `${NOTHING}: the take is silent`,
    );
  }
  if (!scores) {
    if (prompt === "") context.note(`${NOTHING}: no words and no picture to choose a sound by; the take is silent`);
    return [];
  }
  const cues = chooseByPicture(plan, scores, visual, own, bundle, context);
  if (bank === own || cues.length === 0) return cues;
  const encoded = await encodeTexts(
    cues.map(({ index }) => own.classes[index]!.name),
    bundle,
  );
  return joined(cues.map((cue, i) => ({ ...cue, ...bestForWords(encoded[i]!, null, bank) })));
}

/** How the notes of a take without a sound begin. */
const NOTHING = "nothing fits";
/** Hits that are seen deserve a sound even where the picture names none. */
const EVENTS_FOR_FALLBACK = 3;
/** A shot is judged by its own pictures, and a little by the rest: one odd frame decides nothing. */
const WHOLE_WEIGHT = 0.4;
/** Shots shorter than this go with their neighbour. */
const SHORTEST_SHOT_SECONDS = 1;

function chooseByPicture(
  plan: Plan,
  whole: Float32Array,
  visual: VisualFeatures,
  bank: Bank,
  bundle: Bundle,
  context: Context,
): Cue[] {
  const { rejectBelow, fallbackClass } = bundle.manifest.roles.bank!;
  const fallback = bank.classes.findIndex(({ id }) => id === fallbackClass);
  const shots = shotsOf(visual.cuts, plan.seconds);
  const cues: Cue[] = [];
  let plain = 0;
  for (const shot of shots) {
    const inside = (time: number) => time >= Math.max(0, shot.from) && time < Math.min(plan.seconds, shot.to);
    const events = visual.events.filter(({ time }) => inside(time));
    const seconds = Math.min(plan.seconds, shot.to) - Math.max(0, shot.from);
    const scores = shots.length === 1 ? whole : blended(whole, shotScores(plan, visual, bank, inside));
    const top = best(weighByEvents(withGroups(scores, bank), bank, events, seconds));
    if (top.score >= rejectBelow) cues.push({ ...top, stretches: [shot] });
    else if (events.length >= EVENTS_FOR_FALLBACK && fallback >= 0) {
      plain += 1;
      cues.push({ index: fallback, score: top.score, stretches: [shot] });
    }
  }
  if (plain > 0) context.note("the picture names no sound; its hits get a plain one: say in a few words what sounds");
  if (cues.length === 0) {
    context.note(`${NOTHING}: the picture asks for no sound, the take is silent; say in a few words what sounds`);
  }
  return joined(cues);
}

function blended(whole: Float32Array, own: Float32Array | null): Float32Array {
  return own ? own.map((score, i) => WHOLE_WEIGHT * whole[i]! + (1 - WHOLE_WEIGHT) * score) : whole;
}

/** What the pictures of one shot alone say; null where it has none. */
function shotScores(
  plan: Plan,
  visual: VisualFeatures,
  bank: Bank,
  inside: (time: number) => boolean,
): Float32Array | null {
  const times = plan.semantic?.times ?? new Float64Array(0);
  const rows = [...times.keys()].filter((row) => inside(times[row]! - plan.fromSeconds));
  return rows.length > 0 ? scoreByPicture(visual.semantic!, bank.picture!, rows) : null;
}

/** The range cut at its shot cuts, outermost ends open. */
export function shotsOf(cuts: readonly number[], seconds: number): Stretch[] {
  const edges = [0];
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut - edges.at(-1)! >= SHORTEST_SHOT_SECONDS && seconds - cut >= SHORTEST_SHOT_SECONDS) edges.push(cut);
  }
  return edges.map((edge, i) => ({
    from: i === 0 ? Number.NEGATIVE_INFINITY : edge,
    to: edges[i + 1] ?? Number.POSITIVE_INFINITY,
  }));
}

/** One cue a class, best score first met kept, stretches that touch made one. */
function joined(cues: readonly Cue[]): Cue[] {
  const byClass = new Map<number, Cue>();
  for (const cue of cues) {
    const known = byClass.get(cue.index);
    if (!known) {
      byClass.set(cue.index, cue);
      continue;
    }
    const stretches = [...known.stretches];
    for (const stretch of cue.stretches) {
      const last = stretches.at(-1)!;
      if (last.to >= stretch.from)
        stretches[stretches.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
      else stretches.push(stretch);
    }
    byClass.set(cue.index, { index: cue.index, score: Math.max(known.score, cue.score), stretches });
  }
  return [...byClass.values()];
}
