import { MAX_RANGE_SECONDS, ticksOfSeconds, ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { infoNotice } from "../state/notice.ts";
import {
  type Clip,
  clipPathOf,
  isOfClip,
  keyOfClip,
  type Placed,
  type State,
  type Take,
  takesOfClip,
} from "../state/state.ts";
import { clampTicks } from "../state/timecode.ts";
import { noticeFor } from "./attempt.ts";
import { select, setRange } from "./transport.ts";

/** Opens a clip: the whole of it is the range, and its takes are found again. */
export async function openClip(
  app: App,
  open: (onProgress: (fraction: number) => void) => Promise<Clip>,
): Promise<void> {
  const { store, player } = app;
  const text = translate(store.get().language);
  store.set({ opening: text("opening"), notice: null });
  try {
    const clip = await open((fraction) =>
      store.set({ opening: text("uploading", { percent: Math.round(100 * fraction) }) }),
    );
    player.pause();
    const zero = ticksOfSeconds(0);
    const to = clampTicks(clip.duration, zero, ticksOfSeconds(MAX_RANGE_SECONDS));
    showClip(app, clip, { from: zero, to });
  } catch (error) {
    store.set({ notice: noticeFor(app, error) });
  } finally {
    store.set({ opening: null });
  }
}

/** Another picture: its takes and tracks with it, the newest take chosen. */
export function showClip({ store }: App, clip: Clip, range: State["range"]): void {
  store.set({
    clip,
    range,
    look: null,
    selectedTakeId: null,
    otherTakeId: null,
    audition: false,
    part: null,
    selectedEvent: null,
    placed: keptPlacements(store.get(), keyOfClip(clip)),
  });
  const newest = takesOfClip(store.get())[0];
  if (newest) store.set({ selectedTakeId: newest.id });
}

/**
 * Chooses a take over the picture that it was made for, which is opened in the browser; in an editor the range becomes the
 * take's. False where its picture is not to be had.
 */
export async function showTake(app: App, take: Take): Promise<boolean> {
  const { store, server, host } = app;
  const video = clipPathOf(take);
  const { target } = take.record.request;
  if (host.showsPicture && video !== null && store.get().clip?.path !== video) {
    await openClip(app, () => server.openPath(video));
  } else if (target && store.get().clip?.sequence?.sequenceId === target.sequenceId) {
    setRange(app, { from: ticksOfString(target.fromTicks), to: ticksOfString(target.toTicks) });
  }
  const isShown = isOfClip(store.get(), take);
  if (isShown) select(app, take.id);
  if (isShown || target === undefined) store.set({ view: "cue" });
  else store.set({ notice: infoNotice(translate(store.get().language)("host.SEQUENCE_GONE")) });
  return isShown;
}

/** What lay on the tracks under a clip when it was open last, as far as the takes are still there. */
const keptPlacements = ({ tracks, takes }: State, key: string): Placed[] =>
  (tracks[key] ?? [])
    .filter(({ takeId }) => takes.some(({ id }) => id === takeId))
    .map(({ at, ...rest }) => ({ ...rest, at: ticksOfString(at) }));

/** A video of this machine, copied to the engine and opened. */
export const openFile = (app: App, file: File): Promise<void> =>
  openClip(app, (onProgress) => app.server.upload(file, onProgress));

/** A path as people paste it: Windows' *Copy as path* and a terminal put it in quotes. */
export const pathOfTyped = (typed: string): string => typed.trim().replace(/^(["'])(.*)\1$/, "$2");

/** Asks for a video by the browser's own picker. */
export function openVideo(app: App): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "video/*,.mxf,.mkv,.mov,.avi";
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void openFile(app, file);
  });
  input.click();
}
