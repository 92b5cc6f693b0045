import type { Pin, Place } from "host/contract";
import { type Target, TICKS_PER_SAMPLE, ticksOfString } from "local-server/protocol";
import { type Placed, startTicksOf, type Take } from "../../state/state.ts";
import { HostRefusal } from "../host-adapter.ts";
import { type HostCaller, HostFailure } from "./caller.ts";
import type { NodeDoor } from "./door.ts";
import { copyTake } from "./files.ts";
import { saidOf } from "./selection.ts";

export interface PlaceOptions {
  readonly caller: HostCaller;
  readonly node: NodeDoor;
  readonly onNewTrack: boolean;
  /** Whether clips that are not where they were are put up with. */
  readonly evenIfMoved: boolean;
}

/**
 * Take to timeline: a copy beside the project, imported once, laid on a free track at the very range it was asked for. A
 * change is sent once; where Premiere does not answer, it is asked later what became of it.
 * @throws HostRefusal
 */
export async function placeTake(take: Take, options: PlaceOptions): Promise<Placed> {
  const { target } = take.record.request;
  if (target === undefined) throw new HostRefusal({ key: "host.noTarget" }, null);
  try {
    const place = await importAndPlace(take, target, options);
    return {
      takeId: take.id,
      track: place.trackIndex,
      trackName: place.trackName,
      at: ticksOfString(place.startTicks),
      muted: false,
    };
  } catch (error) {
    throw refusalOf(error, take);
  }
}

async function importAndPlace(take: Take, target: Target, options: PlaceOptions): Promise<Place> {
  const { caller, node, onNewTrack, evenIfMoved } = options;
  const pin: Pin = { documentId: target.documentId, sequenceId: target.sequenceId };
  const { takesFolder } = await caller.call("readSequence", { pin });
  const path = await copyTake(node, take, takesFolder);
  const start = startTicksOf(take);
  const find = async (): Promise<Place | undefined> => {
    const { places } = await caller.call("findTake", { pin, path });
    return places.find(({ startTicks }) => startTicks === String(start));
  };
  await caller.call("importTake", { pin, path }).catch(async (error: unknown) => {
    if (!isUnanswered(error)) throw error;
    const { projectItemId } = await caller.call("findTake", { pin, path });
    if (projectItemId === null) throw error;
  });
  const placing = caller.call("placeTake", {
    pin,
    path,
    startTicks: String(start),
    endTicks: String(start + BigInt(take.record.sampleCount) * TICKS_PER_SAMPLE),
    track: onNewTrack ? "new" : "auto",
    clipName: `Foley: ${take.record.request.prompt || (take.record.chosen[0]?.class ?? "take")} [${take.id.slice(-8)}]`,
    ...(evenIfMoved ? {} : { expect: target.clips }),
  });
  return placing.catch(async (error: unknown) => {
    const place = isUnanswered(error) ? await find() : undefined;
    if (place === undefined) throw error;
    return place;
  });
}

/** Sent, and nobody knows what came of it. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof HostFailure && (error.code === "HOST_BUSY" || error.code === "INTERNAL");

/** Refusals after which a track of its own helps. */
const TRACK_REFUSALS = ["NO_FREE_TRACK", "PLACE_FAILED", "PLACE_MISPLACED"];

/** Errors of a file system in which nothing can be written here. */
const READ_ONLY = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"];

function refusalOf(error: unknown, take: Take): HostRefusal {
  if (error instanceof HostFailure) {
    const newTrack = TRACK_REFUSALS.includes(error.code);
    return new HostRefusal(saidOf(error.code, error.detail), error.message, { takeId: take.id, newTrack });
  }
  const { code, message } = error as { code?: string; message: string };
  const key =
    code === "ENOSPC"
      ? "host.diskFull"
      : code === "ENOENT"
        ? "host.takeGone"
        : READ_ONLY.includes(code ?? "")
          ? "host.folderReadOnly"
          : "error.unexpected";
  return new HostRefusal({ key }, message, { takeId: take.id, newTrack: false });
}
