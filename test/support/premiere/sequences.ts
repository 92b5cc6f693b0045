import { existsSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { onDisk } from "./files.ts";
import { itemsOf, stateOf, tracksOf, wrapItem } from "./items.ts";
import { overwrite } from "./placing.ts";
import {
  type ClipState,
  endOf,
  newId,
  type ProjectState,
  type SequenceState,
  type TrackState,
  UNSET,
  type World,
} from "./state.ts";
import { markTicks, placeTicks, timeOf } from "./time.ts";

/** A clip on a track: times are copies, `start` and its like take whole Time objects only. */
function wrapClip(world: World, sequence: SequenceState, track: TrackState, clip: ClipState): object {
  const { quirks } = world;
  const wrapAny = (other: ClipState): object => {
    const home = [...sequence.video, ...sequence.audio].find(({ clips }) => clips.includes(other));
    return wrapClip(world, sequence, home ?? track, other);
  };
  const readOnly = (name: string) => (value: unknown) => {
    throw new Error(`Cannot set property ${name} to ${value}`);
  };
  const wrapper = {
    get nodeId() {
      clip.nodeId ??= newId(world);
      return clip.nodeId;
    },
    get name() {
      return clip.name;
    },
    set name(name: string) {
      if (!quirks.changesState) throw new Error("Cannot set property name");
      clip.name = name;
      world.changes.push(`name ${name}`);
    },
    mediaType: clip.media,
    type: clip.media === "Video" ? 1 : 2,
    get parentTrackIndex() {
      if (!quirks.parentTrackIndex) return undefined;
      return (clip.media === "Video" ? sequence.video : sequence.audio).indexOf(track);
    },
    disabled: clip.disabled,
    get projectItem() {
      world.itemsRead++;
      return clip.item === null ? null : wrapItem(world, clip.item);
    },
    set projectItem(item: object | null) {
      clip.item = (item && stateOf.get(item)) ?? clip.item;
    },
    components: { numItems: clip.components },
    isSelected: () => clip.selected,
    isAdjustmentLayer: () => clip.adjustment,
    getSpeed: () => clip.speed,
    isSpeedReversed: () => (clip.reversed ? 1 : 0),
    ...(quirks.linkedItems ? { getLinkedItems: () => itemsOf(clip.linked.map(wrapAny)) } : {}),
    remove(ripple: unknown, alignToVideo: unknown): boolean {
      if (ripple !== false || alignToVideo !== false) throw new Error("a rippling removal moves other clips");
      if (track.locked || !quirks.removes) return true;
      track.clips = track.clips.filter((other) => other !== clip);
      world.changes.push(`remove ${clip.name}`);
      return true;
    },
  };
  const times = {
    start: () => clip.start,
    end: () => clip.end,
    inPoint: () => clip.in,
    outPoint: () => clip.in + clip.end - clip.start,
  };
  for (const [name, read] of Object.entries(times)) {
    const get = () => {
      world.timesRead++;
      return timeOf(read());
    };
    Object.defineProperty(wrapper, name, { get, set: readOnly(name), enumerable: true });
  }
  return wrapper;
}

function wrapTrack(world: World, sequence: SequenceState, track: TrackState): object {
  return {
    id: track.id,
    get name() {
      return track.name;
    },
    set name(_name: string) {
      // read-only without an error
    },
    get clips() {
      return itemsOf(track.clips.map((clip) => wrapClip(world, sequence, track, clip)));
    },
    get transitions() {
      return itemsOf(track.transitions.map(({ start, end }) => ({ start: timeOf(start), end: timeOf(end) })));
    },
    isLocked: () => track.locked,
    setLocked(locked: unknown) {
      if (!world.quirks.changesState) throw new Error("setLocked is not a function");
      if (locked !== 0 && locked !== 1) throw new Error("setLocked takes 0 or 1");
      track.locked = locked === 1;
    },
    isMuted: () => track.muted,
    isTargeted: () => track.targeted,
    setTargeted(targeted: boolean) {
      if (!world.quirks.changesState) throw new Error("setTargeted is not a function");
      track.targeted = targeted;
      if (world.quirks.allReadTargeted) for (const other of sequence.audio) other.targeted = true;
      return true;
    },
    overwriteClip(item: object, at: unknown) {
      const state = stateOf.get(item);
      if (state === undefined) throw new Error("overwriteClip takes a project item");
      return overwrite(world, sequence, sequence.audio.indexOf(track), state, placeTicks(at));
    },
    insertClip() {
      throw new Error("insertClip ripples some tracks only: never");
    },
  };
}

export function wrapSequence(world: World, project: ProjectState, sequence: SequenceState): object {
  const { quirks } = world;
  const shown = (tracks: TrackState[]): TrackState[] => tracks.filter((track) => track.visibleFromCall <= world.call);
  const readMark = (ticks: number) =>
    timeOf(ticks < 0 ? UNSET : ticks + (quirks.marks === "from-start" ? 0 : sequence.zeroPoint));
  const writeMark = (name: "inTicks" | "outTicks", value: unknown): void => {
    const ticks = markTicks(value, sequence.timebase);
    const writeOffset = quirks.marks === "from-zero" ? sequence.zeroPoint : 0;
    if (quirks.marksIgnored) return;
    if (ticks < 0) sequence[name] = quirks.unsetNotRestored ? 0 : UNSET;
    else if (ticks >= writeOffset && ticks - writeOffset <= endOf(sequence) + sequence.timebase) {
      sequence[name] = ticks - writeOffset;
      world.changes.push(`mark ${name} ${sequence[name]}`);
    }
  };
  return {
    sequenceID: sequence.id,
    id: 0,
    name: sequence.name,
    timebase: String(sequence.timebase),
    get zeroPoint() {
      return String(sequence.zeroPoint);
    },
    setZeroPoint(ticks: unknown) {
      if (typeof ticks !== "string") throw new Error("setZeroPoint takes ticks as text");
      sequence.zeroPoint = Number(ticks);
    },
    get end() {
      return String(endOf(sequence));
    },
    get videoTracks() {
      return tracksOf(shown(sequence.video).map((track) => wrapTrack(world, sequence, track)));
    },
    get audioTracks() {
      return tracksOf(shown(sequence.audio).map((track) => wrapTrack(world, sequence, track)));
    },
    getInPointAsTime: () => readMark(sequence.inTicks),
    getOutPointAsTime: () => readMark(sequence.outTicks),
    setInPoint: (value: unknown) => writeMark("inTicks", value),
    setOutPoint: (value: unknown) => writeMark("outTicks", value),
    getSelection() {
      const tracks = [...sequence.audio, ...[...sequence.video].reverse()];
      const found = tracks.flatMap((track) =>
        [...track.clips]
          .reverse()
          .filter(({ selected }) => selected)
          .map((clip) => wrapClip(world, sequence, track, clip)),
      );
      return found.length === 0 && quirks.selectionNullWhenEmpty ? null : found;
    },
    videoDisplayFormat: sequence.displayFormat,
    frameSizeHorizontal: 1920,
    frameSizeVertical: 1080,
    getSettings: () =>
      quirks.hasSettings
        ? {
            audioChannelType: sequence.mixType,
            videoDisplayFormat: sequence.displayFormat,
            videoFrameWidth: 1920,
            videoFrameHeight: 1080,
          }
        : null,
    getExportFileExtension(preset: string) {
      checkPath(world, preset);
      return /h264|match source/i.test(preset) ? "mp4" : "wav";
    },
    exportAsMediaDirect: (path: string, preset: string, workArea: unknown) =>
      exportDirect(world, project, sequence, path, preset, workArea),
    setSettings() {
      throw new Error("getSettings after this crashes Premiere: never");
    },
    insertClip() {
      throw new Error("insertClip ripples some tracks only: never");
    },
    clone() {
      throw new Error("a clone becomes active and litters the undo history: never");
    },
  };
}

function checkPath(world: World, path: string): void {
  if (world.quirks.windows && path.includes("/")) throw new Error("Unknown Error");
}

/** Writes a real file; what it answers is not to be believed. */
function exportDirect(
  world: World,
  project: ProjectState,
  sequence: SequenceState,
  path: string,
  preset: string,
  workArea: unknown,
): unknown {
  const { quirks } = world;
  if (workArea === undefined) throw new Error("without a range constant Premiere renders the whole sequence");
  const mixed = quirks.windows && (path.includes("/") || preset.includes("/"));
  const isActive = world.front === project && project.active === sequence;
  if (mixed || !isActive || !existsSync(onDisk(preset)) || quirks.exportFails) return "Unknown Error";
  const [from, to] = workArea === 1 ? [sequence.inTicks, sequence.outTicks] : [0, endOf(sequence)];
  world.changes.push(`render ${from} ${to} ${extname(preset)}`);
  world.growing = { path: onDisk(path), sleeps: quirks.exportGrowsForSleeps };
  writeFileSync(onDisk(path), quirks.exportGrowsForSleeps > 0 ? "" : "a film");
  return quirks.exportAnswer;
}
