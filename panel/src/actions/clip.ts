import { MAX_RANGE_SECONDS, ticksOfSeconds, ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { noticeOf } from "../state/notice.ts";
import { type Clip, clipPathOf, type Placed, type State } from "../state/state.ts";
import { clampTicks } from "../state/timecode.ts";

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
    store.set({
      clip,
      range: { from: zero, to },
      selectedTakeId: null,
      otherTakeId: null,
      part: null,
      placed: keptPlacements(store.get(), clip.path),
    });
    const newest = store
      .get()
      .takes.filter((take) => clipPathOf(take) === clip.path)
      .sort((a, b) => b.createdAt_ms - a.createdAt_ms)[0];
    if (newest) store.set({ selectedTakeId: newest.id });
  } catch (error) {
    store.set({ notice: noticeOf(error, text) });
  } finally {
    store.set({ opening: null });
  }
}

/** What lay on the tracks under a clip when it was open last, as far as the takes are still there. */
const keptPlacements = ({ tracks, takes }: State, path: string): Placed[] =>
  (tracks[path] ?? [])
    .filter(({ takeId }) => takes.some(({ id }) => id === takeId))
    .map(({ at, ...rest }) => ({ ...rest, at: ticksOfString(at) }));
