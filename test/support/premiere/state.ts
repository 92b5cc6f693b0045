/**
 * What a Premiere project is, for the double: plain data, and the quirks that one Premiere has and another not. Sources are
 * named as in `premiere-quirks.test.ts`.
 */
export const TICKS_PER_SECOND = 254_016_000_000;
export const UNSET = -400_000 * TICKS_PER_SECOND;

export interface Quirks {
  /** overwriteClip follows track targeting instead of the track it is called on. */
  targetingDecides: boolean;
  /** After one setTargeted every audio track reads as targeted. */
  allReadTargeted: boolean;
  /** What placing on a locked track does. */
  locked: "nothing" | "throws";
  /** Answers true and does nothing. */
  placesNothing: boolean;
  /** When a track asked for is to be seen: at once, after so many more calls, or never. */
  trackAppearsAfterCalls: number;
  /** Puts the new track at the top whatever was asked. */
  trackInsertedAtTop: boolean;
  hasQe: boolean;
  qeNamesTracks: boolean;
  importAppearsAfterCalls: number;
  importAnswers: unknown;
  /** Brings in nothing and says true. */
  importLies: boolean;
  findsByPath: boolean;
  dualMono: boolean;
  mapping: "property" | "method" | "missing";
  mappingTypeReadOnly: boolean;
  /** Marks count from the first frame, or from the zero point, or are read from there but written from the first frame. */
  marks: "from-start" | "from-zero" | "read-from-zero";
  /** setInPoint and setOutPoint are not taken. */
  marksIgnored: boolean;
  /** The unset marker cannot be set again: it becomes 0. */
  unsetNotRestored: boolean;
  selectionNullWhenEmpty: boolean;
  parentTrackIndex: boolean;
  linkedItems: boolean;
  exportAnswer: unknown;
  exportFails: boolean;
  /** The file grows for so many naps after the export says it is done. */
  exportGrowsForSleeps: number;
  windows: boolean;
  opensSequences: boolean;
  /** Frames are rounded up, not to the nearest, where a start is off the grid. */
  roundsUp: boolean;
  removes: boolean;
  hasSettings: boolean;
  /** Scripts may lock and target tracks and name clips. */
  changesState: boolean;
}

export const QUIRKS: Quirks = {
  targetingDecides: false,
  allReadTargeted: false,
  locked: "nothing",
  placesNothing: false,
  trackAppearsAfterCalls: 0,
  trackInsertedAtTop: false,
  hasQe: true,
  qeNamesTracks: true,
  importAppearsAfterCalls: 0,
  importAnswers: true,
  importLies: false,
  findsByPath: true,
  dualMono: false,
  mapping: "property",
  mappingTypeReadOnly: false,
  marks: "from-start",
  marksIgnored: false,
  unsetNotRestored: false,
  selectionNullWhenEmpty: false,
  parentTrackIndex: true,
  linkedItems: true,
  exportAnswer: "No Error",
  exportFails: false,
  exportGrowsForSleeps: 0,
  windows: false,
  opensSequences: true,
  roundsUp: false,
  removes: true,
  hasSettings: true,
  changesState: true,
};

export interface ItemState {
  nodeId: string | null;
  name: string;
  /** 1 clip, 2 bin, 3 root. */
  type: number;
  path: string;
  parent: ItemState | null;
  children: ItemState[];
  /** Ticks; Infinity for stills and the like. */
  duration: number;
  inTicks: number;
  outTicks: number | null;
  startTime: number;
  fps: number;
  offline: boolean;
  sequence: boolean;
  multicam: boolean;
  merged: boolean;
  proxy: string;
  audioClips: number;
  visibleFromCall: number;
}

export interface ClipState {
  nodeId: string | null;
  name: string;
  media: "Video" | "Audio";
  start: number;
  end: number;
  in: number;
  item: ItemState | null;
  disabled: boolean;
  selected: boolean;
  speed: number;
  reversed: boolean;
  adjustment: boolean;
  components: number;
  linked: ClipState[];
}

export interface TrackState {
  id: number;
  name: string;
  media: "Video" | "Audio";
  channels: "mono" | "standard" | "5.1";
  locked: boolean;
  muted: boolean;
  targeted: boolean;
  clips: ClipState[];
  transitions: { start: number; end: number }[];
  visibleFromCall: number;
}

export interface SequenceState {
  id: string;
  name: string;
  timebase: number;
  zeroPoint: number;
  displayFormat: number;
  mixType: number;
  inTicks: number;
  outTicks: number;
  video: TrackState[];
  audio: TrackState[];
}

export interface ProjectState {
  documentId: string;
  path: string;
  root: ItemState;
  sequences: SequenceState[];
  active: SequenceState | null;
}

export interface World {
  quirks: Quirks;
  version: string;
  projects: ProjectState[];
  front: ProjectState | null;
  /** Number of the script call that runs. */
  call: number;
  growing: { path: string; sleeps: number } | null;
  /** How often a clip's time or its project item was read: what costs in Premiere. */
  timesRead: number;
  itemsRead: number;
  /** Every change made to a project, in order. */
  changes: string[];
  events: { type: string; data: string }[];
  bound: Map<string, (() => void)[]>;
  nextId: number;
  /** Folder of the "Premiere" program. */
  program: string;
  userData: string;
  documents: string;
  temp: string;
}

export const newId = (world: World): string => `000f${(world.nextId++).toString(16).padStart(4, "0")}`;

export function newItem(name: string, fields: Partial<ItemState> = {}): ItemState {
  return {
    nodeId: null,
    name,
    type: 1,
    path: "",
    parent: null,
    children: [],
    duration: 3600 * TICKS_PER_SECOND,
    inTicks: 0,
    outTicks: null,
    startTime: 0,
    fps: 25,
    offline: false,
    sequence: false,
    multicam: false,
    merged: false,
    proxy: "",
    audioClips: 1,
    visibleFromCall: 0,
    ...fields,
  };
}

export const endOf = ({ video, audio }: SequenceState): number =>
  Math.max(0, ...[...video, ...audio].flatMap(({ clips }) => clips.map(({ end }) => end)));

/** A standard track as Premiere adds it, perhaps to be seen only in a later call. */
export const newTrack = (
  world: World,
  sequence: SequenceState,
  channels: TrackState["channels"] = "standard",
): TrackState => ({
  id: 1000 + world.nextId++,
  name: `Audio ${sequence.audio.length + 1}`,
  media: "Audio",
  channels,
  locked: false,
  muted: false,
  targeted: false,
  clips: [],
  transitions: [],
  visibleFromCall: world.call + world.quirks.trackAppearsAfterCalls,
});
