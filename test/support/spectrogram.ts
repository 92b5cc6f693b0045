import { SAMPLE_RATE_HZ } from "../../local-server/protocol/index.ts";

/** A spectrogram as a picture: level 0..255 of every pixel, rows from the top. */
export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array;
}

const WINDOW = 2048;

/** Power in dB (a full-scale sine is 0) over log frequency, `width` columns over all of the sound. */
export function spectrogram(
  samples: Float32Array,
  size: { width: number; height: number; minHz: number; maxHz: number; minDb: number; maxDb: number },
): Levels {
  const { width, height, minHz, maxHz, minDb, maxDb } = size;
  const levels = new Uint8Array(width * height);
  const hann = Float64Array.from({ length: WINDOW }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW));
  for (let column = 0; column < width; column++) {
    const centre = Math.round(((column + 0.5) / width) * samples.length);
    const real = hann.map((weight, n) => weight * (samples[centre - WINDOW / 2 + n] ?? 0));
    const power = powerOf(real);
    for (let row = 0; row < height; row++) {
      const hz = (edge: number) => minHz * (maxHz / minHz) ** (1 - edge / height);
      const db = 10 * Math.log10(between(power, hz(row + 1), hz(row)) + 1e-20);
      levels[row * width + column] = Math.round(255 * Math.max(0, Math.min(1, (db - minDb) / (maxDb - minDb))));
    }
  }
  return { width, height, levels };
}

/** Loudest power from one frequency to another; between two bins, their mix. */
function between(power: Float64Array, fromHz: number, toHz: number): number {
  const bin = (hz: number) => (hz * WINDOW) / SAMPLE_RATE_HZ;
  const mixed = (at: number) => {
    const low = Math.floor(at);
    return power[low]! + (at - low) * (power[low + 1]! - power[low]!);
  };
  let loudest = mixed((bin(fromHz) + bin(toHz)) / 2);
  for (let n = Math.ceil(bin(fromHz)); n <= bin(toHz); n++) loudest = Math.max(loudest, power[n]!);
  return loudest;
}

/** Power spectrum of a real, windowed stretch: [WINDOW / 2 + 1]. Radix-2 FFT in place. */
function powerOf(real: Float64Array): Float64Array {
  const size = real.length;
  const imaginary = new Float64Array(size);
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j]!, real[i]!];
  }
  for (let length = 2; length <= size; length *= 2) {
    for (let k = 0; k < length / 2; k++) {
      const cos = Math.cos((-2 * Math.PI * k) / length);
      const sin = Math.sin((-2 * Math.PI * k) / length);
      for (let a = k; a < size; a += length) {
        const b = a + length / 2;
        const re = real[b]! * cos - imaginary[b]! * sin;
        const im = real[b]! * sin + imaginary[b]! * cos;
        [real[b], imaginary[b]] = [real[a]! - re, imaginary[a]! - im];
        [real[a], imaginary[a]] = [real[a]! + re, imaginary[a]! + im];
      }
    }
  }
  // A full-scale sine under a Hann window has the magnitude size / 4.
  const scale = (4 / size) ** 2;
  return Float64Array.from({ length: size / 2 + 1 }, (_, n) => (real[n]! ** 2 + imaginary[n]! ** 2) * scale);
}

/** Colours from silence to loud, evenly spaced in lightness: dark grey, violet, red, amber, near white. */
const RAMP = [
  [33, 35, 38],
  [47, 35, 84],
  [104, 35, 116],
  [168, 45, 104],
  [222, 74, 74],
  [249, 130, 48],
  [255, 190, 60],
  [255, 246, 214],
] as const;

function colourOf(level: number): [number, number, number] {
  const at = (level / 255) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(at));
  const mix = (channel: 0 | 1 | 2) =>
    RAMP[low]![channel] + (at - low) * (RAMP[low + 1]![channel] - RAMP[low]![channel]);
  return [mix(0), mix(1), mix(2)];
}

/** An uncompressed picture as a data address that browsers draw. */
export function bmpOf({ width, height, levels }: Levels): string {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write("BM", 0, "latin1");
  for (const [offset, value] of [
    [2, file.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
    [26, 1 | (24 << 16)],
  ] as const)
    file.writeUInt32LE(value, offset);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [red, green, blue] = colourOf(levels[row * width + column]!);
      // Rows from the bottom, blue first.
      const at = 54 + (height - 1 - row) * stride + column * 3;
      file.set([blue, green, red], at);
    }
  }
  return `data:image/bmp;base64,${file.toString("base64")}`;
}
