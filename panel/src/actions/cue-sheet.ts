import { ticksOfString } from "local-server/protocol";
import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { readCueSheet, writeCueSheet } from "../state/cue-sheet.ts";
import { infoNotice } from "../state/notice.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";
import { openClip } from "./clip.ts";
import { selectOnTrack } from "./transport.ts";

/** Hands a file to the person. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function save({ store }: App): Promise<void> {
  const state = store.get();
  if (state.clip === null) return;
  const name = `${state.clip.name.replace(/\.[^.]+$/, "")}.foley.json`;
  download(name, new Blob([writeCueSheet(state)], { type: "application/json" }));
}

/** Opens the clip of a sheet and puts range, words and placed takes back; takes that are gone are said. */
async function reopen(app: App, text: string): Promise<void> {
  const sheet = readCueSheet(text);
  await openClip(app, () => app.server.openPath(sheet.clip));
  if (app.store.get().clip?.path !== sheet.clip) return;
  const known = sheet.placed.filter(({ takeId }) => app.store.get().takes.some(({ id }) => id === takeId));
  app.store.set(({ options }) => ({
    range: { from: ticksOfString(sheet.fromTicks), to: ticksOfString(sheet.toTicks) },
    words: { prompt: sheet.prompt, negativePrompt: sheet.negativePrompt },
    options: { ...options, ...sheet.options },
    placed: known.map(({ at, ...rest }) => ({
      ...rest,
      trackName: `A${rest.track + 1}`,
      at: ticksOfString(at),
    })),
  }));
  if (known[0]) selectOnTrack(app, known[0].takeId);
  const gone = sheet.placed.length - known.length;
  const words = translate(app.store.get().language)("sheetTakesGone", { count: gone });
  if (gone > 0) app.store.set({ notice: infoNotice(words) });
}

function pick(app: App): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,application/json";
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void attempt(app, async () => reopen(app, await file.text()));
  });
  input.click();
}

export const CUE_SHEET: readonly Action[] = [
  {
    name: "saveSheet",
    label: "saveSheet",
    icon: "save",
    keys: ["Mod+s"],
    when: ({ store }) => store.get().clip !== null && store.get().clip?.sequence === null,
    perform: save,
  },
  {
    name: "openSheet",
    label: "openSheet",
    icon: "open",
    keys: ["Mod+o"],
    when: ({ host }) => host.showsPicture,
    perform: pick,
  },
];
