/** One line of the table. */
export interface Row {
  readonly network: string;
  readonly name: string;
  /** Largest difference over largest value; null where there is none to tell. */
  readonly error: number | null;
  readonly limit: number | null;
  readonly result: "pass" | "FAIL" | "info" | "skip";
  readonly why?: string;
}

/** max|a - b| / max|b|, infinity where the lengths differ or a value is not finite. */
export function maxRelativeError(made: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (made.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < made.length; i++) {
    const apart = Math.abs(made[i]! - wanted[i]!);
    if (!(apart <= Number.MAX_VALUE)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(wanted[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

export const within = (network: string, name: string, error: number, limit: number): Row => ({
  network,
  name,
  error,
  limit,
  result: error <= limit ? "pass" : "FAIL",
});

/** What could not be tried, and why: it counts as neither passed nor failed. */
export const skipped = (network: string, name: string, why: string): Row => ({
  network,
  name,
  error: null,
  limit: null,
  result: "skip",
  why,
});

/** Whole numbers that must all be equal: the error is how many are not. */
export function equal(network: string, name: string, made: ArrayLike<number>, wanted: ArrayLike<number>): Row {
  let unlike = Math.abs(made.length - wanted.length);
  for (let i = 0; i < Math.min(made.length, wanted.length); i++) if (made[i] !== wanted[i]) unlike++;
  return within(network, name, unlike, 0);
}
