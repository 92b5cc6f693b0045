import type { SoundEvent } from "../../protocol/index.ts";
import type { Context, Plan, VisualFeatures } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";
import type { Stretch } from "./cues.ts";
import { likelyEvents } from "./events.ts";
import { shareEvents } from "./share-events.ts";

/** Two footsteps of a walk. */
const STEP_SECONDS = 0.53;
/** Moments nearer than this are one. */
const SAME_SECONDS = 0.08;

/** A class of one-shots that waits for its events. */
export interface Actor {
  readonly class: Pick<Bank["classes"][number], "action" | "maxPerSecond" | "levelDb">;
  readonly stretches: readonly Stretch[];
}

/**
 * The events that each of several classes is performed on: those the picture shows, shared among the classes; for words
 * without a picture, one hit each, or steps at a walking pace.
 */
export function spot(plan: Plan, visual: VisualFeatures, actors: readonly Actor[], context: Context): SoundEvent[][] {
  if (!plan.clip) return actors.map((actor, i) => unseen(plan.seconds, actor, i, actors.length));
  const inRange = ({ time }: SoundEvent) => time >= 0 && time < plan.seconds;
  const shares = shared(visual.events, actors);
  const lists = actors.map((actor, i) => {
    const events = thinned(shares[i]!, 1 / actor.class.maxPerSecond);
    return isWilling(plan, actor) ? events : [...likelyEvents(events)];
  });
  const idle = [...actors.keys()].filter((i) => !lists[i]!.some(inRange));
  if (idle.length === 0) return lists;
  const found = unsure(
    plan,
    visual,
    idle.map((i) => actors[i]!),
    lists.flat(),
    context,
  );
  for (const [at, i] of idle.entries()) lists[i] = found[at]!;
  return lists;
}

/** Words say that something sounds; a picture of somebody walking is taken at its word as well: steps are soft to see. */
const isWilling = ({ request }: Plan, actor: Actor) => request.prompt.trim() !== "" || actor.class.action === "step";

const covers = ({ stretches }: Actor, time: number): boolean =>
  stretches.some(({ from, to }) => time >= from && time < to);

/** Each event to one of the classes that sound at its time. */
export function shared(events: readonly SoundEvent[], actors: readonly Actor[]): SoundEvent[][] {
  const lists = actors.map((): SoundEvent[] => []);
  const groups = new Map<string, { event: SoundEvent; candidates: number[] }[]>();
  for (const event of events) {
    const candidates = [...actors.keys()].filter((i) => covers(actors[i]!, event.time));
    const group = groups.get(candidates.join()) ?? [];
    group.push({ event, candidates });
    groups.set(candidates.join(), group);
  }
  for (const group of groups.values()) {
    const { candidates } = group[0]!;
    if (candidates.length === 0) continue;
    const takers = candidates.map((i) => actors[i]!.class);
    const shares = shareEvents(
      group.map(({ event }) => event),
      takers,
    );
    for (const [at, { event }] of group.entries()) lists[candidates[shares[at]!]!]!.push(event);
  }
  return lists.map((list) => list.sort((a, b) => a.time - b.time));
}

/** Without a picture: several sounds come one after the other. */
function unseen(seconds: number, { class: { action } }: Actor, place: number, places: number): SoundEvent[] {
  const count = action === "step" ? Math.max(1, Math.floor(seconds / STEP_SECONDS)) : 1;
  const first = action === "step" ? 0 : (place * seconds) / places;
  return Array.from({ length: count }, (_, i) => ({
    time: first + Math.min(0.1, seconds / 4) + i * STEP_SECONDS,
    strength: 0.8,
    confidence: 1,
    x: 0,
    sound: null,
  }));
}

/** For classes that no clear event carries: the likelier moments that no other class has, else once at the start. */
function unsure(
  plan: Plan,
  visual: VisualFeatures,
  actors: readonly Actor[],
  taken: readonly SoundEvent[],
  context: Context,
): SoundEvent[][] {
  const isFree = ({ time }: SoundEvent) => taken.every((other) => Math.abs(other.time - time) >= SAME_SECONDS);
  const shares = shared(visual.unsure.filter(isFree), actors);
  return actors.map((actor, i) => {
    if (!isWilling(plan, actor)) {
      context.note("nothing is seen to hit: the take is silent there; say in a few words what sounds");
      return [];
    }
    if (shares[i]!.length > 0) {
      context.note("nothing is seen to hit clearly: the sound lies on the likelier moments");
      return thinned(louder(shares[i]!), 1 / actor.class.maxPerSecond);
    }
    context.note("nothing is seen to hit: the sound lies once, at the start of the range");
    return [{ time: Math.min(0.1, plan.seconds / 4), strength: 0.8, confidence: 0, x: 0, sound: null }];
  });
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
