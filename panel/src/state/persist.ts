import { z } from "zod";
import type { Store } from "./store.ts";

/** A take on a track, as it is written. */
export interface KeptPlacement {
  readonly takeId: string;
  readonly track: number;
  readonly trackName: string;
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
  /** What lies on the tracks under each clip; see keyOfClip. */
  readonly tracks: Readonly<Record<string, readonly KeptPlacement[]>>;
  /** The version looked at last, by the take it began with. */
  readonly shown: Readonly<Record<string, string>>;
}

type Kept = "localStorage";
const ticks = z.string().regex(/^\d{1,20}$/);
const placements = z.array(
  z.object({
    takeId: z.string(),
    track: z.int().min(0),
    trackName: z.string(),
    at: ticks,
    muted: z.boolean(),
  }),
);

/** Every key: where it is kept, what is taken back of it, and what it is at first. */
export const PERSISTED: {
  readonly [Key in keyof Persisted]: {
    readonly kept: Kept;
    readonly schema: z.ZodType<Persisted[Key]>;
    readonly initial: Persisted[Key];
  };
} = {
  language: { kept: "localStorage", schema: z.enum(["system", "en", "zh"]), initial: "system" },
  theme: { kept: "localStorage", schema: z.enum(["system", "dark", "light"]), initial: "system" },
  words: {
    kept: "localStorage",
    schema: z.object({ prompt: z.string().max(2000), negativePrompt: z.string().max(2000) }),
    initial: { prompt: "", negativePrompt: "" },
  },
  options: {
    kept: "localStorage",
    schema: z.object({
      model: z.string(),
      takes: z.int().min(1).max(16),
      channels: z.enum(["mono", "stereo"]),
      bitDepth: z.enum(["16", "24", "32f"]),
      lufs: z.number().min(-70).max(-5).nullable(),
      guideStrength: z.number().min(0).max(1).nullable(),
      steps: z.int().min(1).max(200).nullable(),
    }),
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
  moreOpen: { kept: "localStorage", schema: z.boolean(), initial: false },
  favourites: { kept: "localStorage", schema: z.array(z.string()), initial: [] },
  history: { kept: "localStorage", schema: z.array(z.string()), initial: [] },
  hintsSeen: { kept: "localStorage", schema: z.boolean(), initial: false },
  lastCue: {
    kept: "localStorage",
    schema: z.object({ path: z.string(), from: ticks, to: ticks }),
    initial: { path: "", from: "0", to: "0" },
  },
  tracks: { kept: "localStorage", schema: z.record(z.string(), placements), initial: {} },
  shown: { kept: "localStorage", schema: z.record(z.string(), z.string()), initial: {} },
};

const PREFIX = "foley.";
const keys = Object.keys(PERSISTED) as (keyof Persisted)[];

/** What was kept, where it is what the table says; the rest is as at first. */
export function loadPersisted(storage: Pick<Storage, "getItem"> = localStorage): Persisted {
  const read = (key: keyof Persisted): unknown => {
    const { schema, initial } = PERSISTED[key];
    try {
      const kept = schema.safeParse(JSON.parse(storage.getItem(PREFIX + key) ?? "null"));
      return kept.success ? kept.data : initial;
    } catch {
      return initial;
    }
  };
  // Each key is read by the schema of its own type.
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
