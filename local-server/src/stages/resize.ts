import type { PictureSpec } from "../../protocol/index.ts";

/**
 * Resize of full-size pictures to the bit as the public code of a published model does it: an antialiased filter in fixed
 * point, rows first, bytes in between. Bilinear is Pillow's (libImaging/Resample.c, 22-bit weights), bicubic is torchvision's
 * on bytes (ATen native/cpu/UpSampleKernelAVXAntialias.h, 16-bit weights, a = -0.5).
 */
export interface Resizer {
  /** u8 rgb [H,W,3] of the clip -> normalised f32 [3,height,width]. */
  resize(pixels: Uint8Array): Float32Array;
}

export function createResizer(spec: PictureSpec, width: number, height: number): Resizer {
  const [fitWidth, fitHeight] = fittedSize(spec, width, height);
  const across = fitWidth === width ? null : taps(width, fitWidth, spec.filter);
  const down = fitHeight === height ? null : taps(height, fitHeight, spec.filter);
  const left = roundToEven((fitWidth - spec.width) / 2);
  const top = roundToEven((fitHeight - spec.height) / 2);
  return {
    resize(pixels) {
      const wide = across ? alongRows(pixels, width, height, across) : pixels;
      const fitted = down ? alongColumns(wide, fitWidth, down) : wide;
      return cropped(fitted, fitWidth, left, top, spec);
    },
  };
}

/** The whole picture, or its short side fitted and the long one cut to a whole number. */
function fittedSize(spec: PictureSpec, width: number, height: number): [number, number] {
  if (spec.fit === "squash") return [spec.width, spec.height];
  const short = spec.shortSide ?? Math.min(spec.width, spec.height);
  return width <= height
    ? [short, Math.floor((short * height) / width)]
    : [Math.floor((short * width) / height), short];
}

/** As Python's round. */
const roundToEven = (value: number): number => {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
};

/** For each output its first input, and `size` whole-number weights that sum to 2^precision. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly size: number;
  readonly precision: number;
}

const FILTERS = {
  bilinear: { reach: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: cubic },
} as const;

function cubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

function taps(from: number, to: number, filter: PictureSpec["filter"]): Taps {
  const { reach, weight } = filter === "bicubic" ? FILTERS.bicubic : FILTERS.bilinear;
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = reach * stretch;
  const size = 2 * Math.ceil(support) + 1;
  const real = new Float64Array(to * size);
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  let largest = 0;
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    first[i] = start;
    count[i] = end - start;
    let sum = 0;
    for (let k = 0; k < end - start; k++) sum += real[i * size + k] = weight((k + start - centre + 0.5) / stretch);
    for (let k = 0; k < end - start; k++) {
      real[i * size + k]! /= sum;
      largest = Math.max(largest, real[i * size + k]!);
    }
  }
  const precision = filter === "bicubic" ? sixteenBitPrecision(largest) : 22;
  const weights = Int32Array.from(real, (value) => Math.trunc((value < 0 ? -0.5 : 0.5) + value * 2 ** precision));
  return { first, count, weights, size, precision };
}

/** The most bits with which the largest weight still fits into a signed 16-bit number. */
function sixteenBitPrecision(largest: number): number {
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + largest * 2 ** (precision + 1)) < 2 ** 15) precision++;
  return precision;
}

const byte = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));

/** [H,W,3] -> [H,to,3] */
function alongRows(pixels: Uint8Array, width: number, height: number, across: Taps): Uint8Array {
  const { first, count, weights, size, precision } = across;
  const to = first.length;
  const out = new Uint8Array(height * to * 3);
  const half = 1 << (precision - 1);
  for (let y = 0; y < height; y++) {
    const row = y * width * 3;
    let at = y * to * 3;
    for (let x = 0; x < to; x++, at += 3) {
      let r = half;
      let g = half;
      let b = half;
      const end = count[x]!;
      let p = row + first[x]! * 3;
      for (let k = 0, w = x * size; k < end; k++, w++, p += 3) {
        const weight = weights[w]!;
        r += weight * pixels[p]!;
        g += weight * pixels[p + 1]!;
        b += weight * pixels[p + 2]!;
      }
      out[at] = byte(r >> precision);
      out[at + 1] = byte(g >> precision);
      out[at + 2] = byte(b >> precision);
    }
  }
  return out;
}

/** [H,W,3] -> [to,W,3] */
function alongColumns(pixels: Uint8Array, width: number, down: Taps): Uint8Array {
  const { first, count, weights, size, precision } = down;
  const to = first.length;
  const stride = width * 3;
  const out = new Uint8Array(to * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < to; y++) {
    sums.fill(1 << (precision - 1));
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * size + k]!;
      const row = (first[y]! + k) * stride;
      for (let x = 0; x < stride; x++) sums[x]! += weight * pixels[row + x]!;
    }
    for (let x = 0; x < stride; x++) out[y * stride + x] = byte(sums[x]! >> precision);
  }
  return out;
}

/** A window of [H,W,3] as normalised planes. */
function cropped(pixels: Uint8Array, width: number, left: number, top: number, spec: PictureSpec): Float32Array {
  const area = spec.width * spec.height;
  const out = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) {
    const scale = 1 / (255 * spec.std[c]!);
    const shift = -spec.mean[c]! / spec.std[c]!;
    for (let y = 0; y < spec.height; y++) {
      let from = ((top + y) * width + left) * 3 + c;
      let to = c * area + y * spec.width;
      for (let x = 0; x < spec.width; x++, from += 3, to++) out[to] = pixels[from]! * scale + shift;
    }
  }
  return out;
}
