/**
 * Protocol buffers, written: a field is its number and wire type (0 varint, 2 length-delimited, 5 four bytes), then the value.
 * Field numbers in this folder are those of onnx.proto (ONNX 1.16).
 * Source: protobuf.dev/programming-guides/encoding.
 */
export type Bytes = Uint8Array;

const utf8 = new TextEncoder();

export const join = (parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Signed 64-bit values take ten bytes when negative, as the format asks. */
function varint(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export const int = (field: number, value: number | bigint): Bytes => join([varint(field << 3), varint(value)]);
export const bytes = (field: number, value: Bytes): Bytes =>
  join([varint((field << 3) | 2), varint(value.length), value]);
export const text = (field: number, value: string): Bytes => bytes(field, utf8.encode(value));
export const message = (field: number, parts: readonly Bytes[]): Bytes => bytes(field, join(parts));
export const float = (field: number, value: number): Bytes => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setFloat32(0, value, true);
  return join([varint((field << 3) | 5), out]);
};
