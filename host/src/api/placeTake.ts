import type { PlaceNote, PlaceTakeArgument, PlaceTakeData } from "../contract.ts";
import { parse, stringify } from "../es3/json.ts";
import { forEach, map } from "../es3/lists.ts";
import { asked } from "../premiere/asked.ts";
import { findImported, lanesOf, makeWhole } from "../premiere/bins.ts";
import { changedClips } from "../premiere/clips.ts";
import type { ProjectItem } from "../premiere/dom.ts";
import { timebaseOf } from "../premiere/marks.ts";
import { attempt, type Steps } from "../premiere/place.ts";
import { refusal } from "../premiere/refusal.ts";
import { withRestored } from "../premiere/restore.ts";
import { type Pinned, pinnedSequence, settingsOf } from "../premiere/sequence.ts";
import { type TickSpan, ticksOf, ticksOfText } from "../premiere/time.ts";
import {
  addedTrack,
  askForTrack,
  candidateTracks,
  type Found,
  isFree,
  nameTrack,
  surveyTracks,
  type TrackState,
  trackSignatures,
} from "../premiere/tracks.ts";
import { placeOf } from "./findTake.ts";

const TRACK_NAME = "Foley";
const MULTICHANNEL = 3;
type Later = (restore: () => void) => void;

/**
 * Lays an imported take under the picture: on a track proven empty over the whole of it, never over anything, and says where
 * it really lies.
 */
export function placeTake(argument: PlaceTakeArgument): PlaceTakeData {
  const pinned = pinnedSequence(argument.pin);
  refuseChanged(pinned, argument);
  const source = findImported(pinned.project, argument.path);
  if (source === undefined) {
    throw refusal("IMPORT_FAILED", "The take is not in the project any more. Import it again.", {
      path: argument.path,
    });
  }
  makeWhole(source);
  const span = soundSpan(pinned, argument, source);
  const trackName = argument.trackName ?? TRACK_NAME;
  // The import was one step already.
  const steps: Steps = { count: 1 };
  return withRestored((later) => {
    const notes: PlaceNote[] = [];
    const states = surveyTracks(pinned.sequence, span);
    const wanted = argument.awaited === undefined ? wantedTracks(states, argument, lanesOf(source)) : [];
    const missed: number[] = [];
    let addedIndex: number | undefined;
    let found = tryTracks(pinned, states, wanted, { source, span, steps, notes, missed });
    if (found === undefined && typeof argument.track !== "number") {
      addedIndex = newTrack(argument.awaited, pinned, later);
      steps.count++;
      if (!nameTrack(pinned, addedIndex, trackName, later)) notes.push("track-not-named");
      found = tryTracks(pinned, surveyTracks(pinned.sequence, span), [addedIndex], {
        source,
        span,
        steps,
        notes,
        missed,
      });
    }
    if (found === undefined) throw nothingPlaced(missed);
    if (argument.clipName !== undefined && renamed(found, argument.clipName)) steps.count++;
    if (found.track.isMuted()) notes.push("track-muted");
    if (settingsOf(pinned.sequence).audioChannelType === MULTICHANNEL) notes.push("multichannel-mix");
    const { trackIndex, trackName: name, trackItemId, startTicks, endTicks } = placeOf(found);
    return {
      trackIndex,
      trackName: name,
      trackItemId,
      startTicks,
      endTicks,
      projectItemId: source.nodeId,
      addedTrack: addedIndex !== undefined,
      notes,
      undoSteps: steps.count,
    };
  });
}

/** A wish only: the take lies there already. */
function renamed({ item }: Found, name: string): boolean {
  asked(() => {
    item.name = name;
  });
  return item.name === name;
}

function refuseChanged({ sequence }: Pinned, { expect }: PlaceTakeArgument): void {
  const changed = expect === undefined ? [] : changedClips(sequence, expect);
  if (changed.length === 0) return;
  const names = map(changed, (name) => `“${name}”`).join(", ");
  throw refusal(
    "CLIP_MOVED",
    `${names} is not where it was when the take was made. Generate anew, or place it where it was made for.`,
    {
      clips: changed,
    },
  );
}

/** The stretch that must be empty: as long as the sound is said to be, or as Premiere says, whichever is longer. */
function soundSpan({ sequence }: Pinned, { startTicks, endTicks }: PlaceTakeArgument, source: ProjectItem): TickSpan {
  const start = ticksOfText(startTicks, "the start");
  const end = ticksOfText(endTicks, "the end");
  if (end <= start) throw refusal("BAD_ARGUMENT", "Expected an end after the start.");
  if (start % timebaseOf(sequence) !== 0) {
    throw refusal("BAD_ARGUMENT", "Expected a start on a frame of the sequence.", { startTicks });
  }
  const from = asked(() => source.getInPoint!());
  const to = asked(() => source.getOutPoint!());
  return { start, end: Math.max(end, from && to ? start + ticksOf(to) - ticksOf(from) : 0) };
}

function wantedTracks(
  states: readonly TrackState[],
  { track, trackName = TRACK_NAME }: PlaceTakeArgument,
  lanes: number,
): number[] {
  if (track === "new") return [];
  if (typeof track !== "number") return map(candidateTracks(states, trackName, lanes), ({ index }) => index);
  const state = states[track];
  if (state !== undefined && isFree(states, state, lanes)) return [track];
  throw refusal("NO_FREE_TRACK", `${whyNot(state, track)} Choose another track or a new one.`, { trackIndex: track });
}

function whyNot(state: TrackState | undefined, index: number): string {
  if (state === undefined) return `There is no track A${index + 1}.`;
  return state.locked ? `A${index + 1} is locked.` : `Something lies on A${index + 1} already.`;
}

interface Try {
  readonly source: ProjectItem;
  readonly span: TickSpan;
  readonly steps: Steps;
  readonly notes: PlaceNote[];
  readonly missed: number[];
}

/** The tracks in turn: as addressed, then with the track targeted; a track of the wrong kind of channels is passed over so. */
function tryTracks(
  pinned: Pinned,
  survey: readonly TrackState[],
  indices: readonly number[],
  { source, span, steps, notes, missed }: Try,
): Found | undefined {
  let states = survey;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    for (let round = 0; round < 2; round++) {
      const useTargeting = round === 1;
      const outcome = attempt(pinned, states, { index, source, span, useTargeting, steps });
      if ("item" in outcome) {
        if (useTargeting) notes.push("targeting-used");
        if (missed.length > 0) notes.push("second-attempt");
        return outcome;
      }
      forEach(outcome, (trackIndex) => {
        missed.push(trackIndex);
      });
      states = surveyTracks(pinned.sequence, span);
    }
  }
  return undefined;
}

/** Index of a new track at the end. Premiere may show it only in the next call: then NOT_YET says what to wait for. */
function newTrack(awaited: string | undefined, pinned: Pinned, later: Later): number {
  const before = awaited === undefined ? trackSignatures(pinned.sequence) : (parse(awaited) as string[]);
  if (awaited === undefined) askForTrack(pinned, later);
  const index = addedTrack(pinned.sequence, before);
  if (index !== undefined) return index;
  throw refusal(
    "NOT_YET",
    "No audio track is free and Premiere added none. Add one (Sequence > Add Tracks), then place the take again.",
    {
      awaited: stringify(before),
    },
  );
}

const nothingPlaced = (missed: readonly number[]) =>
  missed.length > 0
    ? refusal(
        "PLACE_MISPLACED",
        "Premiere put the take on another track, so it was taken back. Target one empty audio track, then place it again.",
        {
          tracks: map(missed, String),
        },
      )
    : refusal(
        "PLACE_FAILED",
        "Premiere placed nothing. Look whether the track takes stereo sound, then place the take again.",
      );
