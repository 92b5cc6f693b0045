import { sizeOf, type Tensor, tensor } from "../onnx/tensor.ts";

/**
 * Tensors in a file: the safetensors format (8 bytes little-endian header length, JSON header, data), f32 only, which
 * any tool of the field can open.
 */
const MAX_HEADER_BYTES = 1 << 20;

interface Entry {
  readonly dtype: "F32";
  readonly shape: readonly number[];
  /** First byte and the one after the last, from the end of the header. */
  readonly data_offsets: readonly [number, number];
}

export function encodeSafetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  const header: Record<string, Entry> = {};
  let dataBytes = 0;
  for (const [name, { data, dims }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape: dims, data_offsets: [dataBytes, dataBytes + data.byteLength] };
    dataBytes += data.byteLength;
  }
  // Spaces after the JSON keep the data on 8 bytes, as the format asks of writers.
  const json = JSON.stringify(header);
  const headerBytes = new TextEncoder().encode(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const out = new Uint8Array(8 + headerBytes.length + dataBytes);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(headerBytes.length), true);
  out.set(headerBytes, 8);
  let at = 8 + headerBytes.length;
  for (const { data } of Object.values(tensors)) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return out;
}

/** Reads f32 tensors back; throws a RangeError that says what is wrong with the file. */
export function decodeSafetensors(bytes: Uint8Array): Record<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw new RangeError(`expected a safetensors file, came ${bytes.length} bytes`);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > MAX_HEADER_BYTES || 8 + Number(headerBytes) > bytes.length) {
    throw new RangeError(`expected a header inside the file, came one of ${headerBytes} bytes`);
  }
  const start = 8 + Number(headerBytes);
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors: Record<string, Tensor> = {};
  for (const [
    name,
    {
      shape,
      data_offsets: [from, to],
    },
  ] of header) {
    if (from < 0 || to - from !== 4 * sizeOf(shape) || start + to > bytes.length) {
      throw new RangeError(`expected [${shape}] f32 inside the file for "${name}", came bytes ${from} to ${to}`);
    }
    const data = Float32Array.from({ length: (to - from) / 4 }, (_, i) => view.getFloat32(start + from + 4 * i, true));
    tensors[name] = tensor(data, shape);
  }
  return tensors;
}

function parseHeader(text: string): [string, Entry][] {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new RangeError("expected a JSON header, came something else");
  }
  if (typeof header !== "object" || header === null) throw new RangeError("expected a header of tensors, came a value");
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  for (const [name, entry] of entries) {
    const { dtype, shape, data_offsets: offsets } = entry as Partial<Entry>;
    const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    if (dtype !== "F32" || !Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2) {
      throw new RangeError(`expected an F32 tensor for "${name}", came ${JSON.stringify(entry)}`);
    }
    if (![...shape, ...offsets].every(isWhole)) throw new RangeError(`expected whole numbers for "${name}"`);
  }
  return entries as [string, Entry][];
}
