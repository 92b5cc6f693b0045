import { join } from "node:path";
import { expect, test } from "vitest";
import { lay, type Scene, scene, TIMEBASE, timelineOf, writeWav } from "../support/premiere/scene.ts";
import { type Quirks, TICKS_PER_SECOND } from "../support/premiere/state.ts";

/** The double is as unkind as Premiere: what the script must not do breaks here, so that the other tests can fail. */
const FRAME = TIMEBASE["25"];
const SEQUENCE = "app.project.activeSequence";
const FAILED = "EvalScript error.";

/** A clip of 100 to 200 frames on A1, and a WAV of one second as `item`. */
function world(quirks: Partial<Quirks> = {}): Scene & { run(script: string): string } {
  const at = scene(quirks);
  lay(at, "Audio", 0, [100, 200], { name: "dialogue", in: 7 * FRAME });
  const path = writeWav(join(at.folder, "one.wav"), 48_000);
  at.engine.evalScript(`var bin = app.project.rootItem.createBin("b"); app.project.importFiles(["${path}"], true, bin, false);
    var item = app.project.rootItem.children[app.project.rootItem.children.numItems - 1].children[0];`);
  return { ...at, run: (script) => at.engine.evalScript(script) };
}
const place = (argument: string): string => `${SEQUENCE}.audioTracks[0].overwriteClip(item, ${argument})`;

test.each([
  ["covers the start", 90, ["dialogue 115 200 22", "one.wav 90 115 0"]],
  ["covers the end", 190, ["dialogue 100 190 7", "one.wav 190 215 0"]],
  ["lies inside", 130, ["dialogue 100 130 7", "one.wav 130 155 0", "dialogue 155 200 62"]],
])("placing over a clip trims, cuts or splits it: one that %s", (_, frame, expected) => {
  const at = world();
  expect(at.run(place(`"${frame * FRAME}"`))).toBe("true");
  const clips = at.sequence.audio[0]!.clips.map(
    ({ name, start, end, in: from }) => `${name} ${start / FRAME} ${end / FRAME} ${from / FRAME}`,
  );
  expect(clips.sort()).toEqual([...expected].sort());
});

test("a time is a Time, seconds as a number, or ticks as text: one taken for another is an error", () => {
  const at = world();
  expect(at.run(place(String(250 * FRAME)))).toBe(FAILED);
  expect(at.run(place('"10"'))).toBe(FAILED);
  expect(at.run(`${SEQUENCE}.setInPoint("${FRAME}")`)).toBe(FAILED);
  expect(at.run(`${SEQUENCE}.setInPoint(${FRAME})`)).toBe(FAILED);
  expect(at.run("var t = new Time(); t.ticks = 5")).toBe(FAILED);
  expect(at.run(place("20"))).toBe("true");
  expect(at.sequence.audio[0]!.clips.at(-1)!.start).toBe(20 * TICKS_PER_SECOND);
});

test("seconds are cut down to a frame in setInPoint (GLM: 261.08 became 261.04)", () => {
  const at = world();
  lay(at, "Video", 0, [0, 10_000]);
  at.run(`${SEQUENCE}.setInPoint(261.06)`);
  expect(at.sequence.inTicks).toBe(Math.floor(261.06 * 25) * FRAME);
});

test("a start off the frames lands on one: the nearest (MOG) or the next (GLM)", () => {
  for (const [roundsUp, frame] of [
    [false, 500],
    [true, 501],
  ] as const) {
    const at = world({ roundsUp });
    at.run(place(`"${500 * FRAME + 1}"`));
    expect(at.sequence.audio[0]!.clips.at(-1)!.start).toBe(frame * FRAME);
  }
});

test("addTracks with fewer than seven arguments puts the track on top (LCK #465)", () => {
  const at = world();
  at.run("app.enableQE(); qe.project.getActiveSequence().addTracks(0, 0, 1, 1)");
  expect(at.sequence.audio.map(({ name }) => name)).toEqual(["Audio 4", "Audio 1", "Audio 2", "Audio 3"]);
});

test("what ripples, opens a dialog, crashes or litters the undo history is an error here", () => {
  const at = world();
  const before = timelineOf(at.sequence);
  for (const script of [
    `${SEQUENCE}.audioTracks[0].insertClip(item, 1)`,
    `${SEQUENCE}.insertClip(item, 1, 0, 0)`,
    `${SEQUENCE}.setSettings({})`,
    `${SEQUENCE}.clone()`,
    "app.project.createNewSequence('x', 'y')",
    "app.project.importFiles(['/no/such.wav'], true, bin, false)",
    `app.project.importFiles(['/no/such.wav'])`,
    `${SEQUENCE}.exportAsMediaDirect('/x.mp4', '/y.epr')`,
    `${SEQUENCE}.audioTracks[0].clips[0].remove(true, true)`,
  ]) {
    expect(at.run(script), script).toBe(FAILED);
  }
  expect(timelineOf(at.sequence)).toEqual(before);
});

test("the engine has no JSON, no array methods, no trim, and answers with text only", () => {
  const at = world();
  for (const script of [
    "JSON.stringify({})",
    "[1].map(String)",
    "' '.trim()",
    "Object.keys({})",
    "(function () {}).bind({})",
    "let x = Symbol()",
  ]) {
    expect(at.run(script), script).toBe(FAILED);
  }
  expect(at.run("undefined")).toBe("undefined");
  expect(at.run("({})")).toBe("[object Object]");
  expect(at.run("$.version")).toBe("4.5.6");
});
