import type { SoundEvent } from "local-server/protocol";
import type { App } from "../app.ts";
import { eventsOf, requestAgain, type Take, takeOf } from "../state/state.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";
import { startOf } from "./takes.ts";

const selected = ({ store }: App): Take | undefined => takeOf(store.get(), store.get().selectedTakeId);
/** Edits are performed when the hand has rested this long. */
const REST_MS = 500;
let resting: ReturnType<typeof setTimeout> | undefined;

/** Changes the events of the selected take; the take that performs them comes as soon as the hand rests. */
export function editEvents(app: App, change: (events: readonly SoundEvent[]) => readonly SoundEvent[]): void {
  const take = selected(app);
  if (take === undefined || take.locked) return;
  const events = change(eventsOf(app.store.get(), take));
  app.store.set(({ edits }) => ({ edits: { ...edits, [take.id]: events } }));
  clearTimeout(resting);
  resting = setTimeout(() => void perform(app, take.id), REST_MS);
}

const perform = (app: App, takeId: string): Promise<void> =>
  attempt(app, async () => {
    const state = app.store.get();
    const take = takeOf(state, takeId);
    const events = state.edits[takeId];
    if (take === undefined || events === undefined) return;
    const sorted = [...events].sort((a, b) => a.time - b.time);
    await app.server.generate({ ...requestAgain(take), seed: take.record.seed, events: sorted });
    app.store.set(({ edits }) => {
      const { [takeId]: _performed, ...rest } = edits;
      return { edits: rest };
    });
  });

export function moveEvent(app: App, index: number, seconds: number): void {
  const length = selected(app)?.record.seconds ?? 0;
  editEvents(app, (events) =>
    events.map((event, i) => (i === index ? { ...event, time: Math.max(0, Math.min(length, seconds)) } : event)),
  );
}

export const changeEvent = (app: App, index: number, change: Partial<SoundEvent>): void =>
  editEvents(app, (events) => events.map((event, i) => (i === index ? { ...event, ...change } : event)));

/** A new event takes the sound of the nearest one: what is tapped is mostly more of the same. */
function addEvent(app: App): void {
  const take = selected(app);
  if (take === undefined) return;
  const time = app.player.seconds() - startOf(take);
  if (time < 0 || time > take.record.seconds) return;
  const events = eventsOf(app.store.get(), take);
  const nearest = [...events].sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0];
  const added: SoundEvent = {
    time,
    strength: nearest?.strength ?? 0.7,
    confidence: 1,
    x: nearest?.x ?? 0,
    sound: nearest?.sound ?? null,
  };
  app.store.set({ selectedEvent: events.length });
  editEvents(app, (old) => [...old, added]);
}

const hasEvent = (app: App): boolean => selected(app) !== undefined && app.store.get().selectedEvent !== null;

export const EVENTS: readonly Action[] = [
  {
    name: "addEvent",
    label: "addEvent",
    icon: "plus",
    keys: ["e"],
    when: (app) => selected(app)?.locked === false,
    perform: addEvent,
  },
  {
    name: "muteEvent",
    label: "muteEvent",
    icon: "mute",
    keys: ["Delete", "Backspace"],
    when: hasEvent,
    perform: (app) => {
      const index = app.store.get().selectedEvent;
      if (index === null) return;
      editEvents(app, (events) =>
        events.map((event, i) => (i === index ? { ...event, muted: event.muted !== true } : event)),
      );
    },
  },
];
