import { expect, test } from "vitest";
import type { ReadSelectionArgument, SelectionData } from "../../host/src/contract.ts";
import {
  type ClipFields,
  codeOf,
  dataOf,
  lay,
  newSequence,
  type Scene,
  scene,
  TIMEBASE,
} from "../support/premiere/scene.ts";
import { TICKS_PER_SECOND } from "../support/premiere/state.ts";

const FRAME = TIMEBASE["25"];
const frames = (count: number): string => String(count * FRAME);
const read = (at: Scene, argument: ReadSelectionArgument = {}): SelectionData =>
  dataOf(at.engine.call("readSelection", argument));
const withClip = (fields: ClipFields, quirks = {}): Scene => {
  const at = scene(quirks);
  lay(at, "Video", 0, [100, 200], { selected: true, ...fields });
  return at;
};

test("without project, sequence, selection or picture each refusal says what to do", () => {
  const at = scene();
  expect(at.engine.call("readSelection", {})).toMatchObject({
    code: "NO_SELECTION",
    message: expect.stringMatching(/Select a clip, or mark/),
  });
  at.project.active = null;
  expect(codeOf(at.engine.call("readSelection", {}))).toBe("NO_SEQUENCE");
  at.world.front = null;
  expect(codeOf(at.engine.call("readSelection", {}))).toBe("NO_PROJECT");
  const marked = scene({}, { inTicks: 10 * FRAME, outTicks: 20 * FRAME });
  lay(marked, "Video", 0, [30, 40]);
  expect(marked.engine.call("readSelection", {})).toMatchObject({
    code: "NO_SELECTION",
    message: expect.stringMatching(/no picture between/),
  });
});

test("in and out that are unset read as -400,000 seconds and count as unset (Guide, PPP NOT_SET)", () => {
  const at = withClip({});
  expect(at.engine.evalScript("app.project.activeSequence.getInPointAsTime().seconds")).toBe("-400000");
  expect(read(at)).toMatchObject({ sequence: { inTicks: null, outTicks: null }, range: { from: "selection" } });
});

test.each([
  ["only in", { inTicks: 150 * FRAME }, [150, 200]],
  ["only out", { outTicks: 120 * FRAME }, [100, 120]],
  ["both", { inTicks: 110 * FRAME, outTicks: 130 * FRAME }, [110, 130]],
])("%s marked: without selection the range goes to the sequence's own ends", (_, marks, [from, to]) => {
  const at = scene({}, marks);
  lay(at, "Video", 0, [100, 200], { in: 7 * FRAME });
  const { range, route } = read(at);
  if (from === 150) expect(range).toMatchObject({ startTicks: frames(150), endTicks: frames(200), from: "marks" });
  if (from === 100) expect(range).toMatchObject({ startTicks: "0", endTicks: frames(120) });
  if (from !== 100) {
    expect(route).toMatchObject({ kind: "source", fromTicks: frames(from! - 93), toTicks: frames(to! - 93) });
  } else expect(route).toMatchObject({ kind: "render", reasons: ["gap"] });
});

test("a selection that marks cut through is what both have in common; marks elsewhere do not count", () => {
  const at = scene({}, { inTicks: 150 * FRAME, outTicks: 900 * FRAME });
  lay(at, "Video", 0, [100, 200], { selected: true, in: 10 * FRAME });
  lay(at, "Video", 0, [800, 1000]);
  expect(read(at)).toMatchObject({
    range: { from: "selection-in-marks", startTicks: frames(150), endTicks: frames(200), frames: 50 },
    route: { fromTicks: frames(60), toTicks: frames(110) },
  });
  at.sequence.inTicks = 500 * FRAME;
  expect(read(at).range).toMatchObject({ from: "selection", startTicks: frames(100), endTicks: frames(200) });
});

test.each(["from-start", "from-zero", "read-from-zero"] as const)(
  "marks counted %s on a sequence that starts at 01:00:00:00 are the same marks (MOG; AS subtracts)",
  (marks) => {
    const zeroPoint = 3600 * TICKS_PER_SECOND;
    const at = scene({ marks }, { zeroPoint, inTicks: 110 * FRAME, outTicks: 120 * FRAME });
    lay(at, "Video", 0, [100, 200]);
    expect(read(at)).toMatchObject({
      range: { startTicks: frames(110), endTicks: frames(120) },
      sequence: { inTicks: frames(110), outTicks: frames(120), zeroPointTicks: String(zeroPoint) },
    });
  },
);

test("an out point one frame behind the last clip is cut to it (CutFlowX)", () => {
  const at = scene({}, { inTicks: 150 * FRAME, outTicks: 201 * FRAME });
  lay(at, "Video", 0, [100, 200]);
  expect(read(at).range.endTicks).toBe(frames(200));
});

test("a linked pair is one clip, its picture; nodeIds are given at the first reading, wrappers are new each time (MOG)", () => {
  const at = scene();
  const picture = lay(at, "Video", 0, [100, 200], { selected: true });
  const sound = lay(at, "Audio", 0, [100, 200], { selected: true, linked: [picture] });
  picture.linked.push(sound);
  expect(picture.nodeId).toBeNull();
  expect(read(at).clips).toHaveLength(1);
  expect(picture.nodeId).not.toBeNull();
  expect(
    at.engine.evalScript(
      "app.project.activeSequence.videoTracks[0].clips[0] === app.project.activeSequence.videoTracks[0].clips[0]",
    ),
  ).toBe("false");
});

test("a selected sound stands for the picture it is linked to; one without is no selection", () => {
  const at = scene();
  const picture = lay(at, "Video", 0, [100, 200]);
  const sound = lay(at, "Audio", 0, [100, 200], { selected: true, linked: [picture] });
  expect(read(at).clips).toMatchObject([{ trackItemId: picture.nodeId, kind: "file" }]);
  sound.linked.length = 0;
  expect(codeOf(at.engine.call("readSelection", {}))).toBe("NO_SELECTION");
  at.world.quirks.linkedItems = false;
  expect(codeOf(at.engine.call("readSelection", {}))).toBe("NO_SELECTION");
});

test("several clips in no order, with a gap between, are one range to render (T: order not guaranteed)", () => {
  const at = scene();
  lay(at, "Video", 0, [100, 150], { selected: true });
  lay(at, "Video", 0, [180, 200], { selected: true });
  const { range, gaps, route, clips } = read(at);
  expect(range).toMatchObject({ startTicks: frames(100), endTicks: frames(200), frames: 100 });
  expect(gaps).toEqual([{ startTicks: frames(150), endTicks: frames(180) }]);
  expect(route).toEqual({ kind: "render", reasons: ["several-clips", "gap"] });
  expect(clips.map(({ startTicks }) => startTicks)).toEqual([frames(100), frames(180)]);
});

test("where Premiere answers no selection with null the tracks are asked (T/PPP: can be falsy)", () => {
  const at = scene({ selectionNullWhenEmpty: true });
  lay(at, "Video", 0, [100, 200]);
  expect(codeOf(at.engine.call("readSelection", {}))).toBe("NO_SELECTION");
});

test("clips above one another are rendered; a track switched off and a disabled clip are not seen", () => {
  const at = scene({}, { inTicks: 100 * FRAME, outTicks: 200 * FRAME });
  lay(at, "Video", 0, [50, 250]);
  const above = lay(at, "Video", 1, [120, 130]);
  expect(read(at).route).toEqual({ kind: "render", reasons: ["several-clips", "stacked"] });
  above.disabled = true;
  expect(read(at).route).toMatchObject({ kind: "source" });
  above.disabled = false;
  at.sequence.video[1]!.muted = true;
  expect(read(at).route).toMatchObject({ kind: "source" });
});

test.each<[string, ClipFields]>([
  ["nest", { item: { sequence: true, path: "" } }],
  ["multicam", { item: { multicam: true, path: "" } }],
  ["merged", { item: { merged: true, path: "" } }],
  ["graphic", { item: null, name: "Graphic" }],
  ["graphic", { item: { path: "/media/Title.aegraphic" } }],
  ["synthetic", { item: { path: "/media/comp.aep" } }],
  ["adjustment", { adjustment: true, item: { path: "" } }],
  ["synthetic", { item: { path: "" }, name: "Color Matte" }],
  ["synthetic", { item: { path: "1010000" }, name: "Bars and Tone" }],
  ["still", { item: { path: "/media/frame_0001.PNG" } }],
  ["speed", { speed: 0.5 }],
  ["reversed", { reversed: true }],
])("%s: the file alone would not show it, so it is rendered", (reason, fields) => {
  const { route, clips } = read(withClip(fields));
  expect(route).toEqual({ kind: "render", reasons: [reason] });
  if (reason !== "speed" && reason !== "reversed") expect(clips[0]!.kind).toBe(reason);
});

test("media that is offline is refused by name, unless its proxy is there", () => {
  const gone = withClip({ name: "day 3", item: { offline: true } });
  expect(read(gone).route).toMatchObject({
    kind: "refuse",
    failure: { code: "OFFLINE", message: expect.stringMatching(/“day 3” is offline/) },
  });
  const proxied = withClip({ item: { offline: true, proxy: "/media/proxy.mov" } });
  expect(read(proxied).route).toMatchObject({ kind: "source", mediaPath: "/media/proxy.mov" });
});

test("proxies are read where asked for, the full picture otherwise", () => {
  const at = withClip({ name: "a", item: { proxy: "/media/proxy.mov" } });
  expect(read(at).route).toMatchObject({ mediaPath: "/media/a.mov" });
  expect(read(at, { useProxies: true }).route).toMatchObject({ mediaPath: "/media/proxy.mov" });
});

test("only disabled clips selected (leftovers of multicam): refused; one among others is skipped", () => {
  const at = withClip({ disabled: true });
  expect(read(at).route).toMatchObject({ kind: "refuse", failure: { code: "UNSUPPORTED_CLIP" } });
  lay(at, "Video", 1, [100, 200], { selected: true });
  expect(read(at).route).toMatchObject({ kind: "source" });
});

test("camera timecode is taken off where the in point counts from it; where both readings make sense, rendered", () => {
  const hour = 3600 * TICKS_PER_SECOND;
  const length = 60 * TICKS_PER_SECOND;
  const counted = withClip({ in: 2 * hour + 5 * FRAME, item: { startTime: 2 * hour, duration: length } });
  expect(read(counted).route).toMatchObject({ kind: "source", fromTicks: frames(5) });
  const plain = withClip({ in: 5 * FRAME, item: { startTime: 2 * hour, duration: length } });
  expect(read(plain).route).toMatchObject({ kind: "source", fromTicks: frames(5) });
  const unsure = withClip({ in: 20 * TICKS_PER_SECOND, item: { startTime: 10 * TICKS_PER_SECOND, duration: length } });
  expect(read(unsure).route).toEqual({ kind: "render", reasons: ["source-timecode"] });
});

test("the rate that Premiere reads the media at goes along, for the server to compare with the file's own", () => {
  expect(read(withClip({ item: { fps: 23.976 } })).route).toMatchObject({ kind: "source", readAtFps: 23.976 });
});

test("without parentTrackIndex (before 22) the track is found by the clip's id", () => {
  const at = scene({ parentTrackIndex: false });
  lay(at, "Video", 1, [100, 200], { selected: true });
  expect(read(at).clips[0]!.trackIndex).toBe(1);
});

test("effects beyond Motion and Opacity are told", () => {
  expect(read(withClip({})).clips[0]!.hasEffects).toBe(false);
  expect(read(withClip({ components: 3 })).clips[0]!.hasEffects).toBe(true);
});

test("an unsaved project has its takes among the documents, a saved one beside itself", () => {
  const at = scene();
  expect(dataOf(at.engine.call("readSequence", {})).takesFolder).toBe(`${at.folder}/Foley (generated)`);
  at.project.path = "";
  expect(dataOf(at.engine.call("readSequence", {})).takesFolder).toBe(`${at.world.documents}/Foley (generated)`);
});

test("a pinned sequence is read whatever is in front", () => {
  const at = scene();
  const other = newSequence("seq-2");
  at.project.sequences.push(other);
  at.project.active = other;
  const pin = { documentId: "doc-1", sequenceId: "seq-1" };
  expect(dataOf(at.engine.call("readSequence", { pin })).name).toBe("Sequence seq-1");
  expect(dataOf(at.engine.call("readSequence", {})).name).toBe("Sequence seq-2");
  expect(codeOf(at.engine.call("readSequence", { pin: { ...pin, sequenceId: "x" } }))).toBe("SEQUENCE_GONE");
  expect(codeOf(at.engine.call("readSequence", { pin: { ...pin, documentId: "x" } }))).toBe("SEQUENCE_GONE");
});

test("writing into a time that Premiere handed out changes nothing, and text is no start (automator-plus #19)", () => {
  const at = withClip({});
  at.engine.evalScript("app.project.activeSequence.videoTracks[0].clips[0].start.ticks = '5'");
  expect(at.sequence.video[0]!.clips[0]!.start).toBe(100 * FRAME);
  expect(at.engine.evalScript("app.project.activeSequence.videoTracks[0].clips[0].start = '5'")).toBe(
    "EvalScript error.",
  );
});

test("the panel hears of a changed selection, once however often it asks", () => {
  const at = scene();
  const { eventType } = dataOf(at.engine.call("watch", { extensionId: "x" }));
  at.engine.call("watch", { extensionId: "x" });
  at.engine.fire("onActiveSequenceSelectionChanged");
  expect(at.world.events).toEqual([{ type: eventType, data: "onActiveSequenceSelectionChanged" }]);
});

test("a sequence that has no settings to give is read by its own properties", () => {
  const at = withClip({});
  at.world.quirks.hasSettings = false;
  at.sequence.displayFormat = 102;
  expect(read(at).sequence).toMatchObject({ dropFrame: true, widthPx: 1920, heightPx: 1080, mix: "stereo" });
});
