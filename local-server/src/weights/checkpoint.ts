import { badWeights, type Source } from "./source.ts";
import { STORED_BYTES, type StoredType, toFloats } from "./values.ts";

/** Plain data of a checkpoint that is no tensor: `metadata.kwargs` and the like. */
export type Plain = null | boolean | number | bigint | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Where a tensor's elements lie in the file. Strides and offset count elements. */
export interface Entry {
  readonly type: StoredType;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** First byte of the storage in the file, and its length in elements. */
  readonly storageAt: number;
  readonly storageCount: number;
}

/** A file of weights, read tensor by tensor. */
export interface Checkpoint extends AsyncDisposable {
  readonly path: string;
  readonly metadata: Plain;
  names(): readonly string[];
  has(name: string): boolean;
  /** @throws UserError bad_weights for a missing name. */
  dims(name: string): readonly number[];
  type(name: string): StoredType;
  /** Row-major, as f32. @throws UserError bad_weights */
  floats(name: string): Promise<Float32Array>;
}

export function checkpointOf(source: Source, entries: ReadonlyMap<string, Entry>, metadata: Plain): Checkpoint {
  const entry = (name: string): Entry => {
    const found = entries.get(name);
    if (!found) throw badWeights(source.path, `the tensor ${name}`, "a file without it");
    return found;
  };
  return {
    path: source.path,
    metadata,
    names: () => [...entries.keys()],
    has: (name) => entries.has(name),
    dims: (name) => entry(name).dims,
    type: (name) => entry(name).type,
    floats: (name) => readFloats(source, entry(name)),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

export const countOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Elements from the first that a view touches to the one after its last. */
export const reachOf = ({ dims, strides }: Pick<Entry, "dims" | "strides">): number =>
  countOf(dims) === 0 ? 0 : dims.reduce((reach, dim, i) => reach + (dim - 1) * strides[i]!, 1);

async function readFloats(source: Source, entry: Entry): Promise<Float32Array> {
  const { type, dims, strides, offset, storageAt } = entry;
  const size = STORED_BYTES[type];
  const values = toFloats(await source.read(storageAt + offset * size, reachOf(entry) * size), type);
  const count = countOf(dims);
  if (isContiguous(dims, strides)) return values;
  const out = new Float32Array(count);
  const index = dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < count; i++) {
    out[i] = values[at]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      at += strides[axis]!;
      if (index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    if (dims[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= dims[axis]!;
  }
  return true;
}
