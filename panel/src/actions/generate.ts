import { type GenerateRequest, ticksOfSeconds } from "local-server/protocol";
import type { App } from "../app.ts";
import type { Media } from "../bridges/host-adapter.ts";
import { activeJobs, requestAgain, type State, takeOf } from "../state/state.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";

/** The request that the cue describes over what the host made readable, and a seed that repeats no take of it. */
export function requestOf(state: State, media: Media): GenerateRequest {
  const { options, words } = state;
  return {
    ...media,
    prompt: words.prompt.trim().normalize("NFC"),
    ...(words.negativePrompt.trim() ? { negativePrompt: words.negativePrompt.trim().normalize("NFC") } : {}),
    model: options.model,
    seed: state.seed ?? 1 + Math.max(0, ...state.takes.map(({ record }) => (record.seed < 100_000 ? record.seed : 0))),
    takes: options.takes,
    channels: options.channels,
    bitDepth: options.bitDepth,
    truePeakDb: -1,
    fadeSeconds: 0.002,
    ...(options.lufs === null ? {} : { lufs: options.lufs }),
    ...(options.steps === null ? {} : { steps: options.steps }),
    ...(options.guideStrength === null ? {} : { guideStrength: options.guideStrength }),
  };
}

/** Keeps the words of a press, newest first. */
function remember({ store }: App, prompt: string): void {
  if (prompt === "") return;
  store.set(({ history }) => ({ history: [prompt, ...history.filter((old) => old !== prompt)].slice(0, 30) }));
}

export const canGenerate = ({ store }: App): boolean => {
  const { connection, clip, range, host } = store.get();
  return (
    connection.state === "up" && clip !== null && range.to > range.from && host.problem === null && !host.preparing
  );
};

/** Selection to job: the host makes the range readable, the server takes the request. */
export const generate: Action = {
  name: "generate",
  label: "generate",
  keys: ["g"],
  when: canGenerate,
  perform: (app) =>
    attempt(app, async () => {
      const { store, host, server } = app;
      const { clip, range } = store.get();
      if (clip === null) return;
      const setPreparing = (preparing: boolean): void =>
        store.set((state) => ({ host: { ...state.host, preparing }, notice: null }));
      setPreparing(true);
      try {
        const request = requestOf(store.get(), await host.prepare(clip, range));
        remember(app, request.prompt);
        await server.generate(request);
      } finally {
        store.set((state) => ({ host: { ...state.host, preparing: false } }));
      }
    }),
};

/** The part marked on the selected take, made anew with the words of the cue; the rest keeps its bytes. */
export const regenerate: Action = {
  name: "regenerate",
  label: "regenerate",
  icon: "redo",
  keys: ["r"],
  when: ({ store }) => {
    const state = store.get();
    const take = takeOf(state, state.selectedTakeId);
    return state.part !== null && take !== undefined && !take.locked && state.connection.state === "up";
  },
  perform: (app) =>
    attempt(app, async () => {
      const state = app.store.get();
      const take = takeOf(state, state.selectedTakeId);
      if (take === undefined || state.part === null) return;
      const { from, to } = state.part;
      const request = requestAgain(take);
      await app.server.generate({
        ...request,
        prompt: state.words.prompt.trim().normalize("NFC") || request.prompt,
        seed: (take.record.seed + 1 + (take.record.history?.length ?? 0)) >>> 0,
        regenerate: {
          take: take.path,
          fromTicks: String(ticksOfSeconds(from)),
          toTicks: String(ticksOfSeconds(Math.min(to, take.record.seconds))),
        },
      });
      app.store.set({ part: null });
    }),
};

export const cancel: Action = {
  name: "cancel",
  label: "cancel",
  icon: "close",
  keys: ["Mod+."],
  when: ({ store }) => activeJobs(store.get()).length > 0,
  perform: (app) =>
    attempt(app, async () => {
      const active = activeJobs(app.store.get());
      const job = active.find(({ state }) => state === "running") ?? active[0];
      if (job) await app.server.cancel(job.id);
    }),
};
