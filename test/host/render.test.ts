import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RenderRangeArgument } from "../../host/src/contract.ts";
import { codeOf, dataOf, lay, newSequence, pinOf, type Scene, scene, TIMEBASE } from "../support/premiere/scene.ts";
import { type Quirks, type SequenceState, TICKS_PER_SECOND, UNSET } from "../support/premiere/state.ts";

const FRAME = TIMEBASE["25"];

/** A sequence of 200 frames and a preset that came with us. */
function toRender(
  quirks: Partial<Quirks> = {},
  fields: Partial<SequenceState> = {},
): Scene & { argument: RenderRangeArgument } {
  const at = scene(quirks, fields);
  lay(at, "Video", 0, [0, 200_000]);
  const preset = join(at.folder, "foley h264.epr");
  writeFileSync(preset, "<PremiereData/>");
  return {
    ...at,
    argument: {
      pin: pinOf(at),
      startTicks: String(10 * FRAME),
      endTicks: String(35 * FRAME),
      name: "range",
      presets: [join(at.folder, "none.epr"), preset],
    },
  };
}
const renders = ({ world }: Scene): string[] => world.changes.filter((change) => change.startsWith("render"));

test("the range, and only it, is rendered into a folder of ours; in and out come back", () => {
  const at = toRender({}, { inTicks: 3 * FRAME, outTicks: 150 * FRAME });
  const data = dataOf(at.engine.call("renderRange", at.argument));
  expect(data).toMatchObject({
    path: join(at.world.userData, "Foley in the Editor/renders/range.mp4"),
    presetFrom: "bundled",
    marksRestored: true,
    startTicks: String(10 * FRAME),
    endTicks: String(35 * FRAME),
  });
  expect(existsSync(data.path)).toBe(true);
  expect(renders(at)).toEqual([`render ${10 * FRAME} ${35 * FRAME} .epr`]);
  expect([at.sequence.inTicks, at.sequence.outTicks]).toEqual([3 * FRAME, 150 * FRAME]);
});

test("a range off the frames is widened to whole ones, and said so", () => {
  const at = toRender();
  const data = dataOf(
    at.engine.call("renderRange", {
      ...at.argument,
      startTicks: String(10 * FRAME + 1),
      endTicks: String(34 * FRAME + 1),
    }),
  );
  expect(data).toMatchObject({ startTicks: String(10 * FRAME), endTicks: String(35 * FRAME) });
});

test("an unset in and out become unset again; where Premiere does not take that back, it is said (9.5)", () => {
  const at = toRender();
  expect(dataOf(at.engine.call("renderRange", at.argument)).marksRestored).toBe(true);
  expect([at.sequence.inTicks, at.sequence.outTicks]).toEqual([UNSET, UNSET]);
  const kept = toRender({ unsetNotRestored: true });
  expect(dataOf(kept.engine.call("renderRange", kept.argument)).marksRestored).toBe(false);
});

test.each(["from-start", "from-zero", "read-from-zero"] as const)(
  "marks counted %s: the same frames are rendered and the same marks come back, behind the zero point too (MOG; AS)",
  (marks) => {
    const zeroPoint = 3600 * TICKS_PER_SECOND;
    for (const first of [10, 100_000]) {
      const at = toRender({ marks }, { zeroPoint, inTicks: 95_000 * FRAME, outTicks: 120_000 * FRAME });
      const range = { startTicks: String(first * FRAME), endTicks: String((first + 25) * FRAME) };
      expect(dataOf(at.engine.call("renderRange", { ...at.argument, ...range })).marksRestored).toBe(true);
      expect(renders(at)).toEqual([`render ${first * FRAME} ${(first + 25) * FRAME} .epr`]);
      expect([at.sequence.inTicks, at.sequence.outTicks]).toEqual([95_000 * FRAME, 120_000 * FRAME]);
    }
  },
);

test("where Premiere takes no marks nothing is rendered: it would be the whole sequence (HET #71)", () => {
  const at = toRender({ marksIgnored: true });
  expect(codeOf(at.engine.call("renderRange", at.argument))).toBe("RENDER_FAILED");
  expect(renders(at)).toEqual([]);
});

test.each(["No Error", true, 0, "", undefined])(
  "success is the file, not the answer %s (AS, PPP, T disagree)",
  (exportAnswer) => {
    const at = toRender({ exportAnswer });
    expect(dataOf(at.engine.call("renderRange", at.argument)).bytes).toBeGreaterThan(0);
    const failed = toRender({ exportAnswer, exportFails: true });
    expect(failed.engine.call("renderRange", failed.argument)).toMatchObject({ code: "RENDER_FAILED" });
    expect([failed.sequence.inTicks, failed.sequence.outTicks]).toEqual([UNSET, UNSET]);
  },
);

test("a file that still grows is waited for until it is of one size at two looks; one that never stops is no success", () => {
  const at = toRender({ exportGrowsForSleeps: 4 });
  expect(dataOf(at.engine.call("renderRange", at.argument)).bytes).toBe("more".length * 4);
  const endless = toRender({ exportGrowsForSleeps: 1000 });
  expect(codeOf(endless.engine.call("renderRange", endless.argument))).toBe("RENDER_FAILED");
});

test("an older render is never written over", () => {
  const at = toRender();
  const first = dataOf(at.engine.call("renderRange", at.argument)).path;
  const second = dataOf(at.engine.call("renderRange", at.argument)).path;
  expect(second).toBe(first.replace("range.mp4", "range-2.mp4"));
});

test("a sequence that is not in front is brought there and the other one back (GLM: Unknown Error otherwise)", () => {
  const at = toRender();
  const other = newSequence("seq-2");
  at.project.sequences.push(other);
  at.project.active = other;
  dataOf(at.engine.call("renderRange", at.argument));
  expect(at.project.active).toBe(other);
  at.world.quirks.opensSequences = false;
  expect(codeOf(at.engine.call("renderRange", at.argument))).toBe("SEQUENCE_GONE");
  expect(renders(at)).toHaveLength(1);
});

test("on Windows every path is native: mixed slashes are an Unknown Error (ES)", () => {
  const at = toRender({ windows: true });
  const data = dataOf(at.engine.call("renderRange", at.argument));
  expect(data.path).toMatch(/^C:\\.*\\renders\\range\.mp4$/);
  expect(data.preset).not.toContain("/");
});

test("without a preset of ours one of Premiere's is taken: H.264, the sequence's own rate, the smallest", () => {
  const at = toRender();
  const folder = join(at.world.program, "Contents/MediaIO/systempresets/4E49434B_48323634");
  mkdirSync(folder, { recursive: true });
  for (const name of [
    "00 - Match Source - High bitrate.epr",
    "01 - Match Source - Medium bitrate.epr",
    "YouTube 1080p.epr",
  ]) {
    writeFileSync(join(folder, name), "<PremiereData/>");
  }
  const data = dataOf(at.engine.call("renderRange", { ...at.argument, presets: [] }));
  expect(data).toMatchObject({
    presetFrom: "premiere",
    preset: join(folder, "01 - Match Source - Medium bitrate.epr"),
  });
});

test("a preset that makes no MP4, or none at all, is refused with where was looked (clean-cut #3, LCK #189)", () => {
  const at = toRender();
  const wav = join(at.folder, "sound.epr");
  writeFileSync(wav, "<PremiereData/>");
  const result = at.engine.call("renderRange", { ...at.argument, presets: [wav] });
  expect(result).toMatchObject({ code: "NO_PRESET" });
  expect(result.ok ? [] : result.detail.searched).toContain(
    join(at.world.program, "MediaIO/systempresets/4E49434B_48323634"),
  );
  expect(at.world.changes).toEqual([]);
});

test("a folder that cannot be made is said before anything is touched", () => {
  const at = toRender();
  writeFileSync(join(at.folder, "file"), "x");
  const result = at.engine.call("renderRange", { ...at.argument, folder: join(at.folder, "file/inside") });
  expect(result).toMatchObject({ code: "RENDER_FAILED", message: expect.stringMatching(/cannot be made/) });
  expect(at.world.changes).toEqual([]);
});

test.each([
  ["ticks as a fraction", { startTicks: "1.5" }],
  ["ticks that are none", { endTicks: "x" }],
  ["an end before the start", { endTicks: "0" }],
])("%s is a bad argument", (_, fields) => {
  const at = toRender();
  expect(codeOf(at.engine.call("renderRange", { ...at.argument, ...fields }))).toBe("BAD_ARGUMENT");
});
