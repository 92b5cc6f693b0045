import { type Checkpoint, checkpointOf, countOf, type Entry, type Plain } from "./checkpoint.ts";
import { badWeights, openSource, type Source } from "./source.ts";
import { STORED_BYTES, type StoredType } from "./values.ts";

const MAX_HEADER_BYTES = 16 << 20;
const MAX_TENSORS = 100_000;

/**
 * Opens a .safetensors file: 8 bytes little-endian length, a JSON header, then the data. Every declared size is held against
 * the file before anything is read. Source: github.com/huggingface/safetensors, README "Format".
 * @throws UserError bad_weights
 */
export async function openSafetensors(path: string): Promise<Checkpoint> {
  const source = await openSource(path);
  try {
    return await parse(source);
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function parse(source: Source): Promise<Checkpoint> {
  const { path } = source;
  if (source.bytes < 8) throw badWeights(path, "a safetensors header", `${source.bytes} bytes`);
  const head = await source.read(0, 8);
  const length = new DataView(head.buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, source.bytes - 8))) {
    throw badWeights(path, `a header of at most ${MAX_HEADER_BYTES} bytes, inside the file`, `${length} bytes`);
  }
  const start = 8 + Number(length);
  const header = parseHeader(await source.read(8, Number(length)), path);
  const entries = new Map<string, Entry>();
  let metadata: Plain = null;
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = value as Plain;
      continue;
    }
    entries.set(name, entryOf(name, value, start, source));
  }
  if (entries.size === 0 || entries.size > MAX_TENSORS) {
    throw badWeights(path, `1 to ${MAX_TENSORS} tensors`, String(entries.size));
  }
  assertContiguous(entries, start, source);
  return checkpointOf(source, entries, metadata);
}

/** The format allows no holes and no overlaps. */
function assertContiguous(entries: ReadonlyMap<string, Entry>, start: number, { path, bytes }: Source): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.storageAt - b.storageAt || a.storageCount - b.storageCount);
  let at = start;
  for (const [name, { storageAt, storageCount, type }] of inOrder) {
    if (storageAt !== at)
      throw badWeights(path, `${name} at ${at - start}`, `${storageAt - start}: a hole or an overlap`);
    at += storageCount * STORED_BYTES[type];
  }
  if (at !== bytes) throw badWeights(path, `${at} bytes`, `a file of ${bytes}`);
}

function parseHeader(bytes: Uint8Array, path: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw badWeights(path, "a JSON header", "something else");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw badWeights(path, "a header", "no object");
  return Object.assign(Object.create(null), json);
}

function entryOf(name: string, value: unknown, start: number, source: Source): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const bad = (came: string) => badWeights(source.path, `a tensor inside the file for ${name}`, came);
  if (typeof dtype !== "string" || !Object.hasOwn(STORED_BYTES, dtype)) throw bad(`the type ${String(dtype)}`);
  const type = dtype as StoredType;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) throw bad("no shape or no offsets");
  const [from, to] = offsets as [number, number];
  const count = countOf(shape);
  if (!Number.isSafeInteger(count) || to - from !== count * STORED_BYTES[type] || start + to > source.bytes) {
    throw bad(`[${shape}] ${type} at ${from} to ${to}`);
  }
  const strides = shape.map((_, i) => countOf(shape.slice(i + 1)));
  return { type, dims: shape, strides, offset: 0, storageAt: start + from, storageCount: count };
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 64 && value.every((one) => Number.isSafeInteger(one) && one >= 0);
