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

/**
 * What is heard with the picture: the chosen take in place of placed ones that it lies over, and the rest of the tracks.
 */
export function soundingTracks(state: State, load: (take: Take) => Promise<ArrayBuffer>): Track[] {
  const chosen = state.audition ? takeOf(state, state.selectedTakeId) : undefined;
  // An editor plays what lies in its sequence itself.
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
