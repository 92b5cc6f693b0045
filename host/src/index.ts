import { answering } from "./api/answering.ts";
import { findTake } from "./api/findTake.ts";
import { hello } from "./api/hello.ts";
import { importTake } from "./api/importTake.ts";
import { placeTake } from "./api/placeTake.ts";
import { readSelection } from "./api/readSelection.ts";
import { readSequence } from "./api/readSequence.ts";
import { removeTake } from "./api/removeTake.ts";
import { renderRange } from "./api/renderRange.ts";
import { reveal } from "./api/reveal.ts";
import { selfTest } from "./api/selfTest.ts";
import { watch } from "./api/watch.ts";

export type * from "./contract.ts";

/** What the panel may ask of Premiere. */
export const api = {
  hello: answering(hello),
  readSelection: answering(readSelection),
  readSequence: answering(readSequence),
  renderRange: answering(renderRange),
  importTake: answering(importTake),
  placeTake: answering(placeTake),
  findTake: answering(findTake),
  removeTake: answering(removeTake),
  reveal: answering(reveal),
  watch: answering(watch),
  selfTest: answering(selfTest),
};

export type HostApi = typeof api;
