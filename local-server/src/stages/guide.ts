import type { SoundEvent } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { ChosenClass, Context, Guide, Kept, Plan, TextFeatures, VisualFeatures } from "../pipeline/types.ts";
import { createRandom } from "../random.ts";
import { decodeSound } from "../video/sound.ts";
import { type Bank, type LoadedClass, openBundleBank, openFolderBank } from "./bank.ts";
import { bedLevelDb, beside, layBed, mixInto, underLevelDb } from "./beds.ts";
import { scoreByPicture } from "./choose-sounds.ts";
import { heardIn } from "./credits.ts";
import { type Cue, chooseCues } from "./cues.ts";
import { performAction, type Sounding, type Span, type Voice } from "./perform.ts";
import { roomOf } from "./place.ts";
import { shared, spot } from "./spotting.ts";
import { openUserBank } from "./user-bank.ts";

const PERFORMANCE_STREAM = 1;
/** Beds have a stream of their own: a bed stays as it is when events are moved or added. */
const BED_STREAM = 2;

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
  if (plan.guide.kind === "none") return { ...SILENT, ...heardIn(plan, [], kept), events: visual.events };
  if (plan.guide.kind === "file") {
    const sound = await decodeSound(plan.guide.path, { signal: context.signal });
    const action = new Float32Array(span.sampleCount);
    action.set(sound.subarray(0, span.sampleCount - plan.media.handleSamples), plan.media.handleSamples);
    const heard = { recording: plan.guide.path, from: 0, to: sound.length / 48_000 };
    return {
      ...SILENT,
      ...heardIn(plan, [heard], kept),
      layers: { action, bed: null },
      events: visual.events,
    };
  }
  if (!bundle.manifest.roles.bank) {
    throw new UserError("bad_guide", "a model with a bank of sounds", bundle.manifest.id, "use --guide FILE or none");
  }
  const own = await openBundleBank(bundle, context.signal);
  const bank = await bankOf(plan, own, bundle, context);
  const cues = await chooseCues(plan, visual, text, own, bank, bundle, context);
  const guide = await perform(plan, cues, visual, bank, span, seed, context, kept);
  context.progress("guide", 1);
  // Sounds asked for by words alone come dry: nothing shows where they will stand.
  if (plan.request.room === "off" || !visual.semantic || !own.picture) return guide;
  const shown = scoreByPicture(visual.semantic, own.picture);
  return { ...guide, room: roomOf(own, shown, bank === own ? cues.map(({ index }) => index) : []) };
}

async function bankOf({ guide }: Plan, own: Bank, bundle: Bundle, context: Context): Promise<Bank> {
  if (guide.kind === "folder") return openFolderBank(guide.path, bundle, context.signal);
  return guide.kind === "bank" && guide.id !== undefined ? openUserBank(guide.id, bundle, context) : own;
}

/** No performance at all. */
export const SILENT: Guide = {
  layers: { action: null, bed: null },
  room: null,
  events: [],
  chosen: [],
  recordings: [],
  credits: [],
};

/** A cue with its recordings. */
interface Part extends LoadedClass {
  readonly cue: Cue;
  readonly class: Bank["classes"][number];
  readonly stretches: Cue["stretches"];
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
  const parts: Part[] = [];
  for (const cue of cues) {
    throwIfCancelled(context.signal);
    const loaded = await bank.load(cue.index);
    if (loaded.recordings.length === 0) continue;
    parts.push({ ...loaded, cue, class: bank.classes[cue.index]!, stretches: cue.stretches });
  }
  const actors = parts.filter(({ mode }) => mode === "event");
  const beds = parts.filter(({ mode }) => mode === "bed");
  const given = plan.request.events ?? kept?.events ?? [];
  const known = await voicesOf(given, bank);
  const lists = eventsOf(plan, visual, actors, given, bank, context, kept);
  const random = createRandom(seed, PERFORMANCE_STREAM);
  let action: Float32Array | null = null;
  const events: SoundEvent[] = [];
  const soundings: Sounding[] = [];
  const loudest = Math.max(...actors.map((actor) => actor.class.levelDb));
  for (const [i, actor] of actors.entries()) {
    const { recordings } = actor;
    const layer = performAction(lists[i]!, recordings, actor.class.tail, span, random, known);
    action = mixInto(action, layer.sound, beside(actor.class.levelDb, loudest));
    events.push(...layer.events);
    soundings.push(...layer.soundings);
  }
  if (actors.length === 0 && known.size > 0) {
    const layer = performAction(given, [], "ring", span, random, known);
    action = layer.sound;
    events.push(...layer.events);
    soundings.push(...layer.soundings);
  }
  const bedRandom = createRandom(seed, BED_STREAM);
  let bed: [Float32Array, Float32Array] | null = null;
  for (const { recordings, class: one, stretches } of beds) {
    const levelDb = bedLevelDb(one, actors[0]?.class ?? null) - underLevelDb(beds.length);
    const { sides, recordings: laid } = layBed(recordings, stretches, visual.motion, levelDb, span, bedRandom);
    bed = bed ? [mixInto(bed[0], sides[0], 1), mixInto(bed[1], sides[1], 1)] : sides;
    // In mono the second version is not heard.
    for (const { id } of laid.slice(0, plan.channels)) {
      soundings.push(...stretches.map((stretch) => ({ recording: id, ...stretch })));
    }
  }
  const sounds = (part: Part) => part.mode === "bed" || lists[actors.indexOf(part)]!.length > 0;
  const chosen: ChosenClass[] = parts
    .filter(sounds)
    .map(({ cue, class: { id, name }, mode }) => ({ class: id, words: name, score: cue.score, mode }));
  const replaced = await voicesOf(kept?.replaced ?? [], bank);
  return {
    layers: { action, bed },
    room: null,
    events: events.sort((a, b) => a.time - b.time),
    chosen,
    ...heardIn(plan, soundings, kept, bank, replaced),
  };
}

/** The events of each class: the user's own, or what is kept of an older take and what is found beside it. */
function eventsOf(
  plan: Plan,
  visual: VisualFeatures,
  actors: readonly Part[],
  given: readonly SoundEvent[],
  bank: Bank,
  context: Context,
  kept: Kept | null,
): SoundEvent[][] {
  if (actors.length === 0) return [];
  const found = plan.request.events ? actors.map(() => []) : spot(plan, visual, actors, context);
  const inside = ({ time }: SoundEvent) => !kept || (time >= kept.fromSeconds && time < kept.toSeconds);
  const lists: SoundEvent[][] = found.map((list) => list.filter(inside));
  // An event that names its sound stays with that sound's class, as loud as it was beside the others.
  const named = given.filter(({ sound }) => sound !== null);
  for (const event of named) {
    const index = bank.classOfSound(event.sound!);
    lists[
      Math.max(
        0,
        actors.findIndex(({ cue }) => cue.index === index),
      )
    ]!.push(event);
  }
  const free = shared(
    given.filter(({ sound }) => sound === null),
    actors,
  );
  for (const [i, events] of free.entries()) lists[i]!.push(...events);
  return lists.map((list) => list.sort((a, b) => a.time - b.time));
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
