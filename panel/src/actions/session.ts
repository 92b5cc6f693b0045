import { ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { noticeOfBody } from "../state/notice.ts";
import { soundingTracks } from "../state/sounding.ts";
import { isOfClip, keyOfClip, type State, type Take, takeOf, takesOfClip } from "../state/state.ts";
import { openClip } from "./clip.ts";
import { settleEdits } from "./events.ts";
import { select } from "./transport.ts";

/** Keeps what the person sees and hears in step with the state: the sound of the tracks, what came of jobs, the cue for next time. */
export function followState(app: App): void {
  const { store, player, server } = app;
  let last: State = store.get();
  const changed = (state: State, ...keys: (keyof State)[]): boolean => keys.some((key) => state[key] !== last[key]);
  store.subscribe(() => {
    const state = store.get();
    const before = last;
    const sounds = changed(state, "takes", "placed", "selectedTakeId", "otherTakeId", "audition", "clip");
    const cue = changed(state, "clip", "range", "placed");
    const came = changed(state, "takes") ? cameOf(before, state) : [];
    const failed = changed(state, "jobs") ? failedOf(before, state) : undefined;
    last = state;
    if (sounds) player.setTracks(soundingTracks(state, (take) => server.takeBytes(take)));
    if (cue) keepCue(app, state);
    for (const take of came) welcome(app, take);
    if (takeOf(before, state.selectedTakeId) && !takeOf(state, state.selectedTakeId)) leave(app);
    if (failed?.error) {
      const text = translate(state.language);
      store.set({ notice: noticeOfBody(failed.error, text, failed.request) });
    }
  });
}

/** Takes of jobs that were known before: not those of a snapshot. */
const cameOf = (before: State, { takes }: State): Take[] =>
  takes.filter(
    ({ id, jobId }) => !before.takes.some((old) => old.id === id) && before.jobs.some((job) => job.id === jobId),
  );

const failedOf = (before: State, { jobs }: State) =>
  jobs.find(({ id, state }) => {
    const was = before.jobs.find((old) => old.id === id)?.state;
    return state === "failed" && was !== undefined && was !== "failed";
  });

/** A take that was just made is the chosen one; where nothing fitted, the words are asked for. */
function welcome(app: App, take: Take): void {
  const { store } = app;
  settleEdits(app, take);
  store.set({ hintsSeen: true });
  if (!isOfClip(store.get(), take)) return;
  const keepsEvent = take.record.request.basedOn !== undefined;
  const { selectedEvent } = store.get();
  select(app, take.id);
  if (keepsEvent) store.set({ selectedEvent });
  if (isNothing(take)) document.querySelector<HTMLTextAreaElement>("[data-words] textarea")?.focus();
}

/** The chosen take is gone: the newest of what is open is chosen, and nothing of it lies on a track any more. */
function leave({ store }: App): void {
  const state = store.get();
  store.set({
    selectedTakeId: takesOfClip(state)[0]?.id ?? null,
    part: null,
    selectedEvent: null,
    placed: state.placed.filter(({ takeId }) => takeOf(state, takeId) !== undefined),
  });
}

/** Whether the model found nothing in the picture that it knows a sound for, and no words said otherwise. */
export const isNothing = ({ record }: Take): boolean => record.chosen.length === 0 && record.lufs === null;

function keepCue({ store }: App, { clip, range, placed, tracks }: State): void {
  if (clip === null) return;
  store.set({
    ...(clip.sequence ? {} : { lastCue: { path: clip.path, from: String(range.from), to: String(range.to) } }),
    tracks: { ...tracks, [keyOfClip(clip)]: placed.map(({ at, ...rest }) => ({ ...rest, at: String(at) })) },
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
  if (opened === null || lastCue.path !== opened.path) return;
  const to = ticksOfString(lastCue.to);
  if (to > 0n && to <= opened.duration) store.set({ range: { from: ticksOfString(lastCue.from), to } });
}
