import { ticksOfSeconds } from "../../local-server/protocol/index.ts";
import type { State } from "../../panel/src/state/state.ts";

/** A clip of ten seconds as the panel holds it, for tests of its state. */
export const clipOfPanel: NonNullable<State["clip"]> = {
  path: "/clips/door.mov",
  sequence: null,
  name: "door.mov",
  url: null,
  urlStartSeconds: 0,
  count: { rate: { num: 25, den: 1 }, dropFrame: false, startFrame: 0 },
  duration: ticksOfSeconds(10),
};
