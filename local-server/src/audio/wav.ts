import type { Waveform } from "../pipeline/types.ts";
import { createRandom } from "../random.ts";
import { type Bext, decodeBext, encodeBext } from "./bext.ts";
import { encodeIxml, type Ixml } from "./ixml.ts";
import { type Chunk, decodeChunks, encodeInfo, encodeRiff } from "./riff.ts";

/** Bits of a sample; `32f` is IEEE float. */
export type BitDepth = "16" | "24" | "32f";

const PCM = 1;
const IEEE_FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** Random stream of the dither: it shares no numbers with noise or performance. */
const DITHER_STREAM = 0xd17e;
const BITS = { "16": 16, "24": 24, "32f": 32 } as const;

/**
 * `fmt `: plain tags 1 and 3, which every player, ffmpeg and Premiere read (WAVE_FORMAT_EXTENSIBLE is only needed
 * beyond stereo). Float has an empty extension, and the `fact` chunk that goes with it, as the format demands.
 */
function formatChunks(bitDepth: BitDepth, channels: number, sampleRate: number, sampleCount: number): Chunk[] {
  const isFloat = bitDepth === "32f";
  const frameBytes = (channels * BITS[bitDepth]) / 8;
  const data = new Uint8Array(isFloat ? 18 : 16);
  const view = new DataView(data.buffer);
  view.setUint16(0, isFloat ? IEEE_FLOAT : PCM, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, sampleRate, true);
  view.setUint32(8, sampleRate * frameBytes, true);
  view.setUint16(12, frameBytes, true);
  view.setUint16(14, BITS[bitDepth], true);
  const fact = new Uint8Array(4);
  new DataView(fact.buffer).setUint32(0, sampleCount, true);
  return [{ id: "fmt ", data }, ...(isFloat ? [{ id: "fact", data: fact }] : [])];
}

/** Nearest whole step, clipped to the range of the bit depth; what is not a number is silence. */
function quantized(value: number, fullScale: number): number {
  const rounded = Math.round(value * fullScale);
  return rounded >= fullScale ? fullScale - 1 : rounded < -fullScale ? -fullScale : rounded || 0;
}

/** Interleaved samples. 16 bit has TPDF dither, +-1 step, from a stream of its own: the same seed, the same bits. */
function sampleBytes({ channels }: Waveform, bitDepth: BitDepth, ditherSeed: number): Uint8Array {
  const sampleCount = channels[0]!.length;
  const width = BITS[bitDepth] / 8;
  const data = new Uint8Array(sampleCount * channels.length * width);
  const view = new DataView(data.buffer);
  const random = createRandom(ditherSeed, DITHER_STREAM);
  let at = 0;
  for (let n = 0; n < sampleCount; n++) {
    for (const samples of channels) {
      const value = samples[n]!;
      if (bitDepth === "32f") view.setFloat32(at, Number.isNaN(value) ? 0 : value, true);
      else if (bitDepth === "16") {
        // The difference of two uniform numbers is triangular; the halves of one word are two.
        const word = random.bits();
        const dither = ((word >>> 16) - (word & 0xffff)) / 0x1_0000 / 0x8000;
        view.setInt16(at, quantized(value + dither, 0x8000), true);
      } else {
        const step = quantized(value, 0x80_0000);
        view.setInt16(at, step & 0xffff, true);
        view.setInt8(at + 2, step >> 16);
      }
      at += width;
    }
  }
  return data;
}

/**
 * A WAV file (Broadcast Wave with `bext`): mono or stereo, exactly the samples of the waveform. Nothing in it depends
 * on the clock, so the same waveform and texts are the same bytes.
 */
export function encodeWav(options: {
  readonly waveform: Waveform;
  readonly bitDepth: BitDepth;
  readonly ditherSeed?: number;
  readonly bext?: Bext;
  readonly ixml?: Ixml;
  /** LIST INFO, e.g. {INAM: title, ISFT: software, ICMT: comment, ICRD: date}. */
  readonly info?: Readonly<Record<string, string>>;
  /** Interleaved bytes of an older file of this shape: outside [from, to) they stay as they are, dither and all. */
  readonly keep?: { readonly bytes: Uint8Array; readonly from: number; readonly to: number };
}): Uint8Array<ArrayBuffer> {
  const { waveform, bitDepth } = options;
  const { channels, sampleRate } = waveform;
  if (channels.length !== 1 && channels.length !== 2) {
    throw new RangeError(`expected 1 or 2 channels, came ${channels.length}`);
  }
  const sampleCount = channels[0]!.length;
  if (channels.some((samples) => samples.length !== sampleCount)) {
    throw new RangeError(`expected channels of one length, came ${channels.map((samples) => samples.length)}`);
  }
  const chunks = formatChunks(bitDepth, channels.length, sampleRate, sampleCount);
  if (options.bext !== undefined) chunks.push(encodeBext(options.bext));
  if (options.ixml !== undefined) {
    chunks.push(encodeIxml(options.ixml, { sampleRate, bits: BITS[bitDepth], channels: channels.length }));
  }
  if (options.info !== undefined) chunks.push(encodeInfo(options.info));
  const data = sampleBytes(waveform, bitDepth, options.ditherSeed ?? 0);
  if (options.keep) keepOutside(data, options.keep, (channels.length * BITS[bitDepth]) / 8);
  chunks.push({ id: "data", data });
  return encodeRiff("WAVE", chunks);
}

function keepOutside(
  data: Uint8Array,
  { bytes, from, to }: { readonly bytes: Uint8Array; readonly from: number; readonly to: number },
  frameBytes: number,
): void {
  if (bytes.length !== data.length) throw new RangeError(`expected ${data.length} bytes to keep, came ${bytes.length}`);
  data.set(bytes.subarray(0, from * frameBytes));
  data.set(bytes.subarray(to * frameBytes), to * frameBytes);
}

/** A WAV file read back: 16, 24 and 32 bit PCM and 32 bit float, any number of channels. */
export interface DecodedWav {
  readonly waveform: Waveform;
  readonly bits: number;
  readonly isFloat: boolean;
  /** Interleaved, as they lie in the file. */
  readonly sampleBytes: Uint8Array;
  readonly bext: ReturnType<typeof decodeBext> | null;
  readonly ixml: string | null;
}

/** Throws a RangeError that says what is wrong where the bytes are not such a file. */
export function decodeWav(bytes: Uint8Array): DecodedWav {
  const latin = new TextDecoder("latin1");
  if (latin.decode(bytes.subarray(0, 4)) !== "RIFF" || latin.decode(bytes.subarray(8, 12)) !== "WAVE") {
    throw new RangeError("expected a RIFF WAVE file, came something else");
  }
  const chunks = new Map(decodeChunks(bytes, 12).map(({ id, data }) => [id, data]));
  const format = chunks.get("fmt ");
  const data = chunks.get("data");
  if (format === undefined || format.length < 16 || data === undefined) {
    throw new RangeError("expected fmt and data chunks, came a file without");
  }
  const view = new DataView(format.buffer, format.byteOffset, format.byteLength);
  const tag = view.getUint16(0, true);
  const kind = tag === EXTENSIBLE && format.length >= 26 ? view.getUint16(24, true) : tag;
  const channelCount = view.getUint16(2, true);
  const bits = view.getUint16(14, true);
  const isFloat = kind === IEEE_FLOAT;
  if (channelCount === 0 || !(isFloat ? bits === 32 : kind === PCM && (bits === 16 || bits === 24 || bits === 32))) {
    throw new RangeError(`expected 16, 24, 32 bit PCM or 32 bit float, came tag ${kind} with ${bits} bits`);
  }
  const bext = chunks.get("bext");
  const ixml = chunks.get("iXML");
  return {
    waveform: { channels: planarSamples(data, channelCount, bits, isFloat), sampleRate: view.getUint32(4, true) },
    bits,
    isFloat,
    sampleBytes: data,
    bext: bext === undefined ? null : decodeBext(bext),
    ixml: ixml === undefined ? null : new TextDecoder().decode(ixml).replace(/\0+$/, ""),
  };
}

function planarSamples(data: Uint8Array, channelCount: number, bits: number, isFloat: boolean): Float32Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = bits / 8;
  const sampleCount = Math.floor(data.length / (width * channelCount));
  const read = (at: number): number => {
    if (isFloat) return view.getFloat32(at, true);
    if (bits === 16) return view.getInt16(at, true) / 0x8000;
    if (bits === 32) return view.getInt32(at, true) / 0x8000_0000;
    return (view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 0x80_0000;
  };
  return Array.from({ length: channelCount }, (_, channel) => {
    const samples = new Float32Array(sampleCount);
    for (let n = 0; n < sampleCount; n++) samples[n] = read((n * channelCount + channel) * width);
    return samples;
  });
}
