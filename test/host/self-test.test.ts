import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf, dataOf, lay, type Scene, scene, TIMEBASE, timelineOf, writeWav } from "../support/premiere/scene.ts";
import { type Quirks, TICKS_PER_SECOND, UNSET } from "../support/premiere/state.ts";

const FRAME = TIMEBASE["25"];

function run(
  quirks: Partial<Quirks> = {},
): Scene & { readonly answers: readonly Record<string, unknown>[]; readonly before: string[] } {
  const at = scene(quirks);
  lay(at, "Video", 0, [0, 100], { selected: true, speed: 0.5, in: FRAME });
  lay(at, "Audio", 0, [0, 100]);
  const preset = join(at.folder, "h264.epr");
  writeFileSync(preset, "<PremiereData/>");
  const before = timelineOf(at.sequence);
  const { reportPath, answers } = dataOf(
    at.engine.call("selfTest", {
      consent: "this is a scratch project",
      reportPath: join(at.folder, "report.json"),
      wavPaths: [writeWav(join(at.folder, "one.wav"), 48_000), writeWav(join(at.folder, "two.wav"), 48_000)],
      presets: [preset],
    }),
  );
  expect(JSON.parse(readFileSync(reportPath, "utf8"))).toMatchObject({ premiere: "25.6.0", engine: "4.5.6", answers });
  expect(answers.filter(({ outcome }) => outcome !== "answered")).toEqual([]);
  return { ...at, answers: answers.map(({ answer }) => answer), before };
}

test("every question is answered, the report written, and the clips are as they were", () => {
  const { answers, before, sequence } = run();
  expect(answers).toHaveLength(8);
  expect(timelineOf(sequence)).toEqual(before);
  expect([sequence.inTicks, sequence.outTicks, sequence.zeroPoint]).toEqual([UNSET, UNSET, 0]);
  expect(sequence.audio.map(({ locked }) => locked)).not.toContain(true);
  expect(answers[1]).toMatchObject({ afterInSameCall: { length: 6 } });
  expect(answers[5]).toMatchObject({ "ending 0": "mp4" });
  expect(answers[6]).toMatchObject({ "clip 0": expect.stringContaining("speed 0.5") });
  expect(answers[7]).toMatchObject({ replacedBy: "true" });
});

test("the answers tell one Premiere from another", () => {
  const plain = run().answers;
  const other = run({
    targetingDecides: true,
    marks: "from-zero",
    dualMono: true,
    locked: "throws",
    roundsUp: true,
  }).answers;
  expect(plain[0]).toMatchObject({ lanes: 1 });
  expect(other[0]).toMatchObject({ lanes: 2 });
  expect(plain[2]).toMatchObject({ landed: [expect.stringMatching(/^A4@/)] });
  expect(other[2]!.landed).toEqual([expect.stringMatching(/^A1@/), expect.stringMatching(/^A2@/)]);
  expect(plain[3]).toMatchObject({ landedThen: [expect.stringMatching(/^A4@/)], landedOnLocked: [] });
  expect(other[3]).toMatchObject({ landedThen: [expect.stringMatching(/^A1@/), expect.stringMatching(/^A2@/)] });
  const hour = 3600 * TICKS_PER_SECOND;
  expect(plain[4]).toMatchObject({ [`in at zero point ${hour}`]: String(FRAME), restoredIn: String(UNSET) });
  expect(other[4]).not.toMatchObject({ [`in at zero point ${hour}`]: String(FRAME) });
});

test("without the words of consent nothing is done", () => {
  const at = scene();
  const wav = writeWav(join(at.folder, "one.wav"), 10);
  const argument = {
    consent: "yes",
    reportPath: join(at.folder, "r.json"),
    wavPaths: [wav, wav] as const,
    presets: [],
  };
  expect(codeOf(at.engine.call("selfTest", argument))).toBe("BAD_ARGUMENT");
  expect(at.world.changes).toEqual([]);
});
