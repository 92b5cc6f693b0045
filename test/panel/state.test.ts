import { expect, test } from "vitest";
import { generateRequestSchema, ticksOfSeconds } from "../../local-server/protocol/index.ts";
import { pathOfTyped } from "../../panel/src/actions/clip.ts";
import { requestOf } from "../../panel/src/actions/generate.ts";
import { readCueSheet, writeCueSheet } from "../../panel/src/state/cue-sheet.ts";
import { keepPersisted, loadPersisted } from "../../panel/src/state/persist.ts";
import { initialState, type State } from "../../panel/src/state/state.ts";
import { createStore } from "../../panel/src/state/store.ts";
import { clipOfPanel } from "../support/clip-of-panel.ts";

function memory(): Pick<Storage, "getItem" | "setItem"> {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}
const withClip = (change: Partial<State> = {}): State => ({
  ...initialState(loadPersisted(memory())),
  clip: clipOfPanel,
  range: { from: ticksOfSeconds(2), to: ticksOfSeconds(4) },
  ...change,
});

test("a store tells listeners of changes, and only of changes", () => {
  const store = createStore({ a: 1, b: 2 });
  let told = 0;
  const stop = store.subscribe(() => told++);
  store.set({ a: 1 });
  store.set({ a: 2 });
  store.set(({ b }) => ({ b: b + 1 }));
  stop();
  store.set({ a: 9 });
  expect([told, store.get()]).toEqual([2, { a: 9, b: 3 }]);
});

test("words, options and language come back after a closed panel; spoilt ones become the initial ones", () => {
  const storage = memory();
  const store = createStore(initialState(loadPersisted(storage)));
  keepPersisted(store, storage);
  store.set({ words: { prompt: "a door creaks", negativePrompt: "" }, language: "zh", favourites: ["rain"] });
  expect(loadPersisted(storage)).toMatchObject({
    words: { prompt: "a door creaks" },
    language: "zh",
    favourites: ["rain"],
  });
  storage.setItem("foley.words", "{not json");
  storage.setItem("foley.favourites", '"one"');
  expect(loadPersisted(storage)).toMatchObject({ words: { prompt: "" }, favourites: [] });
});

test("a pasted path is taken without the quotes around it, and only those", () => {
  const typed = [' "C:\\clips\\a door.mov" ', "'/clips/door.mov'", "/clips/it's.mov", '"/clips/half.mov', '""'];
  expect(typed.map(pathOfTyped)).toEqual([
    "C:\\clips\\a door.mov",
    "/clips/door.mov",
    "/clips/it's.mov",
    '"/clips/half.mov',
    "",
  ]);
});

test("the cue is one request that the protocol takes", () => {
  const state = withClip({ words: { prompt: " a door ", negativePrompt: "music" } });
  const media = { video: "/clips/door.mov", fromTicks: "0", toTicks: String(ticksOfSeconds(4)) };
  const request = requestOf(state, media);
  expect(generateRequestSchema.parse(request)).toEqual(request);
  expect(request).toMatchObject({ video: "/clips/door.mov", prompt: "a door", negativePrompt: "music", seed: 1 });
});

test("a cue sheet holds clip, range, words and tracks, and is read back as written", () => {
  const placed = [{ takeId: "t1", track: 1, trackName: "A2", at: ticksOfSeconds(2), muted: true }];
  const state = withClip({ placed, words: { prompt: "steps", negativePrompt: "voices" } });
  expect(readCueSheet(writeCueSheet(state))).toMatchObject({
    clip: "/clips/door.mov",
    fromTicks: String(ticksOfSeconds(2)),
    prompt: "steps",
    placed: [{ takeId: "t1", track: 1, at: String(ticksOfSeconds(2)), muted: true }],
  });
  expect(() => readCueSheet("<html>")).toThrow(/expected a cue sheet/);
  expect(() => readCueSheet('{"format":"foley-cue-sheet-1"}')).toThrow(/clip/);
});
