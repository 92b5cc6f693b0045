import { ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { soundingTracks } from "../state/sounding.ts";
import type { State } from "../state/state.ts";
import { openClip } from "./clip.ts";

/** Keeps what the person sees and hears in step with the state: the sound of the tracks, and the cue for the next time. */
export function followState(app: App): void {
  const { store, player, server } = app;
  let last: State = store.get();
  const changed = (state: State, ...keys: (keyof State)[]): boolean => keys.some((key) => state[key] !== last[key]);
  store.subscribe(() => {
    const state = store.get();
    const sounds = changed(state, "takes", "placed", "selectedTakeId", "otherTakeId", "audition", "clip");
    const cue = changed(state, "clip", "range", "placed");
    const came =
      changed(state, "takes") && state.takes.length > last.takes.length
        ? state.takes.find(({ id }) => !last.takes.some((old) => old.id === id))
        : undefined;
    const fresh = came !== undefined && last.jobs.some(({ id }) => id === came.jobId);
    last = state;
    if (sounds) player.setTracks(soundingTracks(state, (take) => server.takeBytes(take)));
    if (cue) keepCue(app, state);
    if (fresh) {
      store.set(({ selectedTakeId }) => ({
        selectedTakeId: came.id,
        otherTakeId: selectedTakeId,
        audition: true,
        part: null,
        selectedEvent: null,
        hintsSeen: true,
      }));
    }
  });
}

function keepCue({ store }: App, { clip, range, placed, tracks }: State): void {
  if (clip === null) return;
  store.set({
    lastCue: { path: clip.path, from: String(range.from), to: String(range.to) },
    tracks: { ...tracks, [clip.path]: placed.map(({ at, ...rest }) => ({ ...rest, at: String(at) })) },
  });
}

/** Opens what was open last, or what the address asks for, with its range. A clip that is gone is said once. */
export async function reopenLast(app: App, asked: string | null): Promise<void> {
  const { store, server } = app;
  const { lastCue, clip } = store.get();
  const path = asked ?? (lastCue.path || null);
  if (clip !== null || path === null) return;
  await openClip(app, () => server.openPath(path));
  const opened = store.get().clip;
  if (opened === null) return;
  if (lastCue.path !== opened.path) return;
  const to = ticksOfString(lastCue.to);
  if (to > 0n && to <= opened.duration) store.set({ range: { from: ticksOfString(lastCue.from), to } });
}
