import { TICKS_PER_SAMPLE, type Ticks } from "local-server/protocol";
import { type Placed, startTicksOf, type Take } from "./state.ts";
import { familyOf } from "./versions.ts";

/** Where a take ends on the picture when it begins at `at`. */
const endOf = (take: Take, at: Ticks): bigint => at + BigInt(take.record.sampleCount) * TICKS_PER_SAMPLE;

/**
 * The take on the lowest track where it lies over nothing else, or on a new one below all. A take that lies already stays
 * where it is: the answer is then what was. Where another version of it lies, it takes that one's place.
 */
export function placeOnFreeTrack(
  placed: readonly Placed[],
  take: Take,
  takes: readonly Take[],
  onNewTrack = false,
): Placed {
  const there = placed.find(({ takeId }) => takeId === take.id);
  if (there) return there;
  const at = startTicksOf(take);
  const earlier = versionPlaced(placed, take, takes);
  if (earlier && !onNewTrack) return { ...earlier, takeId: take.id, at };
  const end = endOf(take, at);
  const overlaps = (other: Placed): boolean => {
    const lying = takes.find(({ id }) => id === other.takeId);
    return lying !== undefined && other.at < end && endOf(lying, other.at) > at;
  };
  let track = onNewTrack ? Math.max(-1, ...placed.map((other) => other.track)) + 1 : 0;
  while (placed.some((other) => other.track === track && overlaps(other))) track++;
  return { takeId: take.id, track, trackName: `A${track + 1}`, at, muted: false };
}

/** What lies on a track of the same take in another version. */
export function versionPlaced(placed: readonly Placed[], take: Take, takes: readonly Take[]): Placed | undefined {
  const ids = familyOf(takes, take).versions.map(({ id }) => id);
  return placed.find(({ takeId }) => takeId !== take.id && ids.includes(takeId));
}

/** Whether two takes lie over the same stretch of the picture. */
export function overlap(a: Take, b: Take): boolean {
  const [from, to] = [startTicksOf(a), startTicksOf(b)];
  return from < endOf(b, to) && to < endOf(a, from);
}
