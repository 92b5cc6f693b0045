import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { moveEvent } from "../../panel/src/actions/events.ts";
import { generate } from "../../panel/src/actions/generate.ts";
import { followHost } from "../../panel/src/actions/selection.ts";
import { followState } from "../../panel/src/actions/session.ts";
import { familiesOfClip, placeTake, redo, undo } from "../../panel/src/actions/takes.ts";
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

test("the picture suggests words and sounds before any take; a look gives way to a job; a moved event is a version that can be undone", async () => {
  const at = scene();
  const video = resolve(import.meta.dirname, "../fixtures/walk-wood-floor.mp4");
  lay(at, "Video", 0, [0, 100], { selected: true, name: "walk", item: { path: video, fps: 10 } });
  const app = await openPanel(at);
  const { store, server } = app;
  await vi.waitFor(() => expect(store.get().range.to).toBe(BigInt(100 * at.sequence.timebase)));
  const what = { path: video, fromTicks: "0", toTicks: String(4n * 254_016_000_000n), model: "foley-mini" };
  const seen = await server.look(what);
  expect(seen.suggestions.map((one) => one.class)).toContain("footsteps/hard");
  expect((await server.sounds("foley-mini")).find(({ id }) => id === "footsteps/wood/02")).toMatchObject({
    class: "footsteps/wood",
    name: "footsteps on wood",
  });
  const looking = server.look({ ...what, fromTicks: "254016000000" }).then(
    () => "seen",
    (error: Error) => error.message,
  );
  store.set({ words: { prompt: "footsteps on wood", negativePrompt: "" } });
  await generate.perform(app);
  await vi.waitFor(() => expect(takesOfClip(store.get())).toHaveLength(1), { timeout: 60_000 });
  // Seen just before the job came, or called off by it; never in its way.
  expect(["seen", expect.stringMatching(/cancel/i)]).toContainEqual(await looking);

  const [first] = takesOfClip(store.get());
  const { time } = first!.record.events[0]!;
  moveEvent(app, 0, 99);
  expect(store.get().edits[first!.id]![0]!.time).toBe(first!.record.seconds - 0.001);
  moveEvent(app, 0, time + 0.2);
  expect(store.get().edits[first!.id]![0]!.time).toBeCloseTo(time + 0.2);
  await vi.waitFor(() => expect(takesOfClip(store.get())).toHaveLength(2), { timeout: 60_000 });
  const second = takesOfClip(store.get())[0]!;
  expect(second.record.request.basedOn).toBe(first!.id);
  expect(second.record.events.some((event) => Math.abs(event.time - time - 0.2) < 0.001)).toBe(true);
  expect(familiesOfClip(store.get()).map(({ versions }) => versions.length)).toEqual([2]);
  expect(store.get()).toMatchObject({ selectedTakeId: second.id, edits: {} });
  undo.perform(app);
  expect(store.get().selectedTakeId).toBe(first!.id);
  redo.perform(app);
  expect(store.get().selectedTakeId).toBe(second.id);
  await server.removeTake(second.id);
  await vi.waitFor(() => expect(store.get().selectedTakeId).toBe(first!.id));
});
