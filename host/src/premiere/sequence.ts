import type { AudioTrackData, Pin, SequenceData } from "../contract.ts";
import { collect, filter, find, map } from "../es3/lists.ts";
import { asked } from "./asked.ts";
import type { Project, Sequence, SequenceSettings, Track } from "./dom.ts";
import { documentsFolder, fileAt, folderAt, premiere } from "./globals.ts";
import { marksOf, timebaseOf } from "./marks.ts";
import { refusal } from "./refusal.ts";
import { rateOfTimebase, textOf } from "./time.ts";

/** Timecodes that drop labels: 29.97 and 59.94. */
const DROP_FRAME_DISPLAYS = [102, 106];
const STEREO = 1;
const MIXES = ["mono", "stereo", "5.1", "multichannel"] as const;
export const BIN_NAME = "Foley (generated)";

export interface Pinned {
  readonly project: Project;
  readonly sequence: Sequence;
}

/** The sequence in front. @throws Refusal NO_PROJECT, NO_SEQUENCE */
export function activeSequence(): Pinned {
  const project = premiere().project;
  if (!project) throw refusal("NO_PROJECT", "No project is open. Open one, then try again.");
  const sequence = project.activeSequence;
  if (!sequence) throw refusal("NO_SEQUENCE", "No sequence is open. Open one in the Timeline, then try again.");
  return { project, sequence };
}

/**
 * The sequence of the pin, whatever is in front now; looked up anew by each call, for old references go stale.
 * @throws Refusal SEQUENCE_GONE
 */
export function pinnedSequence(pin: Pin): Pinned {
  const { project: front, projects } = premiere();
  const open = projects ? collect(projects, projects.numProjects) : [];
  if (front) open.push(front);
  const project = find(open, ({ documentID }) => documentID === pin.documentId);
  if (project === undefined) {
    throw refusal("SEQUENCE_GONE", "The project that this was made for is closed. Open it, then try again.", {
      documentId: pin.documentId,
    });
  }
  const { sequences } = project;
  const sequence = find(collect(sequences, sequences.numSequences), ({ sequenceID }) => sequenceID === pin.sequenceId);
  if (sequence === undefined) {
    throw refusal("SEQUENCE_GONE", "The sequence that this was made for is not in the project any more.", {
      sequenceId: pin.sequenceId,
    });
  }
  return { project, sequence };
}

export const videoTracksOf = ({ videoTracks }: Sequence): Track[] => collect(videoTracks, videoTracks.numTracks);
export const audioTracksOf = ({ audioTracks }: Sequence): Track[] => collect(audioTracks, audioTracks.numTracks);

/** Some sequences have no settings to give; then their own properties must do. */
export const settingsOf = (sequence: Sequence): SequenceSettings =>
  asked(() => sequence.getSettings()) || {
    audioChannelType: STEREO,
    videoDisplayFormat: sequence.videoDisplayFormat,
    videoFrameWidth: sequence.frameSizeHorizontal,
    videoFrameHeight: sequence.frameSizeVertical,
  };

export function describeSequence({ project, sequence }: Pinned): SequenceData {
  const settings = settingsOf(sequence);
  const { inTicks, outTicks } = marksOf(sequence);
  return {
    pin: { documentId: project.documentID, sequenceId: sequence.sequenceID },
    name: sequence.name,
    timebaseTicks: textOf(timebaseOf(sequence)),
    frameRate: rateOfTimebase(timebaseOf(sequence)),
    dropFrame: filter(DROP_FRAME_DISPLAYS, (display) => display === settings.videoDisplayFormat).length > 0,
    zeroPointTicks: String(sequence.zeroPoint),
    endTicks: String(sequence.end),
    inTicks: inTicks === null ? null : textOf(inTicks),
    outTicks: outTicks === null ? null : textOf(outTicks),
    widthPx: settings.videoFrameWidth,
    heightPx: settings.videoFrameHeight,
    mix: MIXES[settings.audioChannelType] ?? "stereo",
    audioTracks: map(audioTracksOf(sequence), describeTrack),
    takesFolder: takesFolderOf(project),
  };
}

const describeTrack = (track: Track, index: number): AudioTrackData => ({
  index,
  name: track.name,
  locked: track.isLocked(),
  muted: track.isMuted(),
  clipCount: track.clips.numItems,
});

/** Beside a saved project, so that takes go where the project goes. */
function takesFolderOf(project: Project): string {
  const parent = project.path ? fileAt(project.path).parent.fsName : documentsFolder();
  return folderAt(`${parent}/${BIN_NAME}`).fsName;
}

/**
 * Runs `work` with the sequence in front, then brings back the one that was. QE and the export act on whatever is in front.
 * @throws Refusal SEQUENCE_GONE where Premiere does not bring it there
 */
export function inFront<Data>(
  { project, sequence }: Pinned,
  later: (restore: () => void) => void,
  work: () => Data,
): Data {
  const isInFront = (): boolean =>
    premiere().project?.documentID === project.documentID &&
    premiere().project?.activeSequence?.sequenceID === sequence.sequenceID;
  if (!isInFront()) {
    const before = premiere().project;
    const previous = before?.activeSequence?.sequenceID;
    project.openSequence(sequence.sequenceID);
    if (before && previous !== undefined) later(() => before.openSequence(previous));
    if (!isInFront()) {
      throw refusal(
        "SEQUENCE_GONE",
        `Premiere does not bring “${sequence.name}” to the front. Click its tab, then try again.`,
        {
          sequenceId: sequence.sequenceID,
        },
      );
    }
  }
  return work();
}
