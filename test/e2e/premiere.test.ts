import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { generate } from "../../panel/src/actions/generate.ts";
import { followHost } from "../../panel/src/actions/selection.ts";
import { followState } from "../../panel/src/actions/session.ts";
import { placeTake } from "../../panel/src/actions/takes.ts";
import type { App } from "../../panel/src/app.ts";
import { createPlayer } from "../../panel/src/audio/player.ts";
import { connectServer } from "../../panel/src/bridges/server.ts";
import { loadPersisted } from "../../panel/src/state/persist.ts";
import { initialState, type State, takesOfClip } from "../../panel/src/state/state.ts";
import { createStore } from "../../panel/src/state/store.ts";
import { serve } from "../support/panel.ts";
import { premierePanel } from "../support/premiere/panel.ts";
import { lay, SAMPLE, type Scene, scene, TIMEBASE } from "../support/premiere/scene.ts";

/** All of the panel but its views, in Premiere's double, over the real server. */
async function openPanel(at: Scene): Promise<App> {
  const data = mkdtempSync(join(tmpdir(), "foley-premiere-e2e-"));
  const server = await serve(data);
  onTestFinished(async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }, 60_000);
  const { origin, hash } = new URL(server.url);
  const token = new URLSearchParams(hash.slice(1)).get("token") ?? "";
  const store = createStore<State>(initialState(loadPersisted({ getItem: () => null })));
  const { host } = premierePanel(at, {
    launch: async () => ({ origin, token }),
    probe: (path) => connection.openPath(path),
  });
  const connection = connectServer(store, host, () => undefined);
  const app: App = { store, host, server: connection, player: createPlayer() };
  followState(app);
  followHost(app);
  await vi.waitFor(() => expect(store.get().connection.state).toBe("up"), { timeout: 20_000 });
  return app;
}

test("Premiere: a trimmed clip is selected, the button pressed, and the take lies under it on its frame, with sound in it", async () => {
  const at = scene({}, { timebase: TIMEBASE["29.97"], displayFormat: 102, zeroPoint: 107_892 * TIMEBASE["29.97"] });
  const video = resolve(import.meta.dirname, "../fixtures/walk-wood-floor.mp4");
  lay(at, "Video", 0, [300, 390], {
    selected: true,
    in: 60 * at.sequence.timebase,
    name: "walk",
    item: { path: video, fps: 10 },
  });
  lay(at, "Audio", 0, [0, 1000], { name: "dialogue" });
  const app = await openPanel(at);
  const { store } = app;
  await vi.waitFor(() => expect(store.get().range.to).toBe(BigInt(390 * at.sequence.timebase)));
  store.set({ words: { prompt: "footsteps on wood", negativePrompt: "" } });
  await generate.perform(app);
  expect(store.get().notice).toBeNull();
  await vi.waitFor(() => expect(takesOfClip(store.get())).toHaveLength(1), { timeout: 60_000 });
  const [take] = takesOfClip(store.get());
  expect(take!.record.sampleCount).toBe(Math.floor((90 * at.sequence.timebase) / SAMPLE));
  await placeTake.perform(app);
  const [lying] = at.sequence.audio[1]!.clips;
  expect(lying).toMatchObject({ start: 300 * at.sequence.timebase });
  const copy = readFileSync(lying!.item!.path);
  expect(copy.equals(readFileSync(take!.path))).toBe(true);
  expect(store.get().placed).toMatchObject([{ track: 1, at: BigInt(300 * at.sequence.timebase) }]);
});
