/** Element types of checkpoints, by the names of the safetensors format. */
export type StoredType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

export const STORED_BYTES: Record<StoredType, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Little-endian elements as f32; wider types are rounded. */
export function toFloats(bytes: Uint8Array<ArrayBuffer>, type: StoredType): Float32Array {
  const { buffer } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const offset = bytes.byteOffset % 8 === 0 ? bytes.byteOffset : 0;
  const count = bytes.length / STORED_BYTES[type];
  switch (type) {
    case "F32":
      return new Float32Array(buffer, offset, count);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, offset, count));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, offset, count), Number);
    case "I32":
      return Float32Array.from(new Int32Array(buffer, offset, count));
    case "I16":
      return Float32Array.from(new Int16Array(buffer, offset, count));
    case "I8":
      return Float32Array.from(new Int8Array(buffer, offset, count));
    case "U8":
    case "BOOL":
      return Float32Array.from(new Uint8Array(buffer, offset, count));
    case "BF16":
      return fromBfloat16(new Uint16Array(buffer, offset, count));
    case "F16":
      return fromFloat16(new Uint16Array(buffer, offset, count));
  }
}

/** The upper half of an f32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

function fromFloat16(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = half & 0x8000 ? -magnitude : magnitude;
  }
  return out;
}
