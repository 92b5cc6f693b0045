import type { Action } from "./action.ts";
import { CUE_SHEET } from "./cue-sheet.ts";
import { EVENTS } from "./events.ts";
import { cancel, generate, regenerate } from "./generate.ts";
import { TAKES } from "./takes.ts";
import { TRANSPORT } from "./transport.ts";

const help: Action = {
  name: "help",
  label: "help",
  keys: ["?"],
  perform: ({ store }) => store.set(({ helpOpen }) => ({ helpOpen: !helpOpen })),
};

/** Everything a person can do by a key, in the order of the work. */
export const ACTIONS: readonly Action[] = [
  generate,
  regenerate,
  cancel,
  ...TRANSPORT,
  ...TAKES,
  ...EVENTS,
  ...CUE_SHEET,
  help,
];
