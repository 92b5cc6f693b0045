import type { FindTakeArgument, FindTakeData, Place } from "../contract.ts";
import { map } from "../es3/lists.ts";
import { findImported } from "../premiere/bins.ts";
import { spanOf } from "../premiere/clips.ts";
import { pinnedSequence } from "../premiere/sequence.ts";
import { textOf } from "../premiere/time.ts";
import { type Found, findPlaced } from "../premiere/tracks.ts";

/** Where a take is now; changes nothing. */
export function findTake({ pin, path }: FindTakeArgument): FindTakeData {
  const { project, sequence } = pinnedSequence(pin);
  const item = findImported(project, path);
  if (item === undefined) return { projectItemId: null, places: [] };
  return { projectItemId: item.nodeId, places: map(findPlaced(sequence, item), placeOf) };
}

export function placeOf({ track, trackIndex, item }: Found): Place {
  const { start, end } = spanOf(item);
  return {
    trackIndex,
    trackName: track.name,
    trackItemId: item.nodeId,
    startTicks: textOf(start),
    endTicks: textOf(end),
  };
}
