import type { RemoveTakeArgument, RemoveTakeData } from "../contract.ts";
import { find } from "../es3/lists.ts";
import { findImported } from "../premiere/bins.ts";
import { refusal } from "../premiere/refusal.ts";
import { pinnedSequence } from "../premiere/sequence.ts";
import { findPlaced } from "../premiere/tracks.ts";

/** Takes a take of ours off its track, leaving the gap; the file and the bin keep it. */
export function removeTake({ pin, trackItemId, path }: RemoveTakeArgument): RemoveTakeData {
  const { project, sequence } = pinnedSequence(pin);
  const source = findImported(project, path);
  const isIt = ({ item }: { readonly item: { readonly nodeId: string } }): boolean => item.nodeId === trackItemId;
  const found = source && find(findPlaced(sequence, source), isIt);
  if (source === undefined || found === undefined) {
    throw refusal("NOT_OURS", "The take does not lie in this sequence any more. Nothing was changed.", { trackItemId });
  }
  if (found.track.isLocked()) {
    throw refusal("REMOVE_FAILED", `Track “${found.track.name}” is locked. Unlock it, then try again.`, {
      trackIndex: found.trackIndex,
    });
  }
  found.item.remove(false, false);
  if (find(findPlaced(sequence, source), isIt) !== undefined) {
    throw refusal("REMOVE_FAILED", "Premiere did not remove the take. Delete it in the timeline.", {
      trackIndex: found.trackIndex,
    });
  }
  return { trackIndex: found.trackIndex };
}
