import { TICKS_PER_SECOND } from "./state.ts";

/** Premiere's Time. What a property hands out is a copy: writing to it changes nothing in the timeline. */
export class Time {
  #ticks = 0;
  get ticks(): string {
    return String(this.#ticks);
  }
  set ticks(text: string) {
    if (typeof text !== "string" || !/^-?\d+$/.test(text))
      throw new Error(`Time.ticks takes a string of digits, came ${text}`);
    this.#ticks = Number(text);
  }
  get seconds(): number {
    return this.#ticks / TICKS_PER_SECOND;
  }
  set seconds(value: number) {
    if (typeof value !== "number") throw new Error(`Time.seconds takes a number, came ${typeof value}`);
    this.#ticks = Math.round(value * TICKS_PER_SECOND);
  }
}

export function timeOf(ticks: number): Time {
  const time = new Time();
  time.ticks = String(ticks);
  return time;
}

/** No timeline is longer: a number beyond is ticks where seconds are meant. */
const MOST_SECONDS = 1_000_000;
const secondsToTicks = (seconds: number, call: string): number => {
  if (!(Math.abs(seconds) < MOST_SECONDS))
    throw new Error(`${call} takes a number as seconds, came ${seconds}: ticks?`);
  return Math.round(seconds * TICKS_PER_SECOND);
};

/** Track.overwriteClip: a Time, a number of seconds, or a string of ticks. */
export function placeTicks(value: unknown): number {
  if (value instanceof Time) return Number(value.ticks);
  if (typeof value === "number") return secondsToTicks(value, "overwriteClip");
  if (typeof value === "string" && /^\d+$/.test(value) && Number(value) > 1e6) return Number(value);
  throw new Error(`overwriteClip takes a Time, seconds or ticks as text, came ${value}`);
}

/** Sequence.setInPoint, setOutPoint: a Time, or seconds, which are cut down to a frame. Text is refused. */
export function markTicks(value: unknown, timebase: number): number {
  if (value instanceof Time) return Number(value.ticks);
  if (typeof value !== "number") throw new Error(`setInPoint takes a Time or seconds, came ${typeof value}`);
  return Math.floor(secondsToTicks(value, "setInPoint") / timebase) * timebase;
}
