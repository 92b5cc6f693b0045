import type { Rational } from "../../protocol/index.ts";

/** Rates that cameras and broadcasters use; a container's rounded number means one of them. */
const COMMON: readonly Rational[] = [
  ...[24, 30, 48, 60, 120].map((rate) => ({ num: rate * 1000, den: 1001 })),
  ...[10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240].map((rate) => ({ num: rate, den: 1 })),
];

/** 23.976 and 24 lie 1000 ppm apart. */
const SNAP = 300e-6;

/**
 * The exact frame rate of a clip from its frames' times, as the container names it where that agrees; the mean where the rate varies.
 * @param frameTimes seconds, ascending: [n]
 * @param claimed the container's guess (r_frame_rate)
 * @param unitSeconds the container's time unit: times are rounded to it
 */
export function guessRate(frameTimes: Float64Array, claimed: Rational | null, unitSeconds: number): Rational {
  const valid = claimed !== null && claimed.num / claimed.den <= 1000 ? claimed : null;
  if (frameTimes.length < 2) return valid ? snap(valid) : { num: 25, den: 1 };
  const span = frameTimes.at(-1)! - frameTimes[0]!;
  const gap = span / (frameTimes.length - 1);
  const measured = 1 / gap;
  const steady = frameTimes.every(
    (time, i) => Math.abs(time - frameTimes[0]! - i * gap) <= 0.02 * gap + 2 * unitSeconds,
  );
  if (valid && steady) {
    const uncertainty = Math.max(SNAP, (2 * unitSeconds) / span);
    if (Math.abs(valid.num / valid.den / measured - 1) <= uncertainty) return snap(valid);
  }
  return snap({ num: Math.round(measured * 1000), den: 1000 });
}

function snap(rate: Rational): Rational {
  const value = rate.num / rate.den;
  const common = COMMON.find(({ num, den }) => Math.abs(num / den / value - 1) <= SNAP);
  if (common) return common;
  const divisor = gcd(rate.num, rate.den);
  return { num: rate.num / divisor, den: rate.den / divisor };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
