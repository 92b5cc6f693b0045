/** RIFF chunks: the box format of WAV files. Little-endian; a chunk of odd size is followed by one pad byte. */
export interface Chunk {
  /** Four ASCII characters. */
  readonly id: string;
  readonly data: Uint8Array;
}

const latin = new TextDecoder("latin1");

function writeChunk(out: Uint8Array, offset: number, { id, data }: Chunk): number {
  for (let i = 0; i < 4; i++) out[offset + i] = id.charCodeAt(i);
  new DataView(out.buffer).setUint32(offset + 4, data.length, true);
  out.set(data, offset + 8);
  return offset + 8 + data.length + (data.length % 2);
}

/** One RIFF file of a form ("WAVE") and its chunks. */
export function encodeRiff(form: string, chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const size = chunks.reduce((sum, { data }) => sum + 8 + data.length + (data.length % 2), 4);
  if (size > 0xffff_ffff) throw new RangeError(`expected less than 4 GiB, came ${size} bytes`);
  const out = new Uint8Array(8 + size);
  writeChunk(out, 0, { id: "RIFF", data: new Uint8Array(0) });
  new DataView(out.buffer).setUint32(4, size, true);
  for (let i = 0; i < 4; i++) out[8 + i] = form.charCodeAt(i);
  let offset = 12;
  for (const chunk of chunks) offset = writeChunk(out, offset, chunk);
  return out;
}

/** Chunks of a list body (or, with `offset` 12, of a file). Throws where a chunk is longer than what is there. */
export function decodeChunks(bytes: Uint8Array, offset: number): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let at = offset;
  while (at + 8 <= bytes.length) {
    const id = latin.decode(bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > bytes.length) {
      throw new RangeError(`expected ${size} bytes in chunk "${id}", came ${bytes.length - at - 8}`);
    }
    chunks.push({ id, data: bytes.subarray(at + 8, at + 8 + size) });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

/** Printable ASCII of a text, accents taken off, anything else a question mark: for fields that know no Unicode. */
export const asciiOf = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[\r\n\t]+/g, " ")
    .replace(/[^\x20-\x7e]/gu, "?");

/** LIST INFO: text for plain players, UTF-8 (what ffmpeg and most players read), ended by a zero. */
export function encodeInfo(info: Readonly<Record<string, string>>): Chunk {
  const encoder = new TextEncoder();
  const entries = Object.entries(info).map(([id, text]): Chunk => {
    if (!/^[A-Z0-9]{4}$/.test(id)) throw new RangeError(`expected an INFO id like "INAM", came "${id}"`);
    return { id, data: encoder.encode(`${text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")}\0`) };
  });
  // The body of a list is what follows the size of a file: its form and its chunks.
  return { id: "LIST", data: encodeRiff("INFO", entries).subarray(8) };
}
