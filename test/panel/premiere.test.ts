import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { HostRefusal, type Media, type Selection } from "../../panel/src/bridges/host-adapter.ts";
import type { Take } from "../../panel/src/state/state.ts";
import { timecodeAt } from "../../panel/src/state/timecode.ts";
import { type PremierePanel, premierePanel, takeFor } from "../support/premiere/panel.ts";
import { lay, newSequence, RATES, SAMPLE, type Scene, scene, TIMEBASE, timelineOf } from "../support/premiere/scene.ts";

afterEach(() => vi.useRealTimers());

/** Selection to media: what the generate action does before it asks the server. */
async function prepared(panel: PremierePanel): Promise<{ selection: Selection; media: Media }> {
  const selection = await panel.selection();
  if (selection.clip === null || selection.range === null) throw new Error("nothing is selected");
  return { selection, media: await panel.host.prepare(selection.clip, selection.range) };
}

async function refusalOf(work: Promise<unknown>): Promise<HostRefusal> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HostRefusal) return error;
  throw new Error(`expected a refusal, came ${error}`);
}

/** A scene with one selected clip at 10 s, its take made; and the panel over it. */
async function withTake(at: Scene): Promise<PremierePanel & { take: Take }> {
  const panel = premierePanel(at);
  const { media } = await prepared(panel);
  return { ...panel, take: takeFor(at, media) };
}
const oneClip = (quirks: Parameters<typeof scene>[0] = {}): Scene => {
  const at = scene(quirks);
  lay(at, "Video", 0, [250, 350], { selected: true, in: 50 * at.sequence.timebase, name: "door" });
  return at;
};

test.each(RATES)(
  "$rate fps, drop-frame $dropFrame, starting at one hour: selection, request, take, on the frame it was asked for",
  async ({ rate, dropFrame, displayFormat }) => {
    const timebase = TIMEBASE[rate];
    const nominal = Math.round(Number(rate));
    const at = scene({}, { timebase, displayFormat, zeroPoint: 3600 * nominal * timebase });
    lay(at, "Video", 0, [1001, 1117], { selected: true, in: 77 * timebase, item: { fps: Number(rate) } });
    lay(at, "Audio", 0, [0, 5000]);
    const panel = premierePanel(at, { fileRate: { num: 254_016_000_000, den: timebase } });
    const { selection, media } = await prepared(panel);
    const { clip, range } = selection;
    expect(clip!.count).toMatchObject({ dropFrame, startFrame: 3600 * nominal });
    expect(timecodeAt(range!.from, clip!.count)).toMatch(dropFrame ? /^0\d:\d\d:\d\d;\d\d$/ : /^01:00:\d\d:\d\d$/);
    expect(selection).toMatchObject({ announcement: null, problem: null });
    expect(media).toMatchObject({ video: "/media/Video-clip-1001.mov", fromTicks: String(77 * timebase) });
    const samples = Math.floor((116 * timebase) / SAMPLE);
    expect(BigInt(media.toTicks!) - BigInt(media.fromTicks)).toBe(BigInt(samples) * BigInt(SAMPLE));
    const before = timelineOf(at.sequence);
    const placed = await panel.host.place(takeFor(at, media), false);
    expect(placed).toMatchObject({ track: 1, at: BigInt(1001 * timebase), takeId: "take-1" });
    const [lying] = at.sequence.audio[1]!.clips;
    expect(lying).toMatchObject({ start: 1001 * timebase });
    expect(lying!.end).toBeLessThanOrEqual(1117 * timebase);
    expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  },
);

test("a part of a plain clip is the same part of its file, and its take lies there", async () => {
  const at = oneClip();
  const panel = premierePanel(at);
  const { clip } = await panel.selection();
  const frames = (count: number): bigint => BigInt(count * at.sequence.timebase);
  const range = { from: frames(260), to: frames(285) } as Parameters<typeof panel.host.prepare>[1];
  const media = await panel.host.prepare(clip!, range);
  expect(media.fromTicks).toBe(String(frames(60)));
  expect((await panel.host.place(takeFor(at, media), false)).at).toBe(frames(260));
});

test("two clips with a gap are rendered as one range, which is said before; the take lies over both", async () => {
  const at = scene();
  const presets = join(at.world.program, "MediaIO/systempresets/4E49434B_48323634");
  mkdirSync(presets, { recursive: true });
  writeFileSync(join(presets, "Match Source - Low bitrate.epr"), "<x/>");
  lay(at, "Video", 0, [100, 150], { selected: true, name: "one" });
  lay(at, "Video", 0, [200, 250], { selected: true, name: "two" });
  const panel = premierePanel(at);
  const selection = await panel.selection();
  expect(selection.announcement).toEqual({ key: "render.several-clips", values: { count: 2, seconds: "6.0" } });
  expect(panel.host.peek(selection.clip!, selection.range!)).toBeNull();
  expect(at.world.changes.filter((change) => change.startsWith("render"))).toEqual([]);
  const media = await panel.host.prepare(selection.clip!, selection.range!);
  expect(media).toMatchObject({ fromTicks: "0", toTicks: String(6n * 254_016_000_000n) });
  expect(media.target?.clips.map(({ name }) => name)).toEqual(["one", "two"]);
  expect(at.world.changes.filter((change) => change.startsWith("render"))).toHaveLength(1);
  expect((await panel.host.place(takeFor(at, media), false)).at).toBe(BigInt(100 * at.sequence.timebase));
});

test("a file that Premiere reads at another rate is not sent as it is: the person hears of it, and it is rendered then", async () => {
  const at = oneClip();
  const presets = join(at.world.program, "MediaIO/systempresets/4E49434B_48323634");
  mkdirSync(presets, { recursive: true });
  writeFileSync(join(presets, "Match Source - Low bitrate.epr"), "<x/>");
  const panel = premierePanel(at, { fileRate: { num: 50, den: 1 } });
  const { clip, range } = await panel.selection();
  const refusal = await refusalOf(panel.host.prepare(clip!, range!));
  expect(refusal.said).toEqual({ key: "host.mustRender", values: { seconds: "4.0" } });
  expect(await panel.host.prepare(clip!, range!)).toMatchObject({ fromTicks: "0" });
});

test("another sequence is in front when the take is placed: it lies in its own, the other is untouched", async () => {
  const at = oneClip();
  const { host, take } = await withTake(at);
  const other = newSequence("seq-2");
  at.project.sequences.push(other);
  at.project.active = other;
  const placed = await host.place(take, false);
  expect(placed.at).toBe(BigInt(250 * at.sequence.timebase));
  expect(at.sequence.audio.flatMap(({ clips }) => clips)).toHaveLength(1);
  expect(timelineOf(other)).toEqual([]);
});

test("the project was closed: nothing is placed, the sentence says so, and the take can be placed again", async () => {
  const at = oneClip();
  const { host, take } = await withTake(at);
  at.world.projects.length = 0;
  at.world.front = null;
  const refusal = await refusalOf(host.place(take, false));
  expect(refusal.said.key).toBe("host.SEQUENCE_GONE");
  expect(refusal.placing).toEqual({ takeId: "take-1", newTrack: false });
  at.world.projects.push(at.project);
  at.world.front = at.project;
  expect(await host.place(take, false)).toMatchObject({ track: 0 });
});

test.each([
  ["moved", (timebase: number) => ({ start: 300 * timebase, end: 400 * timebase })],
  ["trimmed", (timebase: number) => ({ end: 340 * timebase })],
  ["slipped", (timebase: number) => ({ in: 60 * timebase })],
])("a clip %s since: refused with its name; placed again, it lies where it was made for", async (_how, change) => {
  const at = oneClip();
  const { host, take } = await withTake(at);
  Object.assign(at.sequence.video[0]!.clips[0]!, change(at.sequence.timebase));
  const refusal = await refusalOf(host.place(take, false));
  expect(refusal.said).toEqual({ key: "host.CLIP_MOVED", values: { names: "door" } });
  expect(at.sequence.audio.flatMap(({ clips }) => clips)).toEqual([]);
  expect((await host.place(take, false)).at).toBe(BigInt(250 * at.sequence.timebase));
});

test("every track locked or full: a new one is added, nothing is laid over", async () => {
  const at = oneClip();
  for (const track of at.sequence.audio) track.locked = true;
  lay(at, "Audio", 2, [0, 1000]);
  const { host, take } = await withTake(at);
  const before = timelineOf(at.sequence);
  const placed = await host.place(take, false);
  expect(placed).toMatchObject({ track: 3, trackName: "Foley" });
  expect(timelineOf(at.sequence)).toEqual(expect.arrayContaining(before));
  expect(
    await host.place({ ...take, id: "take-2", path: takeFor(at, { ...take.record.request }, "t2").path }, true),
  ).toMatchObject({
    track: 4,
  });
});

test("no track is free and Premiere adds none: the take is kept, the sentence says what to do, a new track is offered", async () => {
  const at = oneClip({ trackAppearsAfterCalls: -1 });
  for (const track of at.sequence.audio) track.locked = true;
  const { host, take } = await withTake(at);
  const refusal = await refusalOf(host.place(take, false));
  expect(refusal.said.key).toBe("host.TRACK_ADD_FAILED");
  expect(at.world.changes.filter((change) => change.startsWith("track"))).toHaveLength(1);
});

test("the take's file is gone: said, and nothing reaches Premiere", async () => {
  const at = oneClip();
  const { host, take } = await withTake(at);
  rmSync(take.path);
  expect((await refusalOf(host.place(take, false))).said.key).toBe("host.takeGone");
  expect(at.world.changes).toEqual([]);
});

test("the folder beside the project cannot be made: said, and the take stays where it is", async () => {
  const at = oneClip();
  const { host, take, caller } = await withTake(at);
  const { takesFolder } = await caller.call("readSequence", {});
  writeFileSync(takesFolder, "a file is in the way");
  expect((await refusalOf(host.place(take, false))).said.key).toBe("host.folderReadOnly");
  expect(at.world.changes).toEqual([]);
});

test("offline media, nothing selected, no sequence, no project: one sentence each", async () => {
  const offline = scene();
  lay(offline, "Video", 0, [0, 50], { selected: true, name: "lost", item: { offline: true } });
  expect((await premierePanel(offline).selection()).problem).toEqual({
    key: "host.OFFLINE",
    values: { names: "lost" },
  });
  const nothing = await premierePanel(scene()).selection();
  expect(nothing).toMatchObject({ range: null, problem: null, clip: { name: "Sequence seq-1" } });
  const closed = scene();
  closed.project.active = null;
  expect((await premierePanel(closed).selection()).problem?.key).toBe("host.NO_SEQUENCE");
  closed.world.front = null;
  expect((await premierePanel(closed).selection()).problem?.key).toBe("host.NO_PROJECT");
});

test("a dialog is open in Premiere: busy after two seconds, given up in time, and the change is not sent twice", async () => {
  vi.useFakeTimers();
  const at = oneClip();
  const { host, door, take } = await withTake(at);
  const busy: boolean[] = [];
  host.followBusy((now) => busy.push(now));
  door.loseAnswerOf('call("placeTake"');
  const placing = host.place(take, false);
  await vi.waitFor(() => expect(door.scripts.some((script) => script.includes("placeTake"))).toBe(true));
  await vi.advanceTimersByTimeAsync(2_100);
  expect(busy).toEqual([true]);
  await vi.advanceTimersByTimeAsync(200_000);
  expect(await placing).toMatchObject({ at: BigInt(250 * at.sequence.timebase) });
  expect(door.scripts.filter((script) => script.includes("placeTake"))).toHaveLength(1);
  expect(at.sequence.audio.flatMap(({ clips }) => clips)).toHaveLength(1);
  expect(busy).toEqual([true, false]);
});

test("a dialog that stays open: the take is kept and can be placed again when it is closed", async () => {
  vi.useFakeTimers();
  const at = oneClip();
  const { host, door, take } = await withTake(at);
  door.open();
  const refused = refusalOf(host.place(take, false));
  await vi.advanceTimersByTimeAsync(400_000);
  expect((await refused).said.key).toBe("host.HOST_BUSY");
  door.close();
  const placing = host.place(take, false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await placing).toMatchObject({ track: 0 });
});

test("words that break scripts reach Premiere whole", async () => {
  const at = oneClip();
  const { host, take } = await withTake(at);
  const prompt = "a \u2028 b \u2029 c \0 \" ' \\ \ud800 脚步";
  const named = { ...take, record: { ...take.record, request: { ...take.record.request, prompt } } };
  await host.place(named, false);
  expect(at.sequence.audio[0]!.clips[0]!.name).toBe(`Foley: ${prompt} [take-1]`);
});

test("Premiere's events are read once they rest; the panel follows the selection", async () => {
  const at = oneClip();
  const panel = premierePanel(at);
  const told: Selection[] = [];
  panel.host.followSelection((selection) => told.push(selection));
  await vi.waitFor(() => expect(told).toHaveLength(1));
  const type = (await panel.caller.call("watch", { extensionId: "x" })).eventType;
  at.sequence.video[0]!.clips[0]!.selected = false;
  for (let burst = 0; burst < 5; burst++) panel.door.fire(type);
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told[1]).toMatchObject({ range: null });
});
