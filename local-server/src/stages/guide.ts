import type { SoundEvent } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { ChosenClass, Context, Guide, Kept, Plan, TextFeatures, VisualFeatures } from "../pipeline/types.ts";
import { createRandom } from "../random.ts";
import { decodeSound } from "../video/sound.ts";
import { type Bank, openBundleBank, openFolderBank } from "./bank.ts";
import { best, bestForWords, phrasesOf, scoreByPicture, weighByEvents } from "./choose-sounds.ts";
import { bedLevelDb, performAction, performBed, type Span, type Voice } from "./perform.ts";
import { encodeTexts } from "./text-features.ts";

const PERFORMANCE_STREAM = 1;
/** Beds have a stream of their own: a bed stays as it is when events are moved or added. */
const BED_STREAM = 2;

/** A class to perform, by words or by the picture. */
interface Cue {
  readonly index: number;
  readonly score: number;
}

/**
 * The sound to start from: recordings matched to words and picture and performed on what the picture shows, or the user's
 * own file. With no guide: the events alone. When a part is made anew, the events outside it are performed as they were, so
 * that their tails ring on into it.
 */
export async function makeGuide(
  plan: Plan,
  visual: VisualFeatures,
  text: TextFeatures | null,
  seed: number,
  bundle: Bundle,
  context: Context,
  kept: Kept | null = null,
): Promise<Guide> {
  const span: Span = {
    startSeconds: -plan.media.handleSamples / 48_000,
    sampleCount: plan.media.sampleCount,
  };
  if (plan.guide.kind === "none") return { layers: { action: null, bed: null }, events: visual.events, chosen: [] };
  if (plan.guide.kind === "file") {
    const sound = await decodeSound(plan.guide.path, { signal: context.signal });
    const action = new Float32Array(span.sampleCount);
    action.set(sound.subarray(0, span.sampleCount - plan.media.handleSamples), plan.media.handleSamples);
    return { layers: { action, bed: null }, events: visual.events, chosen: [] };
  }
  if (!bundle.manifest.roles.bank) {
    throw new UserError("bad_guide", "a model with a bank of sounds", bundle.manifest.id, "use --guide FILE or none");
  }
  const own = await openBundleBank(bundle, context.signal);
  const bank = plan.guide.kind === "folder" ? await openFolderBank(plan.guide.path, bundle, context.signal) : own;
  const cues = await chooseCues(plan, visual, text, own, bank, bundle, context);
  const guide = await perform(plan, cues, visual, bank, span, seed, context, kept);
  context.progress("guide", 1);
  return guide;
}

/** Which sounds: one a phrase of the prompt; without words, what the picture shows. May be none. */
async function chooseCues(
  plan: Plan,
  visual: VisualFeatures,
  text: TextFeatures | null,
  own: Bank,
  bank: Bank,
  bundle: Bundle,
  context: Context,
): Promise<Cue[]> {
  const pictureScores = visual.semantic && own.picture ? scoreByPicture(visual.semantic, own.picture) : null;
  const ownScores = bank === own ? pictureScores : null;
  if (text) {
    const phrases = phrasesOf(plan.request.prompt);
    const features = phrases.length > 1 ? await encodeTexts(phrases, bundle) : [text];
    const cues = features.map((words) => bestForWords(words, ownScores, bank));
    return cues.filter((cue, i) => cues.findIndex((other) => other.index === cue.index) === i);
  }
  if (!pictureScores) {
    context.note("no words and no picture to choose a sound by: the take is silent");
    return [];
  }
  const cue = chooseByPicture(plan, pictureScores, visual, own, bundle, context);
  if (!cue || bank === own) return cue ? [cue] : [];
  const [words] = await encodeTexts([own.classes[cue.index]!.name], bundle);
  return [bestForWords(words!, null, bank)];
}

/** Hits that are seen deserve a sound even where the picture names none. */
const EVENTS_FOR_FALLBACK = 3;

function chooseByPicture(
  plan: Plan,
  scores: Float32Array,
  visual: VisualFeatures,
  bank: Bank,
  bundle: Bundle,
  context: Context,
): Cue | null {
  const role = bundle.manifest.roles.bank!;
  const events = visual.events.filter(({ time }) => time >= 0 && time < plan.seconds).length;
  const top = best(weighByEvents(scores, bank, events / plan.seconds));
  if (top.score >= role.rejectBelow) return top;
  const fallback = bank.classes.findIndex(({ id }) => id === role.fallbackClass);
  if (events >= EVENTS_FOR_FALLBACK && fallback >= 0) {
    context.note("the picture names no sound; its hits get a plain one: say in a few words what sounds");
    return { index: fallback, score: top.score };
  }
  context.note("nothing in the picture asks for a sound: the take is silent; say in a few words what sounds");
  return null;
}

async function perform(
  plan: Plan,
  cues: readonly Cue[],
  visual: VisualFeatures,
  bank: Bank,
  span: Span,
  seed: number,
  context: Context,
  kept: Kept | null,
): Promise<Guide> {
  const random = createRandom(seed, PERFORMANCE_STREAM);
  const bedRandom = createRandom(seed, BED_STREAM);
  const chosen: ChosenClass[] = [];
  let action: Float32Array | null = null;
  let bed: [Float32Array, Float32Array] | null = null;
  let events: SoundEvent[] = [];
  const given = plan.request.events ?? kept?.events ?? [];
  const known = await voicesOf(given, bank);
  for (const { index, score } of cues) {
    throwIfCancelled(context.signal);
    const one = bank.classes[index]!;
    const { id, name, tail } = one;
    const { mode, recordings } = await bank.load(index);
    if (recordings.length === 0 || (mode === "bed" ? bed : action)) continue;
    chosen.push({ class: id, words: name, score, mode });
    if (mode === "bed") {
      const foreground = cues.map((cue) => bank.classes[cue.index]!).find((other) => other.mode === "event");
      bed = performBed(recordings, visual.motion, bedLevelDb(one, foreground ?? null), span, bedRandom);
    } else {
      const spotted = plan.request.events ?? merged(kept, () => spot(plan, visual, one, context));
      ({ sound: action, events } = performAction(spotted, recordings, tail, span, random, known));
    }
  }
  if (!action && known.size > 0) ({ sound: action, events } = performAction(given, [], "ring", span, random, known));
  return { layers: { action, bed }, events, chosen };
}

/** The recordings that events already name. */
async function voicesOf(events: readonly SoundEvent[], bank: Bank): Promise<Map<string, Voice>> {
  const voices = new Map<string, Voice>();
  const names = new Set(events.map(({ sound }) => sound));
  const classes = new Set([...names].map((name) => (name === null ? -1 : bank.classOfSound(name))));
  for (const index of classes) {
    if (index < 0) continue;
    const { recordings } = await bank.load(index);
    for (const recording of recordings) {
      if (names.has(recording.id)) voices.set(recording.id, { recording, tail: bank.classes[index]!.tail });
    }
  }
  return voices;
}

/** What was outside the part that is made anew, and what is found inside it. */
function merged(kept: Kept | null, find: () => readonly SoundEvent[]): readonly SoundEvent[] {
  if (!kept) return find();
  const inside = find().filter(({ time }) => time >= kept.fromSeconds && time < kept.toSeconds);
  return [...kept.events, ...inside].sort((a, b) => a.time - b.time);
}

/** Two footsteps of a walk. */
const STEP_SECONDS = 0.53;

/** The events to perform: those the picture shows; for words without a picture, one hit, or steps at a walking pace. */
function spot(
  plan: Plan,
  visual: VisualFeatures,
  { action: kind, maxPerSecond }: Bank["classes"][number],
  context: Context,
): SoundEvent[] {
  if (!plan.clip) {
    const count = kind === "step" ? Math.max(1, Math.floor(plan.seconds / STEP_SECONDS)) : 1;
    return Array.from({ length: count }, (_, i) => ({
      time: Math.min(0.1, plan.seconds / 4) + i * STEP_SECONDS,
      strength: 0.8,
      confidence: 1,
      x: 0,
      sound: null,
    }));
  }
  if (visual.events.some(({ time }) => time >= 0 && time < plan.seconds))
    return thinned(visual.events, 1 / maxPerSecond);
  // A picture of somebody walking is taken at its word as well: steps are soft to see.
  if (plan.request.prompt === "" && kind !== "step") {
    context.note("nothing is seen to hit: the take is silent; say in a few words what sounds");
    return [];
  }
  if (visual.unsure.length > 0) {
    context.note("nothing is seen to hit clearly: the sound lies on the likelier moments");
    return thinned(louder(visual.unsure), 1 / maxPerSecond);
  }
  context.note("nothing is seen to hit: the sound lies once, at the start of the range");
  return [{ time: Math.min(0.1, plan.seconds / 4), strength: 0.8, confidence: 0, x: 0, sound: null }];
}

/** Moments found with little confidence look faint as well: the hardest of them is played as a plain one. */
function louder(events: readonly SoundEvent[]): SoundEvent[] {
  const hardest = Math.max(...events.map(({ strength }) => strength));
  const factor = Math.max(1, 0.8 / Math.max(0.05, hardest));
  return events.map((event) => ({ ...event, strength: Math.min(1, event.strength * factor) }));
}

/** No two events closer than a class can sound: the surer one stays. */
function thinned(events: readonly SoundEvent[], gapSeconds: number): SoundEvent[] {
  const kept: SoundEvent[] = [];
  for (const event of [...events].sort((a, b) => b.confidence - a.confidence)) {
    if (kept.every(({ time }) => Math.abs(time - event.time) >= gapSeconds)) kept.push(event);
  }
  return kept.sort((a, b) => a.time - b.time);
}
