import { secondsOfTicks, type Ticks, ticksOfSeconds } from "local-server/protocol";
import type { App } from "../app.ts";
import { startOf, takeOf } from "../state/state.ts";
import { clampTicks, stepFrames } from "../state/timecode.ts";
import { familyOf } from "../state/versions.ts";
import type { Action } from "./action.ts";

const hasClip = ({ store }: App): boolean => store.get().clip !== null;
const hasTake = ({ store }: App): boolean => takeOf(store.get(), store.get().selectedTakeId) !== undefined;
const playhead = ({ player }: App): Ticks => ticksOfSeconds(player.seconds());

/** Plays the range from its start where the playhead stands outside it. */
function playStop(app: App): void {
  const { player, store } = app;
  if (player.playing()) {
    player.pause();
    return;
  }
  const { range, clip } = store.get();
  if (clip === null) return;
  const [from, to] = [secondsOfTicks(range.from), secondsOfTicks(range.to)];
  const at = player.seconds();
  const end = to > from ? to : secondsOfTicks(clip.duration);
  if (at < from - 0.001 || at >= end - 0.03) player.seek(from);
  void player.play(end);
}

/** Moves by frames and shows the new one. */
export function step(app: App, frames: number): void {
  const { player, store } = app;
  const { clip } = store.get();
  if (clip === null) return;
  player.pause();
  const target = stepFrames(playhead(app), frames, clip.count.rate);
  // A little into the frame: a time on its very edge may show the one before.
  player.seek(secondsOfTicks(clampTicks(target, ticksOfSeconds(0), clip.duration)) + 0.0005);
}

/** In a host with a selection the range follows it no more once it was set here. */
export function setRange({ store }: App, change: { readonly from?: Ticks; readonly to?: Ticks }): void {
  const { range, clip, host } = store.get();
  if (clip === null) return;
  if (clip.sequence) store.set({ host: { ...host, follows: false } });
  const frame = stepFrames(ticksOfSeconds(0), 1, clip.count.rate);
  const zero = ticksOfSeconds(0);
  const from = clampTicks(change.from ?? range.from, zero, clip.duration);
  const to = clampTicks(change.to ?? range.to, zero, clip.duration);
  const least = BigInt(frame) as Ticks;
  if (to - from >= least) store.set({ range: { from, to } });
  else if (change.from !== undefined) store.set({ range: { from, to: clip.duration } });
  else store.set({ range: { from: zero, to } });
}

const shuttle = (app: App, direction: 1 | -1): void => {
  const rate = app.player.rate();
  const next = Math.sign(rate) === direction ? Math.max(-4, Math.min(4, rate * 2)) : direction;
  app.player.shuttle(next);
};

export const TRANSPORT: readonly Action[] = [
  { name: "playStop", label: "playStop", icon: "play", keys: [" "], when: hasClip, perform: playStop },
  { name: "shuttleBack", label: "shuttleBack", keys: ["j"], when: hasClip, perform: (app) => shuttle(app, -1) },
  { name: "shuttleStop", label: "shuttleStop", keys: ["k"], when: hasClip, perform: ({ player }) => player.pause() },
  { name: "shuttleOn", label: "shuttleOn", keys: ["l"], when: hasClip, perform: (app) => shuttle(app, 1) },
  {
    name: "frameBack",
    label: "frameBack",
    icon: "stepBack",
    keys: ["ArrowLeft"],
    when: hasClip,
    perform: (app) => step(app, -1),
  },
  {
    name: "frameOn",
    label: "frameOn",
    icon: "stepOn",
    keys: ["ArrowRight"],
    when: hasClip,
    perform: (app) => step(app, 1),
  },
  {
    name: "markIn",
    label: "markIn",
    icon: "inPoint",
    keys: ["i"],
    when: hasClip,
    perform: (app) => setRange(app, { from: frameStart(app) }),
  },
  {
    name: "markOut",
    label: "markOut",
    icon: "outPoint",
    keys: ["o"],
    when: hasClip,
    perform: (app) => setRange(app, { to: frameStart(app) }),
  },
  {
    name: "partFrom",
    label: "partFrom",
    keys: ["["],
    when: hasTake,
    perform: (app) => markPart(app, "from"),
  },
  { name: "partTo", label: "partTo", keys: ["]"], when: hasTake, perform: (app) => markPart(app, "to") },
];

/** Marks where the part to make anew begins or ends: at the playhead, by whole frames. */
function markPart(app: App, end: "from" | "to"): void {
  const { player, store } = app;
  const state = store.get();
  const take = takeOf(state, state.selectedTakeId);
  if (take === undefined) return;
  const { seconds } = take.record;
  const at = Math.max(0, Math.min(seconds, secondsOfTicks(frameStart(app)) - startOf(take)));
  const part = { from: 0, to: seconds, ...state.part, [end]: at };
  player.pause();
  if (part.to > part.from) store.set({ part });
  else store.set({ part: end === "from" ? { from: at, to: seconds } : { from: 0, to: at } });
}

export function wholeClip(app: App): void {
  const { clip } = app.store.get();
  if (clip) setRange(app, { from: ticksOfSeconds(0), to: clip.duration });
}

const frameStart = (app: App): Ticks => {
  const { clip } = app.store.get();
  return clip === null ? playhead(app) : stepFrames(playhead(app), 0, clip.count.rate);
};

/** Selects a take and plays it over the picture from its start; again stops it. */
export function playTake(app: App, id: string): void {
  const { player, store } = app;
  const state = store.get();
  const take = takeOf(state, id);
  if (take === undefined) return;
  const isOn = player.playing() && state.selectedTakeId === id;
  player.pause();
  select(app, id);
  if (isOn) return;
  const from = startOf(take);
  player.seek(from);
  void player.play(from + take.record.seconds);
}

/** Chooses a take where it lies on a track: all tracks are heard then, not it alone. */
export function selectOnTrack(app: App, id: string): void {
  select(app, id);
  app.store.set({ audition: false });
}

export function select({ store }: App, id: string): void {
  const { selectedTakeId, otherTakeId, takes, shown } = store.get();
  const take = takeOf(store.get(), id);
  if (selectedTakeId === id || take === undefined) {
    store.set({ audition: true });
    return;
  }
  store.set({
    shown: { ...shown, [familyOf(takes, take).id]: id },
    selectedTakeId: id,
    otherTakeId: selectedTakeId ?? otherTakeId,
    audition: true,
    part: null,
    selectedEvent: null,
  });
}
