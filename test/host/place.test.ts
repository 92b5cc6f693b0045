import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlaceTakeArgument } from "../../host/src/contract.ts";
import {
  codeOf,
  dataOf,
  lay,
  newSequence,
  pinOf,
  SAMPLE,
  type Scene,
  scene,
  TIMEBASE,
  timelineOf,
  writeWav,
} from "../support/premiere/scene.ts";
import { newItem, type Quirks, type SequenceState } from "../support/premiere/state.ts";

const FRAME = TIMEBASE["25"];
const SAMPLES_A_FRAME = FRAME / SAMPLE;

type Placing = Scene & { readonly argument: PlaceTakeArgument; readonly path: string };

/** Frames 100 to 200: dialogue on A1 over all of it, A2 and A3 empty, a take of that length imported. */
function toPlace(quirks: Partial<Quirks> = {}, fields: Partial<SequenceState> = {}): Placing {
  const at = scene(quirks, fields);
  lay(at, "Video", 0, [100, 200]);
  lay(at, "Audio", 0, [0, 5000], { name: "dialogue" });
  const path = writeWav(join(at.folder, "take.wav"), 100 * SAMPLES_A_FRAME);
  const argument = { pin: pinOf(at), path, startTicks: String(100 * FRAME), endTicks: String(200 * FRAME) };
  dataOf(at.engine.callUntilThere("importTake", { pin: argument.pin, path }));
  at.world.changes.length = 0;
  return { ...at, argument, path };
}
const place = (at: Placing, more: Partial<PlaceTakeArgument> = {}) =>
  at.engine.callUntilThere("placeTake", { ...at.argument, ...more });
const fill = (at: Scene): void => {
  for (const index of [1, 2]) lay(at, "Audio", index, [0, 5000], { name: `music ${index}` });
};
const added = ({ world }: Scene): string[] => world.changes.filter((change) => change.startsWith("track"));
const takesOn = ({ sequence }: Scene): number[] =>
  sequence.audio.flatMap(({ clips }, index) => clips.filter(({ name }) => name === "take.wav").map(() => index));

test("it lies on the lowest empty track below the last used one, and what is told is what is there", () => {
  const at = toPlace();
  const data = dataOf(place(at, { clipName: "Foley: steps [a1b2]" }));
  const clip = at.sequence.audio[1]!.clips[0]!;
  expect(data).toMatchObject({
    trackIndex: 1,
    trackName: "Audio 2",
    trackItemId: clip.nodeId,
    startTicks: String(clip.start),
    endTicks: String(clip.end),
    addedTrack: false,
    notes: [],
    undoSteps: 3,
  });
  expect(clip.name).toBe("Foley: steps [a1b2]");
  expect(dataOf(at.engine.call("findTake", at.argument)).places).toMatchObject([
    { trackIndex: 1, trackItemId: data.trackItemId },
  ]);
});

test("our own track comes first, by name or by the takes on it; a lane of someone else's is not taken unasked", () => {
  const named = toPlace();
  named.sequence.audio[2]!.name = "Foley";
  expect(dataOf(place(named)).trackIndex).toBe(2);
  const holding = toPlace();
  dataOf(place(holding, { track: 2 }));
  const later = { startTicks: String(300 * FRAME), endTicks: String(400 * FRAME) };
  expect(dataOf(place(holding, later)).trackIndex).toBe(2);
  const theirs = toPlace();
  lay(theirs, "Audio", 1, [1000, 1100], { name: "music" });
  lay(theirs, "Audio", 2, [1000, 1100], { name: "music" });
  expect(dataOf(place(theirs))).toMatchObject({ addedTrack: true, trackIndex: 3 });
});

test.each([
  [
    "a clip that starts in its last frame",
    (at: Scene) => {
      lay(at, "Audio", 1, [199, 300]);
    },
  ],
  [
    "a clip that ends in its first frame",
    (at: Scene) => {
      lay(at, "Audio", 1, [0, 101]);
    },
  ],
  [
    "a clip inside it",
    (at: Scene) => {
      lay(at, "Audio", 1, [140, 141]);
    },
  ],
  [
    "a transition that reaches into it",
    (at: Scene) => {
      at.sequence.audio[1]!.transitions.push({ start: 199 * FRAME, end: 205 * FRAME });
    },
  ],
  [
    "a lock",
    (at: Scene) => {
      at.sequence.audio[1]!.locked = true;
    },
  ],
])("the whole range is proven empty: %s makes it pass over a track (SFX looks at the start only)", (_, obstruct) => {
  const at = toPlace();
  obstruct(at);
  at.sequence.audio[1]!.name = "Foley";
  const before = timelineOf(at.sequence);
  expect(dataOf(place(at)).trackIndex).toBe(2);
  expect(takesOn(at)).toEqual([2]);
  expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
});

test("clips out of order and over one another, as a lengthened end leaves them, are all seen (MOG)", () => {
  const at = toPlace();
  const long = lay(at, "Audio", 1, [0, 10]);
  lay(at, "Audio", 1, [20, 30]);
  lay(at, "Audio", 1, [900, 910]);
  long.end = 150 * FRAME;
  at.sequence.audio[1]!.clips.reverse();
  at.sequence.audio[1]!.name = "Foley";
  expect(dataOf(place(at)).trackIndex).toBe(2);
});

test("clips that only touch it do not matter", () => {
  const at = toPlace();
  lay(at, "Audio", 1, [50, 100]);
  lay(at, "Audio", 1, [200, 300]);
  at.sequence.audio[1]!.name = "Foley";
  expect(dataOf(place(at)).trackIndex).toBe(1);
});

test("sound that is longer than it was said to be is measured by its own length", () => {
  const at = toPlace();
  lay(at, "Audio", 1, [199, 300]);
  at.sequence.audio[1]!.name = "Foley";
  expect(dataOf(place(at, { endTicks: String(150 * FRAME) })).trackIndex).toBe(2);
});

test.each([0, 1, 5, 9])(
  "no track free: one is asked for once, with seven arguments, and found %i calls later (LCK #465, ES)",
  (trackAppearsAfterCalls) => {
    const at = toPlace({ trackAppearsAfterCalls });
    fill(at);
    const before = timelineOf(at.sequence);
    expect(dataOf(place(at))).toMatchObject({ trackIndex: 3, trackName: "Foley", addedTrack: true, notes: [] });
    expect(added(at)).toEqual(["track (7 arguments)"]);
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  },
);

test("a track that never comes is waited for ten times and then said; it was asked for once (LCK #128)", () => {
  const at = toPlace({ trackAppearsAfterCalls: -1 });
  fill(at);
  expect(place(at)).toMatchObject({
    code: "NOT_YET",
    message: expect.stringMatching(/Add one \(Sequence > Add Tracks\)/),
  });
  expect(added(at)).toHaveLength(1);
  expect(takesOn(at)).toEqual([]);
});

test("a track that came among the others is noticed before anything is placed (LCK #465)", () => {
  const at = toPlace({ trackInsertedAtTop: true });
  fill(at);
  expect(place(at)).toMatchObject({ code: "TRACK_ADD_FAILED", message: expect.stringMatching(/Undo once/) });
  expect(takesOn(at)).toEqual([]);
});

test("without QE the user is asked to add a track; without names the track keeps its own (LCK, GLM)", () => {
  const at = toPlace({ hasQe: false });
  expect(place(at, { track: "new" })).toMatchObject({ code: "TRACK_ADD_FAILED" });
  const unnamed = toPlace({ qeNamesTracks: false });
  expect(dataOf(place(unnamed, { track: "new" }))).toMatchObject({ trackName: "Audio 4", notes: ["track-not-named"] });
});

test("placing where the user targets tracks, not where it is told, harms nothing and ends on our track (PRFX)", () => {
  const at = toPlace({ targetingDecides: true });
  const before = timelineOf(at.sequence);
  expect(dataOf(place(at))).toMatchObject({ trackIndex: 1, notes: ["targeting-used"] });
  expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  expect(at.sequence.audio.map(({ targeted }) => targeted)).toEqual([true, true, true]);
  expect(at.sequence.audio.map(({ locked }) => locked)).toEqual([false, false, false]);
});

test("a take that went astray onto an empty stretch is taken back before the next attempt", () => {
  const at = toPlace({ targetingDecides: true });
  for (const track of at.sequence.audio) track.targeted = track.name === "Audio 3";
  const data = dataOf(place(at));
  expect(data).toMatchObject({ trackIndex: 1, notes: ["targeting-used", "second-attempt"], undoSteps: 4 });
  expect(takesOn(at)).toEqual([1]);
  expect(at.sequence.audio.map(({ targeted }) => targeted)).toEqual([false, false, true]);
});

test.each([true, false])(
  "all tracks read as targeted once one was targeted (LCK #587); targeting decides: %s",
  (targetingDecides) => {
    const at = toPlace({ allReadTargeted: true, targetingDecides });
    const before = timelineOf(at.sequence);
    place(at);
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
    if (!targetingDecides) expect(takesOn(at)).toEqual([1]);
  },
);

test.each(["nothing", "throws"] as const)(
  "a locked track is never placed on, whatever this Premiere does there: %s (3.3)",
  (locked) => {
    const at = toPlace({ locked, targetingDecides: true });
    at.sequence.audio[1]!.locked = true;
    expect(dataOf(place(at)).trackIndex).toBe(2);
    expect(codeOf(place(at, { track: 1 }))).toBe("NO_FREE_TRACK");
  },
);

test.each(["mono", "5.1"] as const)(
  "a %s track, which takes no stereo, is passed over by reading back (3.5)",
  (channels) => {
    const at = toPlace();
    at.sequence.audio[1]!.channels = channels;
    const before = timelineOf(at.sequence);
    expect(dataOf(place(at)).trackIndex).toBe(2);
    expect(takesOn(at)).toEqual([2]);
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  },
);

test("success that places nothing is seen through (LCK #130, HET #17)", () => {
  const at = toPlace({ placesNothing: true });
  expect(place(at)).toMatchObject({ code: "PLACE_FAILED" });
  expect(takesOn(at)).toEqual([]);
});

test("a take that cannot be taken back is said with its track", () => {
  const at = toPlace({ targetingDecides: true, removes: false });
  for (const track of at.sequence.audio) track.targeted = track.name === "Audio 3";
  expect(place(at)).toMatchObject({ code: "PLACE_MISPLACED", message: expect.stringMatching(/A3/) });
});

test("a start off the frames is refused, for Premiere would move it (MOG nearest, GLM up); on them it is exact either way", () => {
  for (const roundsUp of [false, true]) {
    const at = toPlace({ roundsUp });
    expect(codeOf(place(at, { startTicks: String(100 * FRAME + 1) }))).toBe("BAD_ARGUMENT");
    expect(dataOf(place(at)).startTicks).toBe(String(100 * FRAME));
  }
});

test("marks left on the item in the bin are cleared: they would cut the take (MOG)", () => {
  const at = toPlace();
  const item = at.project.root.children.find(({ type }) => type === 2)!.children[0]!;
  item.inTicks = FRAME;
  item.outTicks = 3 * FRAME;
  expect(dataOf(place(at)).endTicks).toBe(String(200 * FRAME));
});

test("stereo as two mono clips that cannot be told beforehand: the track below must be empty too, and both are taken back", () => {
  const at = toPlace({ dualMono: true, mapping: "missing" });
  lay(at, "Audio", 2, [150, 160], { name: "music" });
  const before = timelineOf(at.sequence);
  expect(place(at)).toMatchObject({ code: "IMPORT_FAILED", message: expect.stringMatching(/Default Audio Tracks/) });
  expect(timelineOf(at.sequence)).toEqual(before);
});

test.each([
  [
    "moved",
    (at: Placing) => {
      at.sequence.video[0]!.clips[0]!.start += FRAME;
    },
  ],
  [
    "trimmed",
    (at: Placing) => {
      at.sequence.video[0]!.clips[0]!.end -= FRAME;
    },
  ],
  [
    "slipped",
    (at: Placing) => {
      at.sequence.video[0]!.clips[0]!.in += FRAME;
    },
  ],
  [
    "deleted",
    (at: Placing) => {
      at.sequence.video[0]!.clips.pop();
    },
  ],
])("a clip that was %s since the request is refused by name, and placed all the same when asked", (_, change) => {
  const at = toPlace();
  at.sequence.video[0]!.clips[0]!.selected = true;
  const { clips } = dataOf(at.engine.call("readSelection", {}));
  expect(codeOf(place(at, { expect: clips, track: 2 }))).toBe("ok");
  change(at);
  at.world.changes.length = 0;
  expect(place(at, { expect: clips })).toMatchObject({ code: "CLIP_MOVED", detail: { clips: ["Video clip 100"] } });
  expect(at.world.changes).toEqual([]);
  expect(codeOf(place(at))).toBe("ok");
});

test("the focus went to another sequence: the take goes where it was made for (AIO), also when a track must be added", () => {
  const at = toPlace();
  const other = newSequence("seq-2");
  at.project.sequences.push(other);
  at.project.active = other;
  expect(dataOf(place(at)).trackIndex).toBe(1);
  expect(dataOf(place(at, { track: "new" })).trackIndex).toBe(3);
  expect(timelineOf(other)).toEqual([]);
  expect(other.audio).toHaveLength(3);
  expect(at.project.active).toBe(other);
});

test.each([
  [
    "the project was closed",
    (at: Scene) => {
      at.world.projects.length = 0;
      at.world.front = null;
    },
    "SEQUENCE_GONE",
  ],
  [
    "another project is open in its place",
    (at: Scene) => {
      at.project.documentId = "doc-9";
    },
    "SEQUENCE_GONE",
  ],
  [
    "the sequence was deleted",
    (at: Scene) => {
      at.project.sequences.pop();
    },
    "SEQUENCE_GONE",
  ],
  [
    "the take was deleted from the bin",
    (at: Scene) => {
      at.project.root.children.find(({ type }) => type === 2)!.children.pop();
    },
    "IMPORT_FAILED",
  ],
])("%s: refused, nothing changed", (_, change, code) => {
  const at = toPlace();
  change(at);
  expect(codeOf(place(at))).toBe(code);
  expect(at.world.changes).toEqual([]);
});

test.each([
  ["not there", 7, "There is no track A8."],
  ["full", 0, "Something lies on A1 already."],
])("a track asked for that is %s is refused with the reason", (_, track, reason) => {
  const at = toPlace();
  expect(place(at, { track })).toMatchObject({ code: "NO_FREE_TRACK", message: expect.stringContaining(reason) });
  expect(at.world.changes).toEqual([]);
});

test("a muted track and a multichannel mix are placed on and told", () => {
  const at = toPlace({}, { mixType: 3 });
  at.sequence.audio[1]!.muted = true;
  expect(dataOf(place(at)).notes).toEqual(["track-muted", "multichannel-mix"]);
});

test("several takes of one range go on a track each, none over another", () => {
  const at = toPlace();
  const tracks = [1, 2, 3].map(() => dataOf(place(at)).trackIndex);
  expect(tracks).toEqual([1, 2, 3]);
  expect(takesOn(at)).toEqual([1, 2, 3]);
});

test("removing takes our take and nothing else, leaving the gap", () => {
  const at = toPlace();
  const before = timelineOf(at.sequence);
  const { trackItemId } = dataOf(place(at));
  const dialogue = at.sequence.audio[0]!.clips[0]!;
  dialogue.nodeId = "000f9999";
  const remove = (id: string) => at.engine.call("removeTake", { pin: at.argument.pin, path: at.path, trackItemId: id });
  expect(codeOf(remove("000f9999"))).toBe("NOT_OURS");
  expect(dataOf(remove(trackItemId))).toEqual({ trackIndex: 1 });
  expect(timelineOf(at.sequence)).toEqual(before);
  expect(codeOf(remove(trackItemId))).toBe("NOT_OURS");
});

test("a take on a locked track, or one that Premiere keeps, is not said to be removed", () => {
  const at = toPlace();
  const { trackItemId, trackIndex } = dataOf(place(at));
  const remove = () => at.engine.call("removeTake", { pin: at.argument.pin, path: at.path, trackItemId });
  at.sequence.audio[trackIndex]!.locked = true;
  expect(remove()).toMatchObject({ code: "REMOVE_FAILED", message: expect.stringMatching(/is locked/) });
  at.sequence.audio[trackIndex]!.locked = false;
  at.world.quirks.removes = false;
  expect(codeOf(remove())).toBe("REMOVE_FAILED");
});

test("a second project in front does not take the take", () => {
  const at = toPlace();
  const other = {
    ...at.project,
    documentId: "doc-2",
    root: newItem("b", { type: 3 }),
    sequences: [newSequence("seq-1")],
  };
  at.world.projects.push(other);
  at.world.front = other;
  expect(dataOf(place(at)).trackIndex).toBe(1);
  expect(timelineOf(other.sequences[0]!)).toEqual([]);
});

test("placing among 600 clips reads each clip's start and end once and hardly any of their sources (MOG: 0.7 ms a reading)", () => {
  const at = toPlace();
  for (let clip = 0; clip < 600; clip++) lay(at, "Audio", clip % 2, [6000 + clip * 10, 6005 + clip * 10]);
  at.world.timesRead = 0;
  at.world.itemsRead = 0;
  dataOf(place(at));
  expect(at.world.timesRead).toBeLessThan(602 * 2 + 30);
  expect(at.world.itemsRead).toBeLessThan(30);
});

test("a track that was waited for and is used meanwhile is not overwritten", () => {
  const at = toPlace({ trackAppearsAfterCalls: 1 });
  fill(at);
  const first = at.engine.call("placeTake", at.argument);
  expect(codeOf(first)).toBe("NOT_YET");
  lay(at, "Audio", 3, [150, 160], { name: "music" });
  const before = timelineOf(at.sequence);
  const awaited = first.ok ? "" : String(first.detail.awaited);
  expect(codeOf(at.engine.call("placeTake", { ...at.argument, awaited }))).toBe("PLACE_FAILED");
  expect(timelineOf(at.sequence)).toEqual(before);
});

test("where scripts may neither lock nor name, a take is placed all the same, and no undo step is said that there is not", () => {
  const at = toPlace({ changesState: false });
  const before = timelineOf(at.sequence);
  expect(dataOf(place(at, { clipName: "Foley: steps" }))).toMatchObject({ trackIndex: 1, undoSteps: 2 });
  expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
});
