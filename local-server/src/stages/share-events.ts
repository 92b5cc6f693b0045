import type { SoundEvent } from "../../protocol/index.ts";

/** What is known of a class that events may go to. */
export interface Taker {
  /** How loud such a thing is beside others, dB. */
  readonly levelDb: number;
  readonly action: string;
}

/** Classes nearer in level than this are not told apart by how hard a hit is. */
const TELLING_DB = 6;
/** What weighs in the choice, each 0..1: how hard against how loud, when against the order of the words, rhythm. */
const HARDNESS_WEIGHT = 1;
const ORDER_WEIGHT = 0.3;
const RHYTHM_WEIGHT = 0.6;
/** Two steps of a walk or a run are this far apart. */
const STEP_SECONDS = { least: 0.25, most: 0.8 };

/**
 * Which of several classes sounds on which event: "keys and door". Hard hits go to the loud thing, even rhythms to steps, and
 * what is named first tends to happen first. Every class gets at least one event where there are enough. `takers` in the
 * order of the words; events by time. Returns an index into `takers` for each event.
 */
export function shareEvents(events: readonly SoundEvent[], takers: readonly Taker[]): number[] {
  if (takers.length < 2) return events.map(() => 0);
  const hardness = ranks(events.map(({ strength }) => strength));
  const levels = takers.map(({ levelDb }) => levelDb);
  const apart = Math.max(...levels) - Math.min(...levels);
  const loudness = levels.map((level) => (apart >= TELLING_DB ? (level - Math.min(...levels)) / apart : 0.5));
  const first = events[0]?.time ?? 0;
  const lasting = Math.max(1e-3, (events.at(-1)?.time ?? 0) - first);
  const cost = (event: number, taker: number): number => {
    const order = (events[event]!.time - first) / lasting - taker / (takers.length - 1);
    const hard = apart >= TELLING_DB ? Math.abs(hardness[event]! - loudness[taker]!) : 0;
    const steps = takers[taker]!.action === "step" && isRhythm(events, event) ? -RHYTHM_WEIGHT : 0;
    return HARDNESS_WEIGHT * hard + ORDER_WEIGHT * Math.abs(order) + steps;
  };
  const shared = events.map((_, event) => smallest(takers.map((_, taker) => cost(event, taker))));
  for (const taker of takers.keys()) {
    if (shared.includes(taker) || events.length < takers.length) continue;
    const spare = [...events.keys()].filter((event) => shared.filter((other) => other === shared[event]).length > 1);
    const given = spare[smallest(spare.map((event) => cost(event, taker) - cost(event, shared[event]!)))];
    if (given !== undefined) shared[given] = taker;
  }
  return shared;
}

const smallest = (values: readonly number[]): number => values.indexOf(Math.min(...values));

/** Place of each value among all, 0..1; equal ones share it. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const last = Math.max(1, values.length - 1);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 / last);
}

/** Whether an event stands in an even row of three or more, as far apart as steps are. */
function isRhythm(events: readonly SoundEvent[], at: number): boolean {
  const gap = (i: number) => (events[i + 1]?.time ?? Number.NaN) - (events[i]?.time ?? Number.NaN);
  const even = (i: number) => {
    const [a, b] = [gap(i), gap(i + 1)];
    const longer = Math.max(a, b);
    return Math.min(a, b) >= STEP_SECONDS.least && longer <= STEP_SECONDS.most && Math.abs(a - b) <= 0.25 * longer;
  };
  return even(at - 2) || even(at - 1) || even(at);
}
