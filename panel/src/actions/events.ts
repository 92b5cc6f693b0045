import type { SoundEvent } from "local-server/protocol";
import type { App } from "../app.ts";
import { activeJobs, eventsOf, requestAgain, startOf, type Take, takeOf } from "../state/state.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";

const selected = ({ store }: App): Take | undefined => takeOf(store.get(), store.get().selectedTakeId);
/** Edits are performed when the hand has rested this long. */
const REST_MS = 500;
let resting: ReturnType<typeof setTimeout> | undefined;
/** An event starts before the take has ended, on a whole sample of its range. */
const lastSeconds = ({ record }: Take): number => Math.max(0, record.seconds - 0.001);
/** What is being performed, by take: a later edit takes its place. */
const performing = new Map<string, { readonly jobId: string; readonly events: readonly SoundEvent[] }>();

/** Changes the events of the selected take; the version that performs them comes as soon as the hand rests. */
export function editEvents(app: App, change: (events: readonly SoundEvent[]) => readonly SoundEvent[]): void {
  const take = selected(app);
  if (take === undefined || take.locked) return;
  const events = change(eventsOf(app.store.get(), take));
  app.store.set(({ edits }) => ({ edits: { ...edits, [take.id]: events } }));
  restThenPerform(app, take.id);
}

function restThenPerform(app: App, takeId: string): void {
  clearTimeout(resting);
  resting = setTimeout(() => void perform(app, takeId), REST_MS);
}

const perform = (app: App, takeId: string): Promise<void> =>
  attempt(app, async () => {
    const state = app.store.get();
    const take = takeOf(state, takeId);
    const events = state.edits[takeId];
    if (take === undefined || events === undefined) return;
    const earlier = performing.get(takeId);
    if (earlier && activeJobs(state).some(({ id }) => id === earlier.jobId)) await app.server.cancel(earlier.jobId);
    const sorted = [...events].sort((a, b) => a.time - b.time);
    const jobId = await app.server.generate({ ...requestAgain(take), seed: take.record.seed, events: sorted });
    performing.set(takeId, { jobId, events });
  });

/** The version that performs edits has come: they are done, or, where the hand went on meanwhile, they go on from it. */
export function settleEdits(app: App, came: Take): void {
  const base = came.record.request.basedOn;
  if (base === undefined) return;
  const done = performing.get(base);
  if (done?.jobId !== came.jobId) return;
  performing.delete(base);
  const { edits } = app.store.get();
  const { [base]: made, ...rest } = edits;
  const isDone = made === undefined || made === done.events;
  app.store.set({ edits: isDone ? rest : { ...rest, [came.id]: made } });
  if (!isDone) restThenPerform(app, came.id);
}

/** Takes unperformed edits back. */
export function dropEdits({ store, server }: App, takeId: string): void {
  clearTimeout(resting);
  const made = performing.get(takeId);
  performing.delete(takeId);
  if (made && activeJobs(store.get()).some(({ id }) => id === made.jobId))
    void server.cancel(made.jobId).catch(() => {});
  store.set(({ edits }) => {
    const { [takeId]: _gone, ...rest } = edits;
    return { edits: rest };
  });
}

export function moveEvent(app: App, index: number, seconds: number): void {
  const take = selected(app);
  if (take === undefined) return;
  const time = Math.max(0, Math.min(lastSeconds(take), seconds));
  editEvents(app, (events) => events.map((event, i) => (i === index ? { ...event, time } : event)));
}

export const changeEvent = (app: App, index: number, change: Partial<SoundEvent>): void =>
  editEvents(app, (events) => events.map((event, i) => (i === index ? { ...event, ...change } : event)));

/** Another recording of the same event: its small changes of pitch and tone are drawn anew. */
export const changeSound = (app: App, index: number, sound: string): void =>
  editEvents(app, (events) =>
    events.map((event, i) => {
      if (i !== index) return event;
      const { variation: _drawn, ...rest } = event;
      return { ...rest, sound };
    }),
  );

/** A new event takes the sound of the nearest one: what is tapped is mostly more of the same. */
function addEvent(app: App): void {
  const take = selected(app);
  if (take === undefined) return;
  const time = app.player.seconds() - startOf(take);
  if (time < 0 || time > lastSeconds(take)) return;
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
