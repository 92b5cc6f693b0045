import { badWeights, type Source } from "./source.ts";

/** An entry of a zip that is stored as it is: where its bytes lie. */
export interface StoredFile {
  readonly at: number;
  readonly bytes: number;
}

const MAX_ENTRIES = 200_000;
const MAX_DIRECTORY_BYTES = 64 << 20;

/**
 * Index of a zip (zip64 too) whose entries are stored, as torch.save writes it. Sizes of the central directory are held
 * against the local headers and the file; nothing is unpacked, so there is nothing to blow up.
 * Source: PKWARE APPNOTE 6.3.
 * @throws UserError bad_weights
 */
export async function readZipIndex(source: Source): Promise<Map<string, StoredFile>> {
  const { path } = source;
  const directory = await findDirectory(source);
  const { at, bytes, count } = directory;
  if (bytes > MAX_DIRECTORY_BYTES || count > MAX_ENTRIES || at + bytes > source.bytes) {
    throw badWeights(path, "a zip directory inside the file", `${count} entries, ${bytes} bytes at ${at}`);
  }
  const raw = await source.read(at, bytes);
  const view = new DataView(raw.buffer);
  const files = new Map<string, StoredFile>();
  let total = 0;
  const spans: { readonly from: number; readonly to: number; readonly name: string }[] = [];
  for (let i = 0, p = 0; i < count; i++) {
    if (p + 46 > bytes || view.getUint32(p, true) !== 0x02014b50) throw badWeights(path, "a zip entry", "other bytes");
    const nameLength = view.getUint16(p + 28, true);
    const extraLength = view.getUint16(p + 30, true);
    const next = p + 46 + nameLength + extraLength + view.getUint16(p + 32, true);
    if (next > bytes) throw badWeights(path, "a zip entry inside the directory", "one that is cut");
    const name = new TextDecoder().decode(raw.subarray(p + 46, p + 46 + nameLength));
    const extra = raw.subarray(p + 46 + nameLength, p + 46 + nameLength + extraLength);
    const fields = {
      packed: view.getUint32(p + 20, true),
      size: view.getUint32(p + 24, true),
      at: view.getUint32(p + 42, true),
    };
    const { packed, size, at: headerAt } = withZip64(fields, extra, path);
    if (view.getUint16(p + 10, true) !== 0 || packed !== size || (view.getUint16(p + 8, true) & 1) !== 0) {
      throw badWeights(path, `the entry ${name} stored as it is`, "a packed or encrypted one");
    }
    if (files.has(name)) throw badWeights(path, `one entry ${name}`, "two");
    total += size;
    if (total > source.bytes) throw badWeights(path, "entries no larger than the file", `${total} bytes and more`);
    const start = await dataStart(source, headerAt, name, size);
    files.set(name, { at: start, bytes: size });
    spans.push({ from: headerAt, to: start + size, name });
    p = next;
  }
  spans.sort((a, b) => a.from - b.from);
  for (const [i, { from, name }] of spans.entries()) {
    if (i > 0 && from < spans[i - 1]!.to)
      throw badWeights(path, `${name} by itself`, `one inside ${spans[i - 1]!.name}`);
  }
  return files;
}

/** End of central directory: in the last 64 KiB; its zip64 form where a field is full. */
async function findDirectory(source: Source): Promise<{ at: number; bytes: number; count: number }> {
  const tailLength = Math.min(source.bytes, 65_557);
  const tail = await source.read(source.bytes - tailLength, tailLength);
  const view = new DataView(tail.buffer);
  let end = tailLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) {
    const head = await source.read(0, Math.min(2, source.bytes));
    const isPickle = head[0] === 0x80;
    throw badWeights(
      source.path,
      "a zip as torch.save writes it since PyTorch 1.6",
      isPickle ? "the older format; load it in PyTorch and save it again" : "no zip (cut off, or another kind of file)",
    );
  }
  const count = view.getUint16(end + 10, true);
  const bytes = view.getUint32(end + 12, true);
  const at = view.getUint32(end + 16, true);
  if (count !== 0xffff && bytes !== 0xffff_ffff && at !== 0xffff_ffff) return { at, bytes, count };
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) {
    throw badWeights(source.path, "a zip64 locator", "none");
  }
  const record = await source.read(safe(view.getBigUint64(locator + 8, true), source.path), 56);
  const wide = new DataView(record.buffer);
  if (wide.getUint32(0, true) !== 0x06064b50) throw badWeights(source.path, "a zip64 directory", "other bytes");
  return {
    count: safe(wide.getBigUint64(32, true), source.path),
    bytes: safe(wide.getBigUint64(40, true), source.path),
    at: safe(wide.getBigUint64(48, true), source.path),
  };
}

interface Fields {
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** Fields that are full stand in the zip64 extra field, in this order. */
function withZip64(fields: Fields, extra: Uint8Array, path: string): Fields {
  const full = 0xffff_ffff;
  if (fields.packed !== full && fields.size !== full && fields.at !== full) return fields;
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let p = 0; p + 4 <= extra.length; ) {
    const length = view.getUint16(p + 2, true);
    if (view.getUint16(p, true) === 1) {
      let q = p + 4;
      const take = (value: number): number => {
        if (value !== full) return value;
        if (q + 8 > Math.min(extra.length, p + 4 + length)) throw badWeights(path, "a whole zip64 field", "a cut one");
        q += 8;
        return safe(view.getBigUint64(q - 8, true), path);
      };
      const size = take(fields.size);
      const packed = take(fields.packed);
      return { size, packed, at: take(fields.at) };
    }
    p += 4 + length;
  }
  throw badWeights(path, "a zip64 field", "none");
}

async function dataStart(source: Source, headerAt: number, name: string, size: number): Promise<number> {
  const header = new DataView((await source.read(headerAt, 30)).buffer);
  const nameLength = header.getUint16(26, true);
  const at = headerAt + 30 + nameLength + header.getUint16(28, true);
  const localName = new TextDecoder().decode(await source.read(headerAt + 30, nameLength));
  const localSize = header.getUint32(22, true);
  // A size that was not known when the header was written stands behind the data; a full one in the extra field.
  const later = (header.getUint16(6, true) & 8) !== 0 || localSize === 0xffff_ffff;
  if (header.getUint32(0, true) !== 0x04034b50 || localName !== name || (!later && localSize !== size)) {
    throw badWeights(source.path, `the same header for ${name} in both places of the zip`, "two different ones");
  }
  if (at + size > source.bytes) throw badWeights(source.path, `${name} inside the file`, `${size} bytes at ${at}`);
  return at;
}

function safe(value: bigint, path: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw badWeights(path, "a size inside the file", String(value));
  return Number(value);
}
