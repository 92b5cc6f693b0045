import { ticks } from "local-server/protocol";
import type { App } from "../app.ts";
import type { Selection } from "../bridges/host-adapter.ts";
import { keyOfClip } from "../state/state.ts";
import { showClip } from "./clip.ts";

/** Follows what is chosen in the host, and whether it answers. */
export function followHost(app: App): void {
  const { host, store } = app;
  host.followSelection((selection) => take(app, selection));
  host.followBusy((busy) => store.set((state) => ({ host: { ...state.host, busy } })));
  host.followTheme((hostTheme) => store.set({ hostTheme }));
}

/** With nothing chosen the last range stays, dimmed; another sequence is another picture. */
function take(app: App, { clip, range, announcement, problem }: Selection): void {
  const { store } = app;
  const before = store.get();
  const isOther = clip !== null && (before.clip === null || keyOfClip(before.clip) !== keyOfClip(clip));
  const follows = before.host.follows || isOther;
  store.set(({ host }) => ({ host: { ...host, follows, announcement, problem } }));
  if (clip === null) {
    if (before.clip !== null) store.set({ clip: null, look: null, part: null });
    return;
  }
  const next = follows && range !== null ? range : before.range;
  if (isOther) showClip(app, clip, range ?? { from: ticks(0n), to: ticks(0n) });
  else store.set({ clip, range: next });
}

/** Lets the range follow the host's selection again. */
export function follow({ store, host }: App): void {
  store.set((state) => ({ host: { ...state.host, follows: true } }));
  host.readSelectionAgain();
}
