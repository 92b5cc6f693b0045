import { type Checkpoint, checkpointOf, countOf, type Entry, type Plain, reachOf } from "./checkpoint.ts";
import { type Call, type Pickled, PickleError, readPickle } from "./pickle.ts";
import { badWeights, openSource, type Source } from "./source.ts";
import { STORED_BYTES, type StoredType } from "./values.ts";
import { readZipIndex, type StoredFile } from "./zip.ts";

const MAX_PICKLE_BYTES = 64 << 20;
const MAX_TENSORS = 100_000;
/** Values of the whole tree, shared ones counted where they stand: lists of lists of one list could be without end. */
const MAX_VALUES = 1_000_000;

const STORAGES: Record<string, StoredType> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};
const TENSOR = "torch._utils._rebuild_tensor_v2";
const PARAMETER = "torch._utils._rebuild_parameter";
const isAllowed = (global: string): boolean =>
  global === "collections.OrderedDict" || global === TENSOR || global === PARAMETER || Object.hasOwn(STORAGES, global);

/**
 * Opens a .pth as torch.save has written it since PyTorch 1.6: a zip with a pickle of tensors and plain data. Nested
 * dictionaries give names with dots; what is no tensor is `metadata`. A pickle that names anything but tensors and their
 * storages is refused with that name.
 * @throws UserError bad_weights
 */
export async function openTorch(path: string): Promise<Checkpoint> {
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
  const files = await readZipIndex(source);
  const pickles = [...files.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw badWeights(path, "one data.pkl", `${pickles.length}`);
  const prefix = pickles[0]!.slice(0, -"data.pkl".length);
  const file = files.get(pickles[0]!)!;
  if (file.bytes > MAX_PICKLE_BYTES)
    throw badWeights(path, `a pickle of at most ${MAX_PICKLE_BYTES} bytes`, `${file.bytes}`);
  const order = files.get(`${prefix}byteorder`);
  if (order && new TextDecoder().decode(await source.read(order.at, Math.min(order.bytes, 8))) !== "little") {
    throw badWeights(path, "little-endian tensors", "big-endian ones");
  }
  const root = read(await source.read(file.at, file.bytes), path);
  const entries = new Map<string, Entry>();
  let values = 0;
  const counted = () => {
    if (++values > MAX_VALUES) throw badWeights(path, `at most ${MAX_VALUES} values`, "more");
  };
  const tensor = (call: Call, name: string) => entryOf(call, name, prefix, files, path);
  const metadata = collect(root, [], entries, { tensor, counted }, path);
  if (entries.size === 0) throw badWeights(path, "tensors", "none");
  return checkpointOf(source, entries, metadata ?? null);
}

function read(bytes: Uint8Array, path: string): Pickled {
  try {
    return readPickle(bytes, isAllowed);
  } catch (error) {
    if (error instanceof PickleError || error instanceof RangeError) {
      throw badWeights(path, "tensors and plain data, nothing that would run", error.message);
    }
    throw error;
  }
}

/** Tensors go to `entries` by their dotted path; the rest comes back as plain data. */
function collect(
  value: Pickled,
  at: readonly string[],
  entries: Map<string, Entry>,
  make: { readonly tensor: (call: Call, name: string) => Entry; readonly counted: () => void },
  path: string,
): Plain | undefined {
  make.counted();
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return undefined;
  if ("call" in value) {
    const name = at.join(".");
    const call = value.call === PARAMETER ? value.args[0] : value;
    if (typeof call !== "object" || call === null || !("call" in call) || call.call !== TENSOR) {
      throw badWeights(path, `a tensor at ${name}`, value.call);
    }
    if (entries.size >= MAX_TENSORS) throw badWeights(path, `at most ${MAX_TENSORS} tensors`, "more");
    if (entries.has(name)) throw badWeights(path, `one tensor ${name}`, "two");
    entries.set(name, make.tensor(call, name));
    return undefined;
  }
  if ("global" in value) return value.global;
  const pairs: [string, Pickled][] = Array.isArray(value)
    ? value.map((item, i) => [String(i), item])
    : [...value].map(([key, item]) => [keyOf(key, path), item]);
  const plain: [string, Plain][] = [];
  for (const [key, item] of pairs) {
    const result = collect(item, [...at, key], entries, make, path);
    if (result !== undefined) plain.push([key, result]);
  }
  if (Array.isArray(value)) return plain.map(([, item]) => item);
  return Object.assign(Object.create(null), Object.fromEntries(plain));
}

function keyOf(key: Pickled, path: string): string {
  if (typeof key === "object" && key !== null)
    throw badWeights(path, "names as keys of a dictionary", "a value of parts");
  return String(key);
}

/** (storage, offset, size, stride, requires_grad, hooks): the storage is a persistent id ("storage", type, key, device, count). */
function entryOf(
  { args }: Call,
  name: string,
  prefix: string,
  files: ReadonlyMap<string, StoredFile>,
  path: string,
): Entry {
  const bad = (came: string) => badWeights(path, `the tensor ${name} inside its storage`, came);
  const [storage, offset, dims, strides] = args;
  if (typeof storage !== "object" || storage === null || !("call" in storage) || storage.call !== "persistent id") {
    throw bad("no storage");
  }
  const id = storage.args[0];
  if (!Array.isArray(id) || id[0] !== "storage" || typeof id[2] !== "string") throw bad("no storage");
  const kind = id[1];
  const type = typeof kind === "object" && kind !== null && "global" in kind ? STORAGES[kind.global] : undefined;
  const file = files.get(`${prefix}data/${id[2]}`);
  if (!type || !file) throw bad(type ? `no file data/${id[2]}` : "a storage of no known type");
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(offset) || !Array.isArray(dims) || !Array.isArray(strides) || dims.length !== strides.length) {
    throw bad("no offset, size or stride");
  }
  if (dims.length > 64 || !dims.every(isCount) || !strides.every(isCount)) {
    throw bad("a size or stride that is no list of at most 64 whole numbers from 0 on");
  }
  const storageCount = file.bytes / STORED_BYTES[type];
  const entry = { type, dims, strides, offset, storageAt: file.at, storageCount };
  // A view that repeats elements may be larger than its storage; none of our networks has one, and it would be a way to fill memory.
  if (offset + reachOf(entry) > storageCount || countOf(dims) > storageCount) {
    throw bad(`[${dims}] at ${offset} in ${storageCount} elements`);
  }
  return entry;
}
