import { expect, test } from "vitest";
import { placeTakeOf } from "../../panel/src/actions/takes.ts";
import { select, selectOnTrack } from "../../panel/src/actions/transport.ts";
import type { App } from "../../panel/src/app.ts";
import { createBrowserHost } from "../../panel/src/bridges/browser/host.ts";
import { loadPersisted } from "../../panel/src/state/persist.ts";
import { soundingTracks } from "../../panel/src/state/sounding.ts";
import { initialState, type State, type Take } from "../../panel/src/state/state.ts";
import { createStore } from "../../panel/src/state/store.ts";
import { clipOfPanel } from "../support/clip-of-panel.ts";
import { takeRecord } from "../support/take-record.ts";

/** Takes of the same clip over the same second, and the panel's own host in a browser. */

const take = (id: string, createdAt_ms: number, basedOn?: string): Take => ({
  id,
  jobId: `job of ${id}`,
  path: `/takes/${id}.wav`,
  record: {
    ...takeRecord(),
    file: `${id}.wav`,
    request: { ...takeRecord().request, video: "/clips/door.mov", ...(basedOn ? { basedOn } : {}) },
  },
  hearted: false,
  locked: false,
  createdAt_ms,
});
const steps = take("steps", 1);
const rain = take("rain", 2);
const moved = take("steps moved", 3, "steps");

function opened() {
  const persisted = loadPersisted({ getItem: () => null });
  const store = createStore<State>({ ...initialState(persisted), clip: clipOfPanel, takes: [steps, rain, moved] });
  const app = { store, host: createBrowserHost(store) } as App;
  const heard = (): string[] =>
    soundingTracks(store.get(), async () => new ArrayBuffer(0))
      .map(({ id }) => id)
      .sort();
  return { store, app, heard };
}

test("takes placed over one another are heard together; one chosen in the list is heard by itself", async () => {
  const { store, app, heard } = opened();
  select(app, "steps");
  expect(heard()).toEqual(["steps"]);
  await placeTakeOf(app, steps);
  select(app, "rain");
  expect(heard()).toEqual(["rain"]);
  await placeTakeOf(app, rain);
  expect(heard()).toEqual(["rain", "steps"]);
  select(app, "steps");
  expect(heard()).toEqual(["steps"]);
  selectOnTrack(app, "steps");
  expect(heard()).toEqual(["rain", "steps"]);
  store.set(({ placed }) => ({ placed: placed.map((item) => ({ ...item, muted: item.takeId === "rain" })) }));
  expect(heard()).toEqual(["steps"]);
});

test("another version of a placed take takes its place, and is not laid beside it", async () => {
  const { store, app, heard } = opened();
  await placeTakeOf(app, rain);
  await placeTakeOf(app, steps);
  await placeTakeOf(app, moved);
  select(app, "steps moved");
  selectOnTrack(app, "steps moved");
  expect(store.get().placed.map(({ takeId, trackName }) => [takeId, trackName])).toEqual([
    ["rain", "A1"],
    ["steps moved", "A2"],
  ]);
  expect(heard()).toEqual(["rain", "steps moved"]);
});
