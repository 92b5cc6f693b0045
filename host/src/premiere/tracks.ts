import { filter, find, forEach, map, some } from "../es3/lists.ts";
import { clipsOf, spanOf } from "./clips.ts";
import type { ProjectItem, Sequence, Track, TrackItem } from "./dom.ts";
import { enabledQe } from "./globals.ts";
import { refusal } from "./refusal.ts";
import { audioTracksOf, BIN_NAME, inFront, type Pinned } from "./sequence.ts";
import { overlap, type TickSpan, ticksOf } from "./time.ts";

/** What lies in a range of a track, and what the track is. */
export interface TrackState {
  readonly index: number;
  readonly name: string;
  readonly locked: boolean;
  readonly muted: boolean;
  readonly clipCount: number;
  /** Clips and transitions that reach into the range, as text to compare. */
  readonly inRange: readonly string[];
  readonly holdsTakes: boolean;
}

const signature = (item: TrackItem): string =>
  `${item.nodeId} ${item.start.ticks} ${item.end.ticks} ${item.inPoint.ticks} ${item.outPoint.ticks}`;

/** One pass over the sound of the sequence. */
export function surveyTracks(sequence: Sequence, range: TickSpan): TrackState[] {
  return map(audioTracksOf(sequence), (track, index) => {
    const clips = clipsOf(track);
    const { transitions } = track;
    const inRange = map(
      filter(clips, (item) => overlap(spanOf(item), range)),
      signature,
    );
    for (let at = 0; transitions && at < transitions.numItems; at++) {
      const transition = transitions[at];
      if (transition && overlap({ start: ticksOf(transition.start), end: ticksOf(transition.end) }, range)) {
        inRange.push(`transition ${transition.start.ticks}`);
      }
    }
    return {
      index,
      name: track.name,
      locked: track.isLocked(),
      muted: track.isMuted(),
      clipCount: clips.length,
      inRange,
      holdsTakes: (clips[0]?.projectItem?.treePath ?? "").indexOf(BIN_NAME) >= 0,
    };
  });
}

/** Whether a track and, for a take that comes as several clips, those below it are empty and unlocked. */
export function isFree(states: readonly TrackState[], { index }: TrackState, lanes: number): boolean {
  return !some(states.slice(index, index + lanes), ({ locked, inRange }) => locked || inRange.length > 0);
}

/** Our own tracks first, then empty ones below the last that is used: a lane of someone else's is never taken unasked. */
export function candidateTracks(states: readonly TrackState[], trackName: string, lanes: number): TrackState[] {
  let lastUsed = -1;
  forEach(states, ({ clipCount, index }) => {
    if (clipCount > 0) lastUsed = index;
  });
  const isOurs = ({ name, holdsTakes }: TrackState): boolean => name === trackName || holdsTakes;
  const free = filter(states, (state) => isFree(states, state, lanes));
  return filter(free, isOurs).concat(filter(free, (state) => !isOurs(state) && state.index > lastUsed));
}

/** Whether every clip that was in the range is still what it was; names the tracks where not. */
export function harmedTracks(before: readonly TrackState[], now: readonly TrackState[]): number[] {
  const harmed = filter(before, ({ index, inRange }) => {
    const after = now[index]?.inRange ?? [];
    return some(inRange, (item) => find(after, (other) => other === item) === undefined);
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
    const was = track.isTargeted();
    if (was === (at === index)) return;
    later(() => track.setTargeted(was, true));
    track.setTargeted(at === index, true);
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
  const inDanger = filter(states, (state) => state.index !== index && !state.locked && state.inRange.length > 0);
  forEach(inDanger, ({ index: at }) => {
    const track = audioTracksOf(sequence)[at];
    if (track === undefined) return;
    later(() => track.setLocked(0));
    track.setLocked(1);
  });
}
