import { samplesOfTicks, TICKS_PER_SAMPLE, type Ticks, ticksOfString } from "local-server/protocol";
import type { Placed, Take } from "./state.ts";

/** Where a take ends on the picture when it begins at `at`. */
const endOf = (take: Take, at: Ticks): bigint => at + BigInt(take.record.sampleCount) * TICKS_PER_SAMPLE;

/**
 * The take on the lowest track where it lies over nothing else. A take that lies already stays where it is: the
 * answer is then what was.
 */
export function placeOnFreeTrack(placed: readonly Placed[], take: Take, takes: readonly Take[]): Placed {
  const there = placed.find(({ takeId }) => takeId === take.id);
  if (there) return there;
  const at = ticksOfString(take.record.request.fromTicks);
  const end = endOf(take, at);
  const overlaps = (other: Placed): boolean => {
    const lying = takes.find(({ id }) => id === other.takeId);
    return lying !== undefined && other.at < end && endOf(lying, other.at) > at;
  };
  let track = 0;
  while (placed.some((other) => other.track === track && overlaps(other))) track++;
  return { takeId: take.id, track, at, muted: false };
}

/** Whether two takes lie over the same stretch of the picture. */
export function overlap(a: Take, b: Take): boolean {
  const [from, to] = [a, b].map((take) => samplesOfTicks(ticksOfString(take.record.request.fromTicks)));
  return from! < to! + b.record.sampleCount && to! < from! + a.record.sampleCount;
}
