import { translate } from "../../i18n/text.ts";
import { placeOnFreeTrack } from "../../state/placing.ts";
import type { State, Take } from "../../state/state.ts";
import type { Store } from "../../state/store.ts";
import { timecodeAt } from "../../state/timecode.ts";
import type { Host } from "../host-face.ts";
import type { Server } from "../server.ts";

/** The page is the host: its picture is the sequence, and its tracks lie under the picture. */
export function createBrowserHost(store: Store<State>, server: Server): Host {
  return {
    showsPicture: true,
    async place(take: Take) {
      const { placed, takes, clip, language } = store.get();
      if (clip === null) return;
      const item = placeOnFreeTrack(placed, take, takes);
      const text = translate(language)("placedNotice", {
        track: `A${item.track + 1}`,
        timecode: timecodeAt(item.at, clip.count),
      });
      store.set({
        placed: placed.includes(item) ? placed : [...placed, item],
        notice: { kind: "info", text, detail: null, action: null },
      });
    },
    async reveal(take) {
      const text = translate(store.get().language)("liesAt", { path: take.path });
      store.set({ notice: { kind: "info", text, detail: null, action: null } });
    },
    restartServer: () => server.reconnect(),
  };
}
