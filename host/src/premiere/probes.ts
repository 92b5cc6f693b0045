import type { Detail } from "../contract.ts";
import { forEach, map } from "../es3/lists.ts";
import { asked } from "./asked.ts";
import { lanesOf } from "./bins.ts";
import type { ProjectItem, Sequence, Track, TrackItem } from "./dom.ts";
import { enabledQe, engine, fileAt, folderAt, tempFolder, userDataFolder } from "./globals.ts";
import { timebaseOf } from "./marks.ts";
import { withRestored } from "./restore.ts";
import { audioTracksOf } from "./sequence.ts";
import { floorToGrid, TICKS_PER_SECOND, type Ticks, timeAt } from "./time.ts";
import { findPlaced, targetOnly, trackSignatures } from "./tracks.ts";

/**
 * The questions that no document answers, asked of a scratch sequence. They do on purpose what the product never does; each
 * returns what it saw, without judging.
 */
export interface Scratch {
  readonly sequence: Sequence;
  readonly first: ProjectItem;
  readonly second: ProjectItem;
  readonly presets: readonly string[];
}
export type Probe = (scratch: Scratch) => Detail;

const numberOf = (value: unknown): number | string => (typeof value === "number" ? value : String(value));
const undoIndex = (): number | string => numberOf(asked(() => enabledQe()!.project.undoStackIndex!()));
/** A time behind everything, on a frame. */
const behind = (sequence: Sequence, secondsBehind: number): Ticks =>
  floorToGrid(Number(sequence.end) + secondsBehind * TICKS_PER_SECOND, timebaseOf(sequence));
const lastTrack = (sequence: Sequence): number => audioTracksOf(sequence).length - 1;

/** Where a take lands that is placed on one track, as `A2@ticks`; everything it left is removed again. */
function landing(sequence: Sequence, item: ProjectItem, index: number, at: Ticks): string[] {
  const old = map(findPlaced(sequence, item), ({ item: clip }) => clip.nodeId);
  let thrown = "";
  try {
    (audioTracksOf(sequence)[index] as Track).overwriteClip(item, timeAt(at));
  } catch (error) {
    thrown = String((error as { message?: string }).message);
  }
  const seen: string[] = thrown === "" ? [] : [`threw ${thrown}`];
  const fresh: TrackItem[] = [];
  forEach(findPlaced(sequence, item), ({ trackIndex, item: clip }) => {
    if (old.join(" ").indexOf(clip.nodeId) >= 0) return;
    seen.push(`A${trackIndex + 1}@${clip.start.ticks}-${clip.end.ticks}`);
    fresh.push(clip);
  });
  forEach(fresh, (clip) => {
    clip.remove(false, false);
  });
  return seen;
}

const addTracks: Probe = ({ sequence }) => {
  const before = trackSignatures(sequence);
  const undoBefore = undoIndex();
  const answers: string[] = [];
  // Standard, mono, 5.1: each appended.
  forEach([1, 0, 2] as const, (type) => {
    const qe = enabledQe()!.project.getActiveSequence()!;
    answers.push(String(qe.addTracks(0, 0, 1, type, sequence.audioTracks.numTracks, 0, 0)));
  });
  return { before, afterInSameCall: trackSignatures(sequence), answers, undoBefore, undoAfter: undoIndex() };
};

const placing: Probe = ({ sequence, first }) => {
  const last = lastTrack(sequence);
  const undoBefore = undoIndex();
  const addressed = landing(sequence, first, last - 2, behind(sequence, 10));
  return {
    undoBefore,
    undoAfterPlaceAndRemove: undoIndex(),
    addressed: last - 2,
    targeted: map(audioTracksOf(sequence), (track) => String(track.isTargeted())),
    landed: addressed,
    landedOnMonoTrack: landing(sequence, first, last - 1, behind(sequence, 10)),
    landedOnSurroundTrack: landing(sequence, first, last, behind(sequence, 10)),
    landedOffGrid: landing(sequence, first, last - 2, behind(sequence, 10) + Math.round(timebaseOf(sequence) * 0.6)),
  };
};

const targetingAndLocks: Probe = ({ sequence, first }) =>
  withRestored((later) => {
    const index = lastTrack(sequence) - 2;
    targetOnly(sequence, 0, later);
    const readAs = map(audioTracksOf(sequence), (track) => String(track.isTargeted()));
    const landed = landing(sequence, first, index, behind(sequence, 10));
    const undoBefore = undoIndex();
    const track = audioTracksOf(sequence)[index] as Track;
    later(() => track.setLocked(0));
    track.setLocked(1);
    return {
      onlyFirstTargetedReadsAs: readAs,
      landedThen: landed,
      lockReadsAs: track.isLocked(),
      undoBeforeLock: undoBefore,
      undoAfterLock: undoIndex(),
      landedOnLocked: landing(sequence, first, index, behind(sequence, 10)),
    };
  });

const marks: Probe = ({ sequence }) =>
  withRestored((later) => {
    const zeroPoint = sequence.zeroPoint;
    const inPoint = sequence.getInPointAsTime();
    const outPoint = sequence.getOutPointAsTime();
    later(() => {
      sequence.setZeroPoint(zeroPoint);
    });
    const frame = timebaseOf(sequence);
    const seen: { [name: string]: string } = { unsetIn: inPoint.ticks, unsetOut: outPoint.ticks, frame: String(frame) };
    forEach(["0", String(3600 * TICKS_PER_SECOND)], (zero) => {
      sequence.setZeroPoint(zero);
      sequence.setInPoint(timeAt(frame));
      sequence.setOutPoint(timeAt(3 * frame));
      seen[`in at zero point ${zero}`] = sequence.getInPointAsTime().ticks;
      seen[`out at zero point ${zero}`] = sequence.getOutPointAsTime().ticks;
    });
    sequence.setZeroPoint(zeroPoint);
    sequence.setInPoint(inPoint);
    sequence.setOutPoint(outPoint);
    seen.restoredIn = sequence.getInPointAsTime().ticks;
    seen.restoredOut = sequence.getOutPointAsTime().ticks;
    return seen;
  });

const rendering: Probe = ({ sequence, presets }) => {
  const seen: { [name: string]: string } = {};
  forEach(presets, (path, number) => {
    const preset = fileAt(path);
    seen[`preset ${number}`] = `${preset.fsName} exists ${preset.exists}`;
    seen[`ending ${number}`] = String(asked(() => sequence.getExportFileExtension(preset.fsName)));
    forEach([`${userDataFolder()}/Foley in the Editor/self-test`, tempFolder()], (path_) => {
      const folder = folderAt(path_);
      folder.create();
      const file = fileAt(`${folder.fsName}/foley-self-test-${number}.mp4`);
      const start_ms = new Date().getTime();
      const answer = asked(() => sequence.exportAsMediaDirect(file.fsName, preset.fsName, 1));
      engine().sleep(500);
      seen[`render ${number} in ${folder.fsName}`] =
        `answer ${answer}, ${new Date().getTime() - start_ms} ms, bytes ${fileAt(file.fsName).length}`;
    });
  });
  return seen;
};

/** Select clips at 50 %, 200 %, reversed, and with camera timecode before. */
const selectedClips: Probe = ({ sequence }) => {
  const seen: { [name: string]: string } = {};
  forEach(sequence.getSelection() ?? [], (item, index) => {
    const source = item.projectItem;
    seen[`clip ${index}`] =
      `${item.mediaType} start ${item.start.ticks} end ${item.end.ticks} in ${item.inPoint.ticks} out ${item.outPoint.ticks} ` +
      `speed ${asked(() => item.getSpeed!())} reversed ${asked(() => item.isSpeedReversed!())} ` +
      `media starts ${source ? asked(() => source.startTime!().ticks) : "-"} ` +
      `item in ${source ? asked(() => source.getInPoint!().ticks) : "-"} out ${source ? asked(() => source.getOutPoint!().ticks) : "-"}`;
  });
  return seen;
};

const stereo: Probe = ({ first }) => ({
  lanes: lanesOf(first),
  mappingIs: typeof first.getAudioChannelMapping,
  itemIn: String(asked(() => first.getInPoint!().ticks)),
  itemOut: String(asked(() => first.getOutPoint!().ticks)),
});

const replacing: Probe = ({ sequence, first, second }) => {
  const old = map(findPlaced(sequence, first), ({ item }) => item.nodeId).join(" ");
  (audioTracksOf(sequence)[lastTrack(sequence) - 2] as Track).overwriteClip(first, timeAt(behind(sequence, 20)));
  const seen: { [name: string]: string } = {};
  forEach(findPlaced(sequence, first), ({ item }) => {
    if (old.indexOf(item.nodeId) >= 0) return;
    const before = `${item.start.ticks} ${item.end.ticks}`;
    item.projectItem = second;
    seen.replacedBy = String(item.projectItem && item.projectItem.nodeId === second.nodeId);
    seen.before = before;
    seen.after = `${item.start.ticks} ${item.end.ticks}`;
    item.remove(false, false);
  });
  return seen;
};

export const PROBES: ReadonlyArray<{ readonly asked: string; readonly probe: Probe }> = [
  { asked: "How is stereo imported, and where do the item's own in and out lie?", probe: stereo },
  { asked: "Does addTracks with seven arguments append, at once, and in how many steps of undo?", probe: addTracks },
  {
    asked: "Where does overwriteClip place sound: on the track addressed, and on mono and 5.1 tracks?",
    probe: placing,
  },
  {
    asked: "Does targeting or a lock change where it lands, and does a lock cost a step of undo?",
    probe: targetingAndLocks,
  },
  { asked: "Do marks count from the zero point, and can they be unset again?", probe: marks },
  { asked: "Does a render work with each preset, into our folder and the temporary one?", probe: rendering },
  { asked: "What do in and out mean at other speeds, reversed, and with camera timecode?", probe: selectedClips },
  { asked: "Can the source of a placed sound be replaced?", probe: replacing },
];
