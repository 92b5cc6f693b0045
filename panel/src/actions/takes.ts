import { secondsOfTicks, ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { type State, type Take, takeOf, takesOfClip } from "../state/state.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";
import { playTake, select } from "./transport.ts";

const selected = ({ store }: App): Take | undefined => takeOf(store.get(), store.get().selectedTakeId);
const hasTake = (app: App): boolean => selected(app) !== undefined;

/** The selected take and the one before it, turn about, from where it plays. */
function swap(app: App): void {
  const { store } = app;
  const { selectedTakeId, otherTakeId } = store.get();
  if (takeOf(store.get(), otherTakeId) === undefined) return;
  store.set({
    selectedTakeId: otherTakeId,
    otherTakeId: selectedTakeId,
    audition: true,
    part: null,
    selectedEvent: null,
  });
}

export const place = (app: App): Promise<void> =>
  attempt(app, async () => {
    const take = selected(app);
    if (take) await app.host.place(take);
  });

const mark = (app: App, change: (take: Take) => { hearted?: boolean; locked?: boolean }): Promise<void> =>
  attempt(app, async () => {
    const take = selected(app);
    if (take) await app.server.markTake(take.id, change(take));
  });

/** Back to the version that a part was made anew in: it still lies on disk. */
export const earlierVersion = (state: State, take: Take): Take | undefined => {
  const last = take.record.history?.[take.record.history.length - 1];
  const folder = take.path.slice(0, take.path.length - take.record.file.length);
  return last && state.takes.find(({ path }) => path === folder + last.file || path.endsWith(last.file));
};

export const undo: Action = {
  name: "undo",
  label: "undo",
  icon: "undo",
  keys: ["Mod+z"],
  when: (app) => {
    const take = selected(app);
    return (
      take !== undefined &&
      (app.store.get().edits[take.id] !== undefined || earlierVersion(app.store.get(), take) !== undefined)
    );
  },
  perform: (app) => {
    const state = app.store.get();
    const take = takeOf(state, state.selectedTakeId);
    if (take === undefined) return;
    if (state.edits[take.id] !== undefined) {
      const { [take.id]: _gone, ...edits } = state.edits;
      return void app.store.set({ edits });
    }
    const earlier = earlierVersion(state, take);
    if (earlier) select(app, earlier.id);
  },
};

const numbered: readonly Action[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
  name: `playTake${number}`,
  label: "playTakeByNumber",
  keys: [String(number)],
  when: ({ store }) => takesOfClip(store.get()).length >= number,
  perform: (app) => {
    const takes = takesOfClip(app.store.get());
    const take = takes[takes.length - number];
    if (take) playTake(app, take.id);
  },
}));

export const swapTakes: Action = {
  name: "swapTakes",
  label: "swapTakes",
  keys: ["a"],
  when: ({ store }) => takeOf(store.get(), store.get().otherTakeId) !== undefined,
  perform: swap,
};
export const placeTake: Action = {
  name: "place",
  label: "place",
  icon: "place",
  keys: ["Enter"],
  when: hasTake,
  perform: place,
};
export const heart: Action = {
  name: "heart",
  label: "heart",
  icon: "heart",
  keys: ["h"],
  when: hasTake,
  perform: (app) => mark(app, (take) => ({ hearted: !take.hearted })),
};
export const lock: Action = {
  name: "lock",
  label: "lock",
  icon: "lock",
  keys: ["x"],
  when: hasTake,
  perform: (app) => mark(app, (take) => ({ locked: !take.locked })),
};
export const TAKES: readonly Action[] = [...numbered, swapTakes, placeTake, heart, lock, undo];

/** Where a take begins on the picture, in seconds. */
export const startOf = (take: Take): number => secondsOfTicks(ticksOfString(take.record.request.fromTicks));
