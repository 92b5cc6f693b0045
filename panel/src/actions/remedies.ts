import type { App } from "../app.ts";
import type { TextKey } from "../i18n/text.ts";
import { type Remedy, takeOf } from "../state/state.ts";
import { attempt } from "./attempt.ts";
import { openVideo } from "./clip.ts";
import { copyText } from "./copy-text.ts";
import { diagnostics } from "./diagnostics.ts";
import { placeTakeOf } from "./takes.ts";
import { wholeClip } from "./transport.ts";

/** What a notice's button is called, and what it does. */
export const REMEDIES: Readonly<
  Record<Remedy, { readonly label: TextKey; readonly perform: (app: App) => void | Promise<void> }>
> = {
  again: {
    label: "again",
    perform: async (app) => {
      const { notice } = app.store.get();
      if (notice?.request) await app.server.generate(notice.request);
    },
  },
  placeAgain: { label: "placeAgain", perform: (app) => placeNoticed(app, false) },
  newTrack: { label: "newTrack", perform: (app) => placeNoticed(app, true) },
  openVideo: { label: "openVideo", perform: openVideo },
  wholeClip: { label: "wholeClip", perform: wholeClip },
  showModels: { label: "view.models", perform: ({ store }) => store.set({ view: "models" }) },
  copyPath: {
    label: "copyPath",
    perform: async ({ store }) => {
      const take = takeOf(store.get(), store.get().notice?.takeId ?? null);
      if (take) await copyText(take.path);
    },
  },
  copyDiagnostics: { label: "copyDiagnostics", perform: (app) => copyText(diagnostics(app)) },
};

async function placeNoticed(app: App, onNewTrack: boolean): Promise<void> {
  const take = takeOf(app.store.get(), app.store.get().notice?.takeId ?? null);
  if (take) await placeTakeOf(app, take, onNewTrack);
}

/** Does what mends a notice; the notice goes, unless that fails too. */
export function remedy(app: App, name: Remedy): Promise<void> {
  const { notice } = app.store.get();
  return attempt(app, async () => {
    await REMEDIES[name].perform(app);
    app.store.set((state) => (state.notice === notice ? { notice: null } : {}));
  });
}
