import type { TicksText } from "../contract.ts";
import type { Time } from "./dom.ts";
import { newTime } from "./globals.ts";
import { refusal } from "./refusal.ts";

/** Whole ticks as a number: exact up to 9.8 hours, the only unit inside the script. */
export type Ticks = number;

export const TICKS_PER_SECOND: Ticks = 254016000000;
const TICKS_PER_SAMPLE: Ticks = 5292000;

/** The only places where ticks and Premiere's Time objects meet; seconds appear nowhere. */
export const ticksOf = (time: Time): Ticks => Number(time.ticks);
export function timeAt(ticks: Ticks): Time {
  const time = newTime();
  time.ticks = String(ticks);
  return time;
}

export const textOf = (ticks: Ticks): TicksText => String(ticks);
/** @throws Refusal BAD_ARGUMENT for what is no whole number of ticks */
export function ticksOfText(text: TicksText, name: string): Ticks {
  if (!/^\d{1,16}$/.test(String(text))) {
    throw refusal("BAD_ARGUMENT", `Expected ${name} in ticks, came ${text}.`, { name });
  }
  return Number(text);
}

export const floorToGrid = (ticks: Ticks, step: Ticks): Ticks => ticks - (((ticks % step) + step) % step);
export const ceilToGrid = (ticks: Ticks, step: Ticks): Ticks => -floorToGrid(-ticks, step);
/** Down to a whole 48 kHz sample counted from `start`. */
export const floorToSample = (ticks: Ticks, start: Ticks): Ticks =>
  start + floorToGrid(ticks - start, TICKS_PER_SAMPLE);

/** Frames a second of a sequence, as a fraction in lowest terms. */
export function rateOfTimebase(timebase: Ticks): { readonly num: number; readonly den: number } {
  let a = TICKS_PER_SECOND;
  let b = timebase;
  while (b > 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return { num: TICKS_PER_SECOND / a, den: timebase / a };
}

export interface TickSpan {
  readonly start: Ticks;
  readonly end: Ticks;
}
export const overlap = (a: TickSpan, b: TickSpan): boolean => a.start < b.end && a.end > b.start;
