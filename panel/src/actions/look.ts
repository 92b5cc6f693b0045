import type { App } from "../app.ts";
import { activeJobs } from "../state/state.ts";

/** The range has rested this long before its picture is looked at. */
const REST_MS = 600;

/** Looks at the picture of the range while nothing is made: words to suggest, and where something will be heard. */
export function followLook(app: App): void {
  const { store, server, host } = app;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = "";
  const look = async (): Promise<void> => {
    const state = store.get();
    if (state.clip === null || state.connection.state !== "up" || activeJobs(state).length > 0) return;
    const media = host.peek(state.clip, state.range);
    if (media?.video === undefined || media.toTicks === undefined) return;
    const { video: path, fromTicks, toTicks } = media;
    const model = state.options.model;
    asked = `${path} ${fromTicks} ${toTicks} ${model}`;
    try {
      const seen = await server.look({ path, fromTicks, toTicks, model });
      if (asked === `${path} ${fromTicks} ${toTicks} ${model}`)
        store.set({ look: { path, fromTicks, toTicks, model, ...seen } });
    } catch {
      // Suggestions are an aside: what is wrong with the clip is said when sound is asked for.
    }
  };
  let last = store.get();
  store.subscribe(() => {
    const state = store.get();
    const { look: seen, clip, range, connection } = state;
    const isMoved =
      clip !== last.clip ||
      range !== last.range ||
      connection !== last.connection ||
      state.options.model !== last.options.model ||
      (activeJobs(state).length === 0 && activeJobs(last).length > 0 && seen === null);
    last = state;
    if (!isMoved) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), REST_MS);
  });
}
