import { crossfade } from "../audio/fades.ts";
import { applyGain, levelGain } from "../audio/loudness.ts";
import type { Kept, Waveform } from "../pipeline/types.ts";

/** Edges between old and new sound, inside the part: short enough for a footstep, long enough for a bed. */
const EDGE_SECONDS = 0.01;

/**
 * The old take with a part of `made` laid into it: outside the part every sample is the old one; inside, the new sound at
 * the old take's level (lower where the true-peak ceiling asks), crossfaded at constant power at both edges. Where the part
 * reaches an end of the take there is no edge: the take's own fade is the new sound's too.
 */
export function splice(made: Waveform, kept: Kept, truePeakCeilingDb: number): Waveform {
  const { sampleRate } = kept.waveform;
  const total = kept.waveform.channels[0]!.length;
  const { from, to } = kept.part;
  const part: Waveform = { channels: made.channels.map((samples) => samples.slice(from, to)), sampleRate };
  const edge = Math.min(Math.round(EDGE_SECONDS * sampleRate), Math.floor((to - from) / 2));
  applyGain(part, kept.gainDb);
  // Only the ceiling counts here: as much louder as it allows is not wanted.
  applyGain(part, Math.min(0, levelGain({ waveform: part, truePeakCeilingDb }).gainDb));
  const channels = kept.waveform.channels.map((old, c) => {
    const out = old.slice();
    const fresh = part.channels[c]!;
    out.set(fresh, from);
    if (from > 0) out.set(crossfade(old.subarray(from, from + edge), fresh.subarray(0, edge)), from);
    if (to < total) out.set(crossfade(fresh.subarray(fresh.length - edge), old.subarray(to - edge, to)), to - edge);
    return out;
  });
  return { channels, sampleRate };
}
