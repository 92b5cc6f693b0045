import { crc32 } from "node:zlib";

/** Writers of checkpoints, for tests: a .pth as torch.save lays it out (zip of a protocol 2 pickle and storages), safetensors. */

export interface Stored {
  readonly dims: readonly number[];
  readonly data: Float32Array;
  readonly type?: "F32" | "F16" | "BF16" | "F64" | "I64" | "U8" | "BOOL";
  /** Elements; row-major where left out. `data` is the whole storage. */
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** Tensors of one key share a storage. */
  readonly key?: string;
}
export type Tree = Stored | string | number | boolean | null | readonly Tree[] | { readonly [name: string]: Tree };

const STORAGES = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
} as const;

function encode(data: Float32Array, type: NonNullable<Stored["type"]>): Buffer {
  const of = (view: NodeJS.ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (type === "F64") return of(Float64Array.from(data));
  if (type === "I64") return of(BigInt64Array.from(data, (value) => BigInt(value)));
  if (type === "U8" || type === "BOOL") return of(Uint8Array.from(data));
  if (type === "F16") return of(Float16Array.from(data));
  if (type === "F32") return of(data);
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  // Rounded to nearest even.
  return of(Uint16Array.from(words, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16));
}

const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};

export const ops = {
  string: (text: string) => Buffer.concat([Buffer.from("X"), u32(Buffer.byteLength(text)), Buffer.from(text)]),
  int: (value: number) => Buffer.concat([Buffer.from("J"), u32(value >>> 0)]),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  tuple: (...parts: Buffer[]) => Buffer.concat([Buffer.from("("), ...parts, Buffer.from("t")]),
};

const isStored = (tree: Tree): tree is Stored => typeof tree === "object" && tree !== null && "data" in tree;
const rowMajor = (dims: readonly number[]): number[] =>
  dims.map((_, i) => dims.slice(i + 1).reduce((a, b) => a * b, 1));

/** The pickle of a tree, and its storages by key. */
function pickleOf(root: Tree): { pickle: Buffer; storages: Map<string, Buffer> } {
  const storages = new Map<string, Buffer>();
  const write = (tree: Tree): Buffer => {
    if (tree === null) return Buffer.from("N");
    if (typeof tree === "boolean") return Buffer.from(tree ? "\x88" : "\x89", "latin1");
    if (typeof tree === "string") return ops.string(tree);
    if (typeof tree === "number") {
      if (Number.isInteger(tree)) return ops.int(tree);
      const out = Buffer.alloc(9);
      out.write("G");
      out.writeDoubleBE(tree, 1);
      return out;
    }
    if (isStored(tree)) return tensor(tree);
    if (Array.isArray(tree)) return Buffer.concat([Buffer.from("](", "latin1"), ...tree.map(write), Buffer.from("e")]);
    const items = Object.entries(tree).flatMap(([name, item]) => [ops.string(name), write(item)]);
    return Buffer.concat([Buffer.from("}("), ...items, Buffer.from("u")]);
  };
  const tensor = ({ dims, data, type = "F32", strides = rowMajor(dims), offset = 0, key }: Stored): Buffer => {
    const name = key ?? String(storages.size);
    storages.set(name, encode(data, type));
    const id = ops.tuple(
      ops.string("storage"),
      ops.global("torch", STORAGES[type]),
      ops.string(name),
      ops.string("cpu"),
      ops.int(data.length),
    );
    const sizes = (list: readonly number[]) => ops.tuple(...list.map(ops.int));
    const hooks = Buffer.concat([ops.global("collections", "OrderedDict"), Buffer.from(")R")]);
    const storage = Buffer.concat([id, Buffer.from("Q")]);
    const args = ops.tuple(storage, ops.int(offset), sizes(dims), sizes(strides), Buffer.from("\x89", "latin1"), hooks);
    return Buffer.concat([ops.global("torch._utils", "_rebuild_tensor_v2"), args, Buffer.from("R")]);
  };
  return { pickle: Buffer.concat([Buffer.from("\x80\x02", "latin1"), write(root), Buffer.from(".")]), storages };
}

export interface ZipEntry {
  readonly name: string;
  readonly data: Buffer;
  /** What the directory says where it does not say the truth. */
  readonly method?: number;
  readonly size?: number;
  readonly localName?: string;
  readonly at?: number;
  readonly zip64?: boolean;
}

/** A zip of stored entries. `zip64` puts sizes and place into the extra field, as above 4 GiB. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, size = data.length, localName = name, at: claimed, zip64 = false } of entries) {
    const crc = crc32(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(zip64 ? 0xffff_ffff : size, 18);
    local.writeUInt32LE(zip64 ? 0xffff_ffff : size, 22);
    local.writeUInt16LE(localName.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(zip64 ? 0xffff_ffff : size, 20);
    central.writeUInt32LE(zip64 ? 0xffff_ffff : size, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(zip64 ? 0xffff_ffff : (claimed ?? at), 42);
    const wide = Buffer.alloc(zip64 ? 28 : 0);
    if (zip64) {
      central.writeUInt16LE(28, 30);
      wide.writeUInt16LE(1);
      wide.writeUInt16LE(24, 2);
      wide.writeBigUInt64LE(BigInt(size), 4);
      wide.writeBigUInt64LE(BigInt(size), 12);
      wide.writeBigUInt64LE(BigInt(claimed ?? at), 20);
    }
    directory.push(central, Buffer.from(name), wide);
    parts.push(local, Buffer.from(localName), data);
    at += 30 + localName.length + data.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, index, end]);
}

export const torchEntries = (root: Tree): ZipEntry[] => {
  const { pickle, storages } = pickleOf(root);
  return [
    { name: "model/data.pkl", data: pickle },
    { name: "model/byteorder", data: Buffer.from("little") },
    ...[...storages].map(([key, data]) => ({ name: `model/data/${key}`, data })),
    { name: "model/version", data: Buffer.from("3\n") },
  ];
};

export function safetensorsOf(tensors: Readonly<Record<string, Stored>>, metadata?: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let at = 0;
  for (const [name, { dims, data, type = "F32" }] of Object.entries(tensors)) {
    const bytes = encode(data, type);
    header[name] = { dtype: type, shape: dims, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  return withHeader(JSON.stringify(header), Buffer.concat(parts));
}

export function withHeader(json: string, data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json), data]);
}
