import { expect, test } from "vitest";
import { createMediaPasses } from "../../../local-server/src/server/media.ts";

const idOf = (address: string): string => address.slice("/v1/media/".length);

test("an address works while its client is there and a minute after, then no more, and again when it is back", () => {
  let now = 0;
  const media = createMediaPasses(60_000, () => now);
  media.come("launch");
  const id = idOf(media.give("/a.mp4", "launch"));
  expect(id).toMatch(/^[\w-]{43}$/);
  now = 3_600_000;
  expect(media.fileOf(id)).toBe("/a.mp4");
  media.go("launch");
  now += 59_000;
  expect(media.fileOf(id)).toBe("/a.mp4");
  now += 2_000;
  expect(() => media.fileOf(id)).toThrow("not_found");
  media.come("launch");
  expect(media.fileOf(id)).toBe("/a.mp4");
});

test("without a client it works for a minute from when it was given", () => {
  let now = 1_000_000;
  const media = createMediaPasses(60_000, () => now);
  const id = idOf(media.give("/a.mp4", "script"));
  now += 59_000;
  expect(media.fileOf(id)).toBe("/a.mp4");
  now += 2_000;
  expect(() => media.fileOf(id)).toThrow("not_found");
});

test("one file has one address for an owner, another for another; made-up ones are none", () => {
  const media = createMediaPasses(60_000);
  expect(media.give("/a.mp4", "ada")).toBe(media.give("/a.mp4", "ada"));
  expect(media.give("/a.mp4", "ada")).not.toBe(media.give("/a.mp4", "bo"));
  expect(media.give("/a.mp4", "ada")).not.toBe(media.give("/b.mp4", "ada"));
  for (const id of ["", "x", "../a.mp4", "__proto__"]) expect(() => media.fileOf(id)).toThrow("not_found");
});
