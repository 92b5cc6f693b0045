import { collect, filter, forEach, map, some } from "../es3/lists.ts";
import { asked } from "./asked.ts";
import { clipsOf, spanOf } from "./clips.ts";
import type { ProjectItem, Sequence, Track, TrackItem } from "./dom.ts";
import { enabledQe } from "./globals.ts";
import { refusal } from "./refusal.ts";
import { audioTracksOf, BIN_NAME, inFront, type Pinned } from "./sequence.ts";
import { overlap, type TickSpan, type Ticks, ticksOf } from "./time.ts";

/** What lies in a range of a track, and what the track is. */
export interface TrackState {
  readonly index: number;
  readonly name: string;
  readonly locked: boolean;
  /** Where every clip starts, in ticks, in Premiere's order. */
  readonly starts: readonly Ticks[];
  /** Clips that reach into the range: where they stand among the track's, and what they are, as text to compare. */
  readonly inRange: readonly { readonly at: number; readonly signature: string }[];
  /** A transition reaches into the range. */
  readonly transition: boolean;
  readonly holdsTakes: boolean;
}

const signatureOf = (item: TrackItem): string =>
  `${item.nodeId} ${item.start.ticks} ${item.end.ticks} ${item.inPoint.ticks} ${item.outPoint.ticks}`;

/** One pass over the sound of the sequence: each clip's start and end are read once, which is what costs in Premiere. */
export function surveyTracks(sequence: Sequence, range: TickSpan): TrackState[] {
  return map(audioTracksOf(sequence), (track, index) => {
    const clips = clipsOf(track);
    const spans = map(clips, spanOf);
    const inRange: { at: number; signature: string }[] = [];
    forEach(spans, (span, at) => {
      if (overlap(span, range)) inRange.push({ at, signature: signatureOf(clips[at] as TrackItem) });
    });
    const { transitions } = track;
    return {
      index,
      name: track.name,
      locked: track.isLocked(),
      starts: map(spans, ({ start }) => start),
      inRange,
      transition: some(transitions ? collect(transitions, transitions.numItems) : [], ({ start, end }) =>
        overlap({ start: ticksOf(start), end: ticksOf(end) }, range),
      ),
      holdsTakes: (clips[0]?.projectItem?.treePath ?? "").indexOf(BIN_NAME) >= 0,
    };
  });
}

const isTaken = ({ inRange, transition }: TrackState): boolean => inRange.length > 0 || transition;

/** Whether a track and, for a take that comes as several clips, those below it are empty and unlocked. */
export function isFree(states: readonly TrackState[], { index }: TrackState, lanes: number): boolean {
  return !some(states.slice(index, index + lanes), (state) => state.locked || isTaken(state));
}

/** Our own tracks first, then empty ones below the last that is used: a lane of someone else's is never taken unasked. */
export function candidateTracks(states: readonly TrackState[], trackName: string, lanes: number): TrackState[] {
  let lastUsed = -1;
  forEach(states, ({ starts, index }) => {
    if (starts.length > 0) lastUsed = index;
  });
  const isOurs = ({ name, holdsTakes }: TrackState): boolean => name === trackName || holdsTakes;
  const free = filter(states, (state) => isFree(states, state, lanes));
  return filter(free, isOurs).concat(filter(free, (state) => !isOurs(state) && state.index > lastUsed));
}

/** Tracks on which a clip that was in the range is not what it was. */
export function harmedTracks(sequence: Sequence, before: readonly TrackState[]): number[] {
  const tracks = audioTracksOf(sequence);
  const harmed = filter(before, ({ index, inRange }) => {
    const clips = clipsOf(tracks[index] as Track);
    const isThere = ({ at, signature }: { readonly at: number; readonly signature: string }): boolean =>
      (clips[at] !== undefined && signatureOf(clips[at]) === signature) ||
      some(clips, (item) => signatureOf(item) === signature);
    return some(inRange, (clip) => !isThere(clip));
  });
  return map(harmed, ({ index }) => index);
}

export interface Found {
  readonly track: Track;
  readonly trackIndex: number;
  readonly item: TrackItem;
}

/** Every place where a project item lies among the sound. Wrappers are made anew at each reading: ids are compared. */
export function findPlaced(sequence: Sequence, { nodeId }: ProjectItem): Found[] {
  const found: Found[] = [];
  forEach(audioTracksOf(sequence), (track, trackIndex) => {
    forEach(clipsOf(track), (item) => {
      if (item.projectItem?.nodeId === nodeId) found.push({ track, trackIndex, item });
    });
  });
  return found;
}

/** The places that a project item came to since the survey: only tracks that have more or fewer clips now are looked at. */
export function findFresh(sequence: Sequence, before: readonly TrackState[], { nodeId }: ProjectItem): Found[] {
  const found: Found[] = [];
  forEach(audioTracksOf(sequence), (track, trackIndex) => {
    const starts = before[trackIndex]?.starts ?? [];
    if (track.clips.numItems === starts.length) return;
    const known: { [ticks: string]: boolean } = {};
    forEach(starts, (start) => {
      known[String(start)] = true;
    });
    forEach(clipsOf(track), (item) => {
      if (known[item.start.ticks] === true || item.projectItem?.nodeId !== nodeId) return;
      found.push({ track, trackIndex, item });
    });
  });
  return found;
}

/** What tells whether the tracks there were are still where they were. */
export const trackSignatures = (sequence: Sequence): string[] =>
  map(audioTracksOf(sequence), (track) => `${track.id} ${track.clips[0]?.nodeId ?? ""}`);

/** Asks for one more stereo track at the end. Whether it came is for `addedTrack` to say, perhaps only in a later call. */
export function askForTrack(pinned: Pinned, later: (restore: () => void) => void): void {
  inFront(pinned, later, () => {
    const qe = enabledQe();
    const sequence = qe?.project.getActiveSequence();
    if (!sequence) {
      throw refusal(
        "TRACK_ADD_FAILED",
        "Premiere lets no script add a track. Add an audio track, then place the take again.",
      );
    }
    // Seven arguments: fewer insert at the top and renumber every track.
    sequence.addTracks(0, 0, 1, 1, pinned.sequence.audioTracks.numTracks, 0, 0);
  });
}

/** Index of the track that came after `before` was read; undefined where none is to be seen yet. */
export function addedTrack(sequence: Sequence, before: readonly string[]): number | undefined {
  const now = trackSignatures(sequence);
  if (!startsWith(now, before)) {
    throw refusal(
      "TRACK_ADD_FAILED",
      "Premiere put the new track among the others. Undo once, add an audio track at the end yourself, then place the take again.",
    );
  }
  return now.length > before.length ? before.length : undefined;
}

const startsWith = (now: readonly string[], before: readonly string[]): boolean => {
  for (let index = 0; index < before.length; index++) if (now[index] !== before[index]) return false;
  return true;
};

/** Names a track where Premiere lets scripts do that; a wish only. Returns whether it bears the name now. */
export function nameTrack(pinned: Pinned, index: number, name: string, later: (restore: () => void) => void): boolean {
  try {
    inFront(pinned, later, () => enabledQe()!.project.getActiveSequence()!.getAudioTrackAt(index).setName(name));
  } catch (_error) {
    // cosmetic
  }
  return audioTracksOf(pinned.sequence)[index]?.name === name;
}

/** Makes one audio track the only targeted one until the end of the call. */
export function targetOnly(sequence: Sequence, index: number, later: (restore: () => void) => void): void {
  forEach(audioTracksOf(sequence), (track, at) => {
    const was = asked(() => track.isTargeted());
    if (was === undefined || was === (at === index)) return;
    later(() => track.setTargeted(was, true));
    asked(() => track.setTargeted(at === index, true));
  });
}

/**
 * Locks the other tracks that hold something in the range, until the end of the call. Some versions place where the user has
 * targeted tracks, and what happens on a track of other channels is known to nobody: nothing may be overwritten to find out.
 */
export function shieldOthers(
  sequence: Sequence,
  states: readonly TrackState[],
  index: number,
  later: (restore: () => void) => void,
): void {
  const inDanger = filter(states, (state) => state.index !== index && !state.locked && isTaken(state));
  forEach(inDanger, ({ index: at }) => {
    const track = audioTracksOf(sequence)[at];
    if (track === undefined) return;
    later(() => track.setLocked(0));
    asked(() => track.setLocked(1));
  });
}
