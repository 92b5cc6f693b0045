import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { infoNotice } from "../state/notice.ts";
import { versionPlaced } from "../state/placing.ts";
import { type Placed, type State, type Take, takeOf, takesOfClip } from "../state/state.ts";
import { timecodeAt } from "../state/timecode.ts";
import { childOf, type Family, familiesOf, parentOf, shownVersion } from "../state/versions.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";
import { dropEdits } from "./events.ts";
import { playTake, select } from "./transport.ts";

const selected = ({ store }: App): Take | undefined => takeOf(store.get(), store.get().selectedTakeId);
const hasTake = (app: App): boolean => selected(app) !== undefined;
/** The rows of the list, newest first. */
export const familiesOfClip = (state: State): Family[] => familiesOf(takesOfClip(state));

/** The selected take and the one before it, turn about, from where it plays. */
function swap(app: App): void {
  const { selectedTakeId, otherTakeId } = app.store.get();
  if (otherTakeId === null) return;
  select(app, otherTakeId);
  app.store.set({ otherTakeId: selectedTakeId });
}

/** Lays a take where it belongs and says where it came to lie. The take is kept whatever becomes of that. */
export async function placeTakeOf({ store, host }: App, take: Take, onNewTrack = false): Promise<void> {
  const item = await host.place(take, onNewTrack);
  const { clip, language, takes } = store.get();
  const at = clip === null ? "" : timecodeAt(item.at, clip.count);
  const text = translate(language)("placedNotice", { track: item.trackName, timecode: at });
  store.set(({ placed }) => {
    const earlier = versionPlaced(placed, take, takes);
    const isReplaced = (other: Placed): boolean =>
      other.takeId === take.id || (other === earlier && other.track === item.track);
    return { placed: [...placed.filter((other) => !isReplaced(other)), item] };
  });
  store.set({ audition: false, notice: infoNotice(text) });
}

const mark = (app: App, change: (take: Take) => { hearted?: boolean; locked?: boolean }): Promise<void> =>
  attempt(app, async () => {
    const take = selected(app);
    if (take) await app.server.markTake(take.id, change(take));
  });

/** Unperformed edits are taken back first; then the version that this one was made of. */
export const undo: Action = {
  name: "undo",
  label: "undo",
  icon: "undo",
  keys: ["Mod+z"],
  when: (app) => {
    const take = selected(app);
    const { edits, takes } = app.store.get();
    return take !== undefined && (edits[take.id] !== undefined || parentOf(takes, take) !== undefined);
  },
  perform: (app) => {
    const take = selected(app);
    if (take === undefined) return;
    if (app.store.get().edits[take.id] !== undefined) return dropEdits(app, take.id);
    const earlier = parentOf(app.store.get().takes, take);
    if (earlier) select(app, earlier.id);
  },
};

export const redo: Action = {
  name: "redo",
  label: "redoVersion",
  icon: "redo",
  keys: ["Mod+Shift+z", "Mod+y"],
  when: (app) => {
    const take = selected(app);
    return take !== undefined && childOf(app.store.get().takes, take) !== undefined;
  },
  perform: (app) => {
    const take = selected(app);
    const later = take && childOf(app.store.get().takes, take);
    if (later) select(app, later.id);
  },
};

const numbered: readonly Action[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
  name: `playTake${number}`,
  label: "playTakeByNumber",
  keys: [String(number)],
  when: ({ store }) => familiesOfClip(store.get()).length >= number,
  perform: (app) => {
    const families = familiesOfClip(app.store.get());
    const family = families[families.length - number];
    if (family) playTake(app, shownVersion(app.store.get(), family).id);
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
  perform: (app) =>
    attempt(app, async () => {
      const take = selected(app);
      if (take) await placeTakeOf(app, take);
    }),
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
export const TAKES: readonly Action[] = [...numbered, swapTakes, placeTake, heart, lock, undo, redo];
