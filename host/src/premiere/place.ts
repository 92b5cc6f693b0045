import { find, forEach, map } from "../es3/lists.ts";
import type { ProjectItem } from "./dom.ts";
import { refusal } from "./refusal.ts";
import { withRestored } from "./restore.ts";
import { audioTracksOf, type Pinned } from "./sequence.ts";
import { type TickSpan, type Ticks, textOf, ticksOf, timeAt } from "./time.ts";
import { type Found, findFresh, harmedTracks, isFree, shieldOthers, type TrackState, targetOnly } from "./tracks.ts";

/** Steps the user would have to undo, counted as Premiere counts them. */
export interface Steps {
  count: number;
}

export interface Attempt {
  readonly index: number;
  readonly source: ProjectItem;
  readonly span: TickSpan;
  readonly useTargeting: boolean;
  readonly steps: Steps;
}

/**
 * Overwrites an empty stretch of one track, by a survey made since the last change, and reads back what came of it. Returns
 * where the take lies, or, where it missed the track and was taken back, the tracks that it went to.
 * @throws Refusal PLACE_MISPLACED where something else was hit, IMPORT_FAILED where it came as several clips
 */
export function attempt(
  { sequence }: Pinned,
  states: readonly TrackState[],
  { index, source, span, useTargeting, steps }: Attempt,
): Found | number[] {
  const state = states[index];
  if (state === undefined || !isFree(states, state, 1)) return [];
  withRestored((later) => {
    if (useTargeting) targetOnly(sequence, index, later);
    shieldOthers(sequence, states, index, later);
    try {
      audioTracksOf(sequence)[index]?.overwriteClip(source, timeAt(span.start));
    } catch (_error) {
      // what it did, or not, is read back
    }
  });
  const fresh = (): Found[] => findFresh(sequence, states, source);
  const placed = fresh();
  if (placed.length > 0) steps.count++;
  const harmed = harmedTracks(sequence, states);
  if (harmed.length > 0) {
    throw refusal(
      "PLACE_MISPLACED",
      `Premiere wrote over another clip, on ${trackNames(harmed)}. Press Undo once now.`,
      {
        tracks: map(harmed, String),
        undoSteps: 1,
      },
    );
  }
  const hit = find(placed, ({ trackIndex, item }) => trackIndex === index && ticksOf(item.start) === span.start);
  if (hit !== undefined && placed.length === 1) return hit;
  takeBack(placed, fresh, steps);
  if (hit !== undefined) {
    throw refusal(
      "IMPORT_FAILED",
      "Premiere placed the take as several clips. Set Preferences > Timeline > Default Audio Tracks > Stereo Media to Use File, delete the take from the bin, then place it again.",
      {
        clips: placed.length,
      },
    );
  }
  const astray = find(placed, ({ trackIndex }) => trackIndex === index);
  if (astray !== undefined) throw misplaced(span.start, ticksOf(astray.item.start), index);
  return map(placed, ({ trackIndex }) => trackIndex);
}

const trackNames = (indices: readonly number[]): string => map(indices, (index) => `A${index + 1}`).join(", ");

const misplaced = (wanted: Ticks, came: Ticks, trackIndex: number) =>
  refusal(
    "PLACE_MISPLACED",
    "Premiere placed the take at another time, so it was taken back. Place it by hand from the bin.",
    {
      wantedTicks: textOf(wanted),
      startTicks: textOf(came),
      trackIndex,
    },
  );

function takeBack(placed: readonly Found[], remaining: () => Found[], steps: Steps): void {
  forEach(placed, ({ item }) => {
    item.remove(false, false);
    steps.count++;
  });
  const left = remaining();
  if (left.length === 0) return;
  throw refusal(
    "PLACE_MISPLACED",
    `Premiere placed the take on ${trackNames(map(left, ({ trackIndex }) => trackIndex))} and does not let go of it. Delete it there.`,
    {
      tracks: map(left, ({ trackIndex }) => String(trackIndex)),
    },
  );
}
