import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  codeOf,
  dataOf,
  lay,
  pinOf,
  RATES,
  SAMPLE,
  scene,
  TIMEBASE,
  timelineOf,
  writeWav,
} from "../support/premiere/scene.ts";

/** The way of a take, as the panel goes it: read, (the server makes a WAV), import, place. */
test.each(RATES)(
  "$rate fps, drop-frame $dropFrame: a trimmed clip gets its take at its own ticks",
  ({ rate, dropFrame, displayFormat }) => {
    const timebase = TIMEBASE[rate];
    const at = scene({}, { timebase, displayFormat, zeroPoint: 3600 * Math.round(Number(rate)) * timebase });
    lay(at, "Video", 0, [1001, 1117], { selected: true, in: 77 * timebase });
    lay(at, "Audio", 0, [0, 5000]);
    const selection = dataOf(at.engine.call("readSelection", {}));
    expect(selection.sequence).toMatchObject({ dropFrame, timebaseTicks: String(timebase) });
    expect(selection.range).toMatchObject({
      startTicks: String(1001 * timebase),
      endTicks: String(1117 * timebase),
      frames: 116,
    });
    expect(selection.route).toMatchObject({
      kind: "source",
      fromTicks: String(77 * timebase),
      toTicks: String((77 + 116) * timebase),
    });
    const samples = (Number(selection.range.soundEndTicks) - 1001 * timebase) / SAMPLE;
    expect(Number.isInteger(samples)).toBe(true);
    const path = writeWav(join(at.folder, "take.wav"), samples);
    const before = timelineOf(at.sequence);
    dataOf(at.engine.callUntilThere("importTake", { pin: pinOf(at), path }));
    const placed = dataOf(
      at.engine.callUntilThere("placeTake", {
        pin: pinOf(at),
        path,
        startTicks: selection.range.startTicks,
        endTicks: selection.range.soundEndTicks,
        expect: selection.clips,
      }),
    );
    expect(placed).toMatchObject({
      trackIndex: 1,
      startTicks: String(1001 * timebase),
      endTicks: selection.range.soundEndTicks,
      addedTrack: false,
    });
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
    expect(at.sequence.audio[1]!.clips).toHaveLength(1);
    expect(codeOf(at.engine.call("findTake", { pin: pinOf(at), path }))).toBe("ok");
  },
);

test.each(RATES)(
  "$rate fps, drop-frame $dropFrame: two clips with a gap are rendered and get one take over both",
  ({ rate, displayFormat }) => {
    const timebase = TIMEBASE[rate];
    const at = scene(
      { trackAppearsAfterCalls: 1 },
      { timebase, displayFormat, zeroPoint: 3600 * Math.round(Number(rate)) * timebase },
    );
    lay(at, "Video", 0, [2000, 2037], { selected: true, in: 5 * timebase });
    lay(at, "Video", 0, [2050, 2101], { selected: true });
    lay(at, "Video", 0, [0, 1500]);
    for (const index of [0, 1, 2]) lay(at, "Audio", index, [0, 5000]);
    const before = timelineOf(at.sequence);
    const { range, route, gaps } = dataOf(at.engine.call("readSelection", {}));
    expect(route).toEqual({ kind: "render", reasons: ["several-clips", "gap"] });
    expect(gaps).toEqual([{ startTicks: String(2037 * timebase), endTicks: String(2050 * timebase) }]);
    const preset = join(at.folder, "h264.epr");
    writeFileSync(preset, "<PremiereData/>");
    const render = dataOf(at.engine.call("renderRange", { pin: pinOf(at), ...range, name: "two", presets: [preset] }));
    expect(at.world.changes).toContain(`render ${2000 * timebase} ${2101 * timebase} .epr`);
    expect(render).toMatchObject({ startTicks: range.startTicks, endTicks: range.endTicks, marksRestored: true });
    const path = writeWav(join(at.folder, "take.wav"), (Number(range.soundEndTicks) - 2000 * timebase) / SAMPLE);
    dataOf(at.engine.callUntilThere("importTake", { pin: pinOf(at), path }));
    const { startTicks, soundEndTicks: endTicks } = range;
    const placed = dataOf(at.engine.callUntilThere("placeTake", { pin: pinOf(at), path, startTicks, endTicks }));
    expect(placed).toMatchObject({ trackIndex: 3, trackName: "Foley", addedTrack: true, startTicks, endTicks });
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  },
);
