import { expect, test } from "vitest";
import { createMatroskaReader } from "../../../local-server/src/video/matroska.ts";

/** By RFC 9559: id, size, payload. */
const STREAM = Uint8Array.from([
  ...[0x1a, 0x45, 0xdf, 0xa3, 0x83, 0x42, 0x86, 0x80], // EBML header with an element of no content
  ...[0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // Segment of unknown size
  ...[0xec, 0x40, 0x03, 9, 9, 9], // Void, its size in two bytes
  ...[0x1f, 0x43, 0xb6, 0x75, 0x94], // Cluster of 20 bytes
  ...[0xe7, 0x82, 0x03, 0xe8], // at 1000 ms
  ...[0xa3, 0x86, 0x81, 0x00, 0x21, 0x80, 7, 8], // SimpleBlock, track 1, +33 ms, two bytes
  ...[0xa0, 0x87, 0xa1, 0x85, 0x82, 0xff, 0xff, 0x00, 5], // BlockGroup with a Block, track 2, -1 ms (9 bytes)
]);

const read = (size: number) => {
  const reader = createMatroskaReader();
  const blocks = [];
  for (let at = 0; at < STREAM.length; at += size) blocks.push(...reader.push(STREAM.subarray(at, at + size)));
  return blocks.map(({ track, time, payload }) => [track, time, ...payload]);
};

test.each([1, 2, 3, 5, 7, 16, 1000])("blocks come out whole when the stream comes in pieces of %i bytes", (size) => {
  expect(read(size)).toEqual([
    [1, 1033, 7, 8],
    [2, 999, 5],
  ]);
});
