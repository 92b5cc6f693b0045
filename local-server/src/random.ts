/**
 * The product's own random numbers: PCG32 (O'Neill 2014, XSH-RR 64/32) and normals by Marsaglia's polar method over a
 * natural logarithm made of + - * / alone. Only operations that IEEE 754 rounds exactly are used, so a seed gives the
 * same bits on every platform and JavaScript engine.
 */
export interface Random {
  /** 32 random bits. */
  bits(): number;
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Standard normal. */
  normal(): number;
  /** Whole number in [0, n). */
  int(n: number): number;
}

const MULTIPLIER = 6364136223846793005n;
const MASK = 0xffff_ffff_ffff_ffffn;

/** A generator; different `stream`s of one seed are independent (noise, performance and dither never share numbers). */
export function createRandom(seed: number, stream = 0): Random {
  // 64-bit state as two 32-bit halves: BigInt per number would be 30 times slower.
  const increment = ((BigInt(stream) << 1n) | 1n) & MASK;
  let state = (increment + BigInt(seed)) & MASK;
  state = (state * MULTIPLIER + increment) & MASK;
  let high = Number(state >> 32n);
  let low = Number(state & 0xffff_ffffn);
  const incHigh = Number(increment >> 32n);
  const incLow = Number(increment & 0xffff_ffffn);
  const mulHigh = Number(MULTIPLIER >> 32n);
  const mulLow = Number(MULTIPLIER & 0xffff_ffffn);

  const bits = (): number => {
    const oldHigh = high;
    const oldLow = low;
    // state = state * MULTIPLIER + increment (mod 2^64), low product by 16-bit halves.
    const a0 = low & 0xffff;
    const a1 = low >>> 16;
    const b0 = mulLow & 0xffff;
    const b1 = mulLow >>> 16;
    const p00 = a0 * b0;
    const middle = a1 * b0 + (p00 >>> 16);
    const middle2 = a0 * b1 + (middle % 0x10000);
    const productLow = ((middle2 % 0x10000) * 0x10000 + (p00 & 0xffff)) >>> 0;
    const carry = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(middle2 / 0x10000);
    const productHigh = ((carry % 0x1_0000_0000) | 0) + Math.imul(high, mulLow) + Math.imul(low, mulHigh);
    const sumLow = productLow + incLow;
    low = sumLow >>> 0;
    high = (productHigh + incHigh + (sumLow > 0xffff_ffff ? 1 : 0)) >>> 0;
    // Output: xorshift high, random rotation.
    const shiftedLow = (oldLow >>> 18) | (oldHigh << 14);
    const shiftedHigh = oldHigh >>> 18;
    const xorLow = (shiftedLow ^ oldLow) >>> 0;
    const xorHigh = (shiftedHigh ^ oldHigh) >>> 0;
    const word = ((xorLow >>> 27) | (xorHigh << 5)) >>> 0;
    const rotation = oldHigh >>> 27;
    return ((word >>> rotation) | (word << (-rotation & 31))) >>> 0;
  };

  const next = () => bits() / 0x1_0000_0000;
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * next() - 1;
      const v = 2 * next() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * naturalLog(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
  return { bits, next, normal, int: (n) => Math.floor(next() * n) };
}

const LN2 = Math.LN2;

/** ln(x) for 0 < x < 1, from exactly rounded operations only: x = m 2^-k, ln m = 2 artanh((m-1)/(m+1)). */
function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const squared = s * s;
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * squared + 1 / power;
  return exponent * LN2 + 2 * s * sum;
}
