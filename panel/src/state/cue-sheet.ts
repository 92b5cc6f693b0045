import { type CueSheet, cueSheetSchema } from "local-server/protocol";
import type { State } from "./state.ts";

/** The cue as a file: clip, range, words, options, and what lies on the tracks. Takes themselves are files already. */
export function writeCueSheet(state: State): string {
  const { model, takes, channels, bitDepth, lufs } = state.options;
  const sheet: CueSheet = {
    format: "foley-cue-sheet-1",
    clip: state.clip?.path ?? "",
    fromTicks: String(state.range.from),
    toTicks: String(state.range.to),
    prompt: state.words.prompt,
    negativePrompt: state.words.negativePrompt,
    options: { model, takes, channels, bitDepth, lufs },
    placed: state.placed.map(({ takeId, track, at, muted }) => ({ takeId, track, at: String(at), muted })),
  };
  return `${JSON.stringify(sheet, null, 2)}\n`;
}

export function readCueSheet(text: string): CueSheet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("expected a cue sheet (JSON), came something else; choose a .foley.json file");
  }
  const parsed = cueSheetSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `expected a cue sheet, came one with ${issue?.path.join(".")}: ${issue?.message}; choose another file`,
  );
}
