import type { Store } from "./store.ts";

/** A take on a track, as it is written. */
export interface KeptPlacement {
  readonly takeId: string;
  readonly track: number;
  readonly at: string;
  readonly muted: boolean;
}

/**
 * What survives a closed panel, and where it is kept. Jobs and takes are the server's and stand in no row here.
 * The browser cleans localStorage when asked, and CEP keeps it in a cache folder: nothing in it may be missed.
 */
export interface Persisted {
  readonly language: "system" | "en" | "zh";
  readonly theme: "system" | "dark" | "light";
  readonly words: { readonly prompt: string; readonly negativePrompt: string };
  readonly options: {
    readonly model: string;
    readonly takes: number;
    readonly channels: "mono" | "stereo";
    readonly bitDepth: "16" | "24" | "32f";
    readonly lufs: number | null;
    readonly guideStrength: number | null;
    readonly steps: number | null;
  };
  readonly moreOpen: boolean;
  readonly favourites: readonly string[];
  readonly history: readonly string[];
  readonly hintsSeen: boolean;
  /** What was open last, to be opened again. Ticks as decimal strings. */
  readonly lastCue: { readonly path: string; readonly from: string; readonly to: string };
  /** What lies on the tracks under each clip, by the clip's path. */
  readonly tracks: Readonly<Record<string, readonly KeptPlacement[]>>;
}

type Kept = "localStorage";
export const PERSISTED: {
  readonly [Key in keyof Persisted]: { readonly kept: Kept; readonly initial: Persisted[Key] };
} = {
  language: { kept: "localStorage", initial: "system" },
  theme: { kept: "localStorage", initial: "system" },
  words: { kept: "localStorage", initial: { prompt: "", negativePrompt: "" } },
  options: {
    kept: "localStorage",
    initial: {
      model: "foley-mini",
      takes: 1,
      channels: "stereo",
      bitDepth: "24",
      lufs: null,
      guideStrength: null,
      steps: null,
    },
  },
  moreOpen: { kept: "localStorage", initial: false },
  favourites: { kept: "localStorage", initial: [] },
  history: { kept: "localStorage", initial: [] },
  hintsSeen: { kept: "localStorage", initial: false },
  lastCue: { kept: "localStorage", initial: { path: "", from: "0", to: "0" } },
  tracks: { kept: "localStorage", initial: {} },
};

const PREFIX = "foley.";
const keys = Object.keys(PERSISTED) as (keyof Persisted)[];

/** What was kept, where it still has the shape of its initial value. */
export function loadPersisted(storage: Pick<Storage, "getItem"> = localStorage): Persisted {
  const read = (key: keyof Persisted): unknown => {
    const { initial } = PERSISTED[key];
    try {
      const value: unknown = JSON.parse(storage.getItem(PREFIX + key) ?? "null");
      if (value === null || Array.isArray(value) !== Array.isArray(initial) || typeof value !== typeof initial)
        return initial;
      return typeof initial === "object" && !Array.isArray(initial) ? { ...initial, ...value } : value;
    } catch {
      return initial;
    }
  };
  // Each key is read with the initial value of its own type beside it.
  const kept: Partial<Record<keyof Persisted, unknown>> = {};
  for (const key of keys) kept[key] = read(key);
  return kept as Persisted;
}

/** Writes a key whenever it becomes another. */
export function keepPersisted<State extends Persisted>(
  store: Store<State>,
  storage: Pick<Storage, "setItem"> = localStorage,
): void {
  let last: Persisted = store.get();
  store.subscribe(() => {
    const now = store.get();
    for (const key of keys) {
      if (now[key] === last[key]) continue;
      try {
        storage.setItem(PREFIX + key, JSON.stringify(now[key]));
      } catch {
        // full or forbidden: the panel works on and forgets
      }
    }
    last = now;
  });
}
