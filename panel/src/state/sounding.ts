import { secondsOfTicks } from "local-server/protocol";
import type { Track } from "../audio/player.ts";
import { overlap } from "./placing.ts";
import { isOfClip, type State, startOf, type Take, takeOf } from "./state.ts";

/** What is turned down so that two takes are as loud as the quieter of them. */
export function matchedGainDb(state: State, take: Take): number {
  const other = takeOf(state, state.otherTakeId);
  if (other === undefined || other.id === take.id || take.record.lufs === null || other.record.lufs === null) return 0;
  return Math.min(0, other.record.lufs - take.record.lufs);
}

/** Whether the chosen take is heard by itself: where it lies on a track as well, it may be heard with all of them instead. */
function isAuditioned({ audition, clip, placed, selectedTakeId }: State): boolean {
  // An editor plays what lies in its sequence itself.
  return audition || clip?.sequence != null || !placed.some(({ takeId }) => takeId === selectedTakeId);
}

/**
 * What is heard with the picture: all tracks together, or the chosen take in place of placed ones that it lies over, and the
 * rest of the tracks.
 */
export function soundingTracks(state: State, load: (take: Take) => Promise<ArrayBuffer>): Track[] {
  const chosen = isAuditioned(state) ? takeOf(state, state.selectedTakeId) : undefined;
  const tracks = (state.clip?.sequence ? [] : state.placed).flatMap((item): Track[] => {
    const take = takeOf(state, item.takeId);
    if (take === undefined || item.muted || (chosen && (take.id === chosen.id || overlap(take, chosen)))) return [];
    return [{ id: take.id, startSeconds: secondsOfTicks(item.at), gainDb: 0, load: () => load(take) }];
  });
  if (chosen === undefined || !isOfClip(state, chosen)) return tracks;
  return [
    ...tracks,
    { id: chosen.id, startSeconds: startOf(chosen), gainDb: matchedGainDb(state, chosen), load: () => load(chosen) },
  ];
}
