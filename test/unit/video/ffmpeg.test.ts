import { expect, test } from "vitest";
import { argumentsOf, fileUrl, majorMinor } from "../../../local-server/src/video/ffmpeg.ts";

test.each([
  ["5.1.9-0+deb12u1", 5, 1],
  ["n7.0.2", 7, 0],
  ["4.4.2-0ubuntu0.22.04.1", 4, 4],
  ["N-112233-gabcdef", Number.POSITIVE_INFINITY, 0],
  ["2026-01-02-git-abc-full_build", Number.POSITIVE_INFINITY, 0],
])("version %s", (text, major, minor) => {
  expect(majorMinor(text)).toEqual([major, minor]);
});

test("no option and no file name is split or taken for another", () => {
  const args = argumentsOf({
    inputs: [{ options: ["-ss", "1"], url: fileUrl("/a b/-y $(x) 'q' %d\n.mp4") }],
    filterGraph: "[0:V:0]select='lt(t, 1)'[o]",
    output: { options: ["-map", "[o]", "-metadata", "title=two words"], url: fileUrl("/tmp/out put.mp4") },
  });
  expect(args).toEqual([
    ...["-nostdin", "-hide_banner", "-v", "error"],
    ...["-ss", "1", "-i", "file:/a b/-y $(x) 'q' %d\n.mp4"],
    ...["-filter_complex", "[0:V:0]select='lt(t, 1)'[o]"],
    ...["-map", "[o]", "-metadata", "title=two words", "file:/tmp/out put.mp4"],
  ]);
});
