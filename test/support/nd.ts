import { type DType, sizeOf } from "../../local-server/src/graph/graph.ts";

/** Arrays for the interpreter, in double precision. */
export interface Nd {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Row-major. */
  readonly data: readonly number[];
}
export type OpRun = (inputs: readonly (Nd | null)[], attributes: Record<string, unknown>) => readonly Nd[];

export const nd = (dims: readonly number[], data: readonly number[], dtype: DType = "f32"): Nd => {
  if (sizeOf(dims) !== data.length)
    throw new Error(`expected ${sizeOf(dims)} values for [${dims}], came ${data.length}`);
  return { dtype, dims, data };
};

export const stridesOf = (dims: readonly number[]): number[] => dims.map((_, i) => sizeOf(dims.slice(i + 1)));
/** Coordinates of the i-th element. */
const placeOf = (dims: readonly number[], i: number): number[] =>
  stridesOf(dims).map((stride, axis) => Math.floor(i / stride) % dims[axis]!);
/** An array of these dims, each element told by its coordinates. */
export function build(dims: readonly number[], of: (place: readonly number[]) => number, dtype: DType = "f32"): Nd {
  return nd(
    dims,
    Array.from({ length: sizeOf(dims) }, (_, i) => of(placeOf(dims, i))),
    dtype,
  );
}
/** Broadcast: axes count from the last, those of size 1 repeat. */
export function at({ dims, data }: Nd, place: readonly number[]): number {
  const own = place.slice(place.length - dims.length);
  return data[stridesOf(dims).reduce((sum, stride, axis) => sum + (dims[axis] === 1 ? 0 : own[axis]! * stride), 0)]!;
}
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const size = (dims: readonly number[], i: number) => dims[i - rank + dims.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => Math.max(size(a, i), size(b, i)));
}
