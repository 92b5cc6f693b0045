/**
 * Weights in fewer bits. All take row-major f32 [rows, columns] as a checkpoint stores a projection (outputs first) and give
 * what the kernel wants.
 */

/** [rows, columns] -> [columns, rows], in blocks that stay in the cache. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  const BLOCK = 32;
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    const r1 = Math.min(rows, r0 + BLOCK);
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      const c1 = Math.min(columns, c0 + BLOCK);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) out[c * rows + r] = values[r * columns + c]!;
    }
  }
  return out;
}

const halfBits = new Float32Array(1);
const halfWord = new Uint32Array(halfBits.buffer);

/** IEEE half precision, rounded to nearest even; beyond its range the largest number, never infinity. */
export function toHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const sign = (word >>> 16) & 0x8000;
    const exponent = ((word >>> 23) & 255) - 112;
    const fraction = word & 0x7fffff;
    if (exponent > 0 && exponent < 31) {
      const half = (exponent << 10) | (fraction >>> 13);
      const rest = fraction & 0x1fff;
      const rounded = half + (rest > 0x1000 || (rest === 0x1000 && half & 1) ? 1 : 0);
      out[i] = sign | Math.min(rounded, 0x7bff);
    } else if (exponent <= 0) out[i] = sign | smallHalf(values[i]!);
    else out[i] = sign | (exponent === 143 && fraction !== 0 ? 0x7e00 : 0x7bff);
  }
  return out;
}

/** Subnormal halves are whole multiples of 2^-24; adding a large number rounds to nearest even. */
function smallHalf(value: number): number {
  halfBits[0] = Math.abs(value) + 0.5;
  return halfWord[0]! - 0x3f00_0000;
}

/** Signed 8 bits with one scale a row (an output channel), stored [columns, rows]: what DynamicQuantizeMatMul multiplies with. */
export function toInt8(
  values: Float32Array,
  rows: number,
  columns: number,
): { readonly weight: Int8Array<ArrayBuffer>; readonly scale: Float32Array<ArrayBuffer> } {
  const weight = new Int8Array(values.length);
  const scale = new Float32Array(rows);
  const inverse = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let i = r * columns; i < (r + 1) * columns; i++) largest = Math.max(largest, Math.abs(values[i]!));
    scale[r] = largest / 127 || 1;
    inverse[r] = 1 / scale[r]!;
  }
  const BLOCK = 64;
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    const r1 = Math.min(rows, r0 + BLOCK);
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      const c1 = Math.min(columns, c0 + BLOCK);
      for (let r = r0; r < r1; r++) {
        const factor = inverse[r]!;
        for (let c = c0; c < c1; c++) weight[c * rows + r] = Math.round(values[r * columns + c]! * factor);
      }
    }
  }
  return { weight, scale };
}

/**
 * Unsigned 8 bits with the zero point 128 and one scale a block of a row: u8 [rows, columns/block, block], as MatMulNBits
 * reads them; columns that do not fill the last block are padded with zeros.
 */
export function toBlocks(
  values: Float32Array,
  rows: number,
  columns: number,
  block: number,
): { readonly blocks: Uint8Array<ArrayBuffer>; readonly scales: Float32Array<ArrayBuffer> } {
  const perRow = Math.ceil(columns / block);
  const blocks = new Uint8Array(rows * perRow * block).fill(128);
  const scales = new Float32Array(rows * perRow);
  for (let r = 0; r < rows; r++) {
    for (let b = 0; b < perRow; b++) {
      const from = r * columns + b * block;
      const to = Math.min(from + block, (r + 1) * columns);
      let largest = 0;
      for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(values[i]!));
      const scale = largest / 127 || 1;
      scales[r * perRow + b] = scale;
      const at = (r * perRow + b) * block - from;
      for (let i = from; i < to; i++) blocks[at + i] = 128 + Math.round(values[i]! / scale);
    }
  }
  return { blocks, scales };
}
