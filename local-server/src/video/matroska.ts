/**
 * Reads the frames out of a Matroska stream as ffmpeg writes it to a pipe (RFC 9559: EBML elements of id, size, payload).
 * Matroska, since it carries two streams of raw pictures with their times through the one pipe that every system has.
 */
export interface Block {
  /** 1-based, in the order of ffmpeg's -map options. */
  readonly track: number;
  /** Milliseconds. */
  readonly time: number;
  readonly payload: Uint8Array;
}

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const BLOCK_GROUP = 0xa0;
const CLUSTER_TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;
/** Elements whose content is read on; all others are read or skipped whole. */
const CONTAINERS = new Set([SEGMENT, CLUSTER, BLOCK_GROUP]);

/** Fed pieces of the stream, gives the blocks that are complete. Holds one block at most. */
export function createMatroskaReader(): { push(chunk: Uint8Array): Block[] } {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let neededBytes = 2;
  let toSkip = 0;
  let clusterTime = 0;
  const parse = (bytes: Uint8Array, blocks: Block[]): Uint8Array => {
    let at = 0;
    while (at < bytes.length) {
      const element = readElement(bytes, at);
      if (element === null) break;
      const { id, start, size } = element;
      if (CONTAINERS.has(id)) {
        at = start;
        continue;
      }
      const end = start + size;
      const wanted = id === CLUSTER_TIMESTAMP || id === SIMPLE_BLOCK || id === BLOCK;
      if (end > bytes.length && !wanted) {
        toSkip = end - bytes.length;
        return bytes.subarray(bytes.length);
      }
      if (end > bytes.length) {
        neededBytes = end - at;
        return bytes.subarray(at);
      }
      const content = bytes.subarray(start, end);
      if (id === CLUSTER_TIMESTAMP) clusterTime = content.reduce((value, byte) => value * 256 + byte, 0);
      else if (wanted) blocks.push(readBlock(content, clusterTime));
      at = end;
    }
    neededBytes = bytes.length - at + 1;
    return bytes.subarray(at);
  };
  return {
    push(chunk) {
      const rest = chunk.subarray(Math.min(toSkip, chunk.length));
      toSkip -= chunk.length - rest.length;
      pending.push(rest);
      pendingBytes += rest.length;
      const blocks: Block[] = [];
      // Pieces are joined once a whole element is there, not once a piece.
      if (pendingBytes < neededBytes) return blocks;
      const left = parse(Buffer.concat(pending), blocks);
      pending = [left];
      pendingBytes = left.length;
      return blocks;
    },
  };
}

/** Track number (a one-byte vint: we write two tracks), signed 16-bit time after the cluster's, flags, frame. */
function readBlock(content: Uint8Array, clusterTime: number): Block {
  const relative = ((content[1]! << 24) | (content[2]! << 16)) >> 16;
  return { track: content[0]! & 0x7f, time: clusterTime + relative, payload: content.subarray(4) };
}

/** Id and size at `at`; null when they are not there in full. Unknown sizes (streams) come as Infinity. */
function readElement(bytes: Uint8Array, at: number): { id: number; start: number; size: number } | null {
  const idLength = Math.clz32(bytes[at]!) - 23;
  const sizeAt = at + idLength;
  if (sizeAt >= bytes.length) return null;
  const sizeLength = Math.clz32(bytes[sizeAt]!) - 23;
  const start = sizeAt + sizeLength;
  if (start > bytes.length) return null;
  let id = 0;
  for (let i = at; i < sizeAt; i++) id = id * 256 + bytes[i]!;
  let size = bytes[sizeAt]! & (0xff >> sizeLength);
  let unknown = size === 0xff >> sizeLength;
  for (let i = sizeAt + 1; i < start; i++) {
    size = size * 256 + bytes[i]!;
    unknown &&= bytes[i] === 0xff;
  }
  return { id, start, size: unknown ? Number.POSITIVE_INFINITY : size };
}
