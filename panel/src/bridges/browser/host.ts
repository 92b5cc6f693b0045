import { ticks } from "local-server/protocol";
import { placeOnFreeTrack } from "../../state/placing.ts";
import type { Clip, State } from "../../state/state.ts";
import type { Store } from "../../state/store.ts";
import { clampTicks } from "../../state/timecode.ts";
import type { HostAdapter, Media } from "../host-adapter.ts";
import { findInAddress } from "./address.ts";

const mediaOf = ({ path, duration }: Clip, { from, to }: State["range"]): Media => ({
  video: path,
  fromTicks: String(from),
  toTicks: String(clampTicks(to, ticks(0n), duration)),
});

/** The page is the host: its picture is the sequence, and its tracks lie under the picture. */
export function createBrowserHost(store: Store<State>): HostAdapter {
  return {
    name: "browser",
    showsPicture: true,
    startsServer: false,
    findServer: async () => findInAddress(),
    followTheme() {},
    followSelection() {},
    followBusy() {},
    readSelectionAgain() {},
    peek: mediaOf,
    prepare: async (clip, range) => mediaOf(clip, range),
    async place(take, onNewTrack) {
      const { placed, takes } = store.get();
      return placeOnFreeTrack(placed, take, takes, onNewTrack);
    },
    reveal: async () => false,
    dragsBytes: true,
    drag(take, url, transfer) {
      if (url === null) return;
      // Chromium writes the file where it is dropped on a desktop or folder.
      transfer.setData("DownloadURL", `audio/wav:${take.record.file}:${url}`);
    },
    describe: () => [navigator.userAgent],
  };
}
