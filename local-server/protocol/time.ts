/**
 * Time. The wire and all state carry ticks: 254,016,000,000 per second (Premiere's own unit), a number that 48 kHz
 * samples and every broadcast frame rate divide exactly. BigInt in code, decimal strings on the wire.
 */
declare const unit: unique symbol;
export type Ticks = bigint & { readonly [unit]: "ticks" };
export type SampleCount = number & { readonly [unit]: "samples" };
export type Seconds = number;

/** Exact frame rate, e.g. 24000/1001. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

export const TICKS_PER_SECOND = 254_016_000_000n;
export const SAMPLE_RATE_HZ = 48_000;
/** One 48 kHz sample: 5,292,000 ticks, exactly. */
export const TICKS_PER_SAMPLE = TICKS_PER_SECOND / BigInt(SAMPLE_RATE_HZ);
/** Longest range of one request. */
export const MAX_RANGE_SECONDS = 300;

export const ticks = (value: bigint): Ticks => value as Ticks;
export const ticksOfString = (text: string): Ticks => ticks(BigInt(text));
/** Nearest tick of a time in seconds (a tick is 4 ps: the rounding is far below a sample). */
export const ticksOfSeconds = (seconds: Seconds): Ticks => {
  const whole = Math.floor(seconds);
  return ticks(BigInt(whole) * TICKS_PER_SECOND + BigInt(Math.round((seconds - whole) * Number(TICKS_PER_SECOND))));
};
export const secondsOfTicks = (value: Ticks): Seconds => {
  const whole = value / TICKS_PER_SECOND;
  return Number(whole) + Number(value - whole * TICKS_PER_SECOND) / Number(TICKS_PER_SECOND);
};
/** Start of frame `frame` at `rate`, to the nearest tick (exact for every broadcast rate). */
export const ticksOfFrame = (frame: number, rate: Rational): Ticks =>
  ticks(roundedDivision(BigInt(frame) * BigInt(rate.den) * TICKS_PER_SECOND, BigInt(rate.num)));
/** The one rounding from ticks to samples: nearest, halves up. */
export const samplesOfTicks = (value: Ticks, sampleRate = SAMPLE_RATE_HZ): SampleCount =>
  Number(roundedDivision(value * BigInt(sampleRate), TICKS_PER_SECOND)) as SampleCount;

/** Nearest integer to numerator / denominator, halves towards plus infinity. */
function roundedDivision(numerator: bigint, denominator: bigint): bigint {
  const doubled = 2n * numerator + denominator;
  const quotient = doubled / (2n * denominator);
  return doubled < 0n && doubled % (2n * denominator) !== 0n ? quotient - 1n : quotient;
}
