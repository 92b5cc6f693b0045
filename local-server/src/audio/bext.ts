import { asciiOf, type Chunk } from "./riff.ts";

/** Broadcast extension after EBU Tech 3285 version 2. Text is ASCII; what is too long is cut. */
export interface Bext {
  /** What it is, for people: 256 characters. */
  readonly description: string;
  /** Program that made it: 32 characters. */
  readonly originator: string;
  /** Unique id of the originator's own: 32 characters. */
  readonly originatorReference: string;
  /** yyyy-mm-dd and hh:mm:ss; empty where the file must be the same whenever it is made. */
  readonly originationDate: string;
  readonly originationTime: string;
  /** Samples from midnight to the first sample. */
  readonly timeReference: bigint;
  /** LUFS and dBTP where they are known. */
  readonly lufs?: number | null;
  readonly truePeakDb?: number | null;
  /** After EBU R 98, e.g. "A=PCM,F=48000,W=24,M=stereo,T=foley-mini"; lines end in CR LF. */
  readonly codingHistory?: string;
}

const FIXED_BYTES = 602;
/** Hundredths as i16; 0x7fff is "not known". */
const hundredths = (value: number | null | undefined): number =>
  value === undefined || value === null || !Number.isFinite(value) || Math.abs(value) > 99.99
    ? 0x7fff
    : Math.round(value * 100);

export function encodeBext(bext: Bext): Chunk {
  const lines = (bext.codingHistory ?? "").split(/\r?\n/).filter((line) => line !== "");
  const history = lines.map((line) => `${asciiOf(line)}\r\n`).join("");
  const data = new Uint8Array(FIXED_BYTES + history.length);
  const view = new DataView(data.buffer);
  const text = (offset: number, length: number, value: string): void => {
    for (let i = 0; i < Math.min(length, value.length); i++) data[offset + i] = value.charCodeAt(i);
  };
  text(0, 256, asciiOf(bext.description));
  text(256, 32, asciiOf(bext.originator));
  text(288, 32, asciiOf(bext.originatorReference));
  text(320, 10, asciiOf(bext.originationDate));
  text(330, 8, asciiOf(bext.originationTime));
  view.setBigUint64(338, bext.timeReference, true);
  view.setUint16(346, 2, true);
  // 348..411: UMID, zeros (none). Then loudness value and range, true peak, highest momentary and short-term.
  const loudness = [bext.lufs, null, bext.truePeakDb, null, null];
  loudness.forEach((value, i) => {
    view.setInt16(412 + 2 * i, hundredths(value), true);
  });
  text(FIXED_BYTES, history.length, history);
  return { id: "bext", data };
}

/** The parts of a `bext` chunk that are read back. Throws where it is too short to be one. */
export function decodeBext(data: Uint8Array): Pick<Bext, "description" | "originator" | "timeReference"> {
  if (data.length < FIXED_BYTES) throw new RangeError(`expected ${FIXED_BYTES} bytes of bext, came ${data.length}`);
  const latin = new TextDecoder("latin1");
  const text = (offset: number, length: number): string =>
    latin.decode(data.subarray(offset, offset + length)).replace(/\0.*$/s, "");
  return {
    description: text(0, 256),
    originator: text(256, 32),
    timeReference: new DataView(data.buffer, data.byteOffset).getBigUint64(338, true),
  };
}
