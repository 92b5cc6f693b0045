import type { Roles } from "../../protocol/index.ts";

/** Lengths and window starts are whole multiples of this: pairs of latents, or what a segment encoder moves on by. */
export const latentUnit = ({ sync, decoder }: Roles): number =>
  sync.kind === "segments" ? Math.round((sync.stride / sync.fps) * (decoder.sampleRate / decoder.hop)) : 2;
