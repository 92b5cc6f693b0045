/**
 * The part of Premiere's object model that we use. Stricter than Premiere: a time is a Time object everywhere, though it would
 * take a number (seconds) or a string (ticks) in many places, so the two can never be mistaken for each other. What older or
 * newer versions lack is marked so. `types/agreement.ts` holds the names to the published typings.
 */

export interface Time {
  seconds: number;
  ticks: string;
}

export interface Collection<Item> {
  readonly [index: number]: Item;
}
export interface Items<Item> extends Collection<Item> {
  readonly numItems: number;
}

export interface AudioChannelMapping {
  audioChannelsType: number;
  audioClipsNumber: number;
  setMappingForChannel(channel: number, source: number): boolean;
}

export interface ProjectItem {
  readonly nodeId: string;
  readonly type: number;
  readonly treePath: string;
  name: string;
  readonly children?: Items<ProjectItem>;
  getMediaPath(): string;
  isOffline?(): boolean;
  isSequence(): boolean;
  /** Spelled in two ways. */
  isMulticamClip?(): boolean;
  isMultiCamClip?(): boolean;
  isMergedClip?(): boolean;
  hasProxy(): boolean;
  getProxyPath(): string;
  getFootageInterpretation?(): { readonly frameRate: number } | 0;
  startTime?(): Time;
  createBin(name: string): ProjectItem;
  findItemsMatchingMediaPath(path: string, ignoreSubclips: number): ReadonlyArray<ProjectItem> | Items<ProjectItem> | 0;
  clearInPoint?(): boolean;
  clearOutPoint?(): boolean;
  getInPoint?(): Time;
  getOutPoint?(): Time;
  /** A value in some versions, a method in others. */
  getAudioChannelMapping?: AudioChannelMapping | null | (() => AudioChannelMapping | null);
  setAudioChannelMapping?(mapping: AudioChannelMapping): boolean;
  select(): void;
}

export interface TrackItem {
  readonly nodeId: string;
  name: string;
  readonly mediaType: string;
  readonly type: number;
  readonly parentTrackIndex?: number;
  readonly start: Time;
  readonly end: Time;
  readonly inPoint: Time;
  readonly outPoint: Time;
  disabled?: boolean;
  projectItem?: ProjectItem | null;
  readonly components?: { readonly numItems: number };
  isSelected(): boolean;
  isAdjustmentLayer?(): boolean;
  getSpeed?(): number;
  isSpeedReversed?(): number | boolean;
  getLinkedItems?(): Items<TrackItem> | null;
  remove(ripple: boolean, alignToVideo: boolean): boolean;
}

export interface Track {
  readonly id: number | string;
  name: string;
  readonly clips: Items<TrackItem>;
  readonly transitions?: Items<{ readonly start: Time; readonly end: Time }>;
  isLocked(): boolean;
  /** 1 locks, 0 unlocks. */
  setLocked(locked: number): void;
  isMuted(): boolean;
  isTargeted(): boolean;
  setTargeted(targeted: boolean, broadcast: boolean): boolean;
  overwriteClip(item: ProjectItem, at: Time): unknown;
}

export interface Tracks extends Collection<Track> {
  readonly numTracks: number;
}

export interface SequenceSettings {
  readonly audioChannelType: number;
  readonly videoDisplayFormat: number;
  readonly videoFrameWidth: number;
  readonly videoFrameHeight: number;
}

export interface Sequence {
  readonly sequenceID: string;
  readonly name: string;
  readonly timebase: string;
  readonly end: string;
  readonly zeroPoint: string;
  readonly videoTracks: Tracks;
  readonly audioTracks: Tracks;
  getInPointAsTime(): Time;
  getOutPointAsTime(): Time;
  /** Ticks as text. */
  setZeroPoint(ticks: string): void;
  setInPoint(at: Time): void;
  setOutPoint(at: Time): void;
  getSelection(): ReadonlyArray<TrackItem> | null;
  readonly videoDisplayFormat: number;
  readonly frameSizeHorizontal: number;
  readonly frameSizeVertical: number;
  getSettings(): SequenceSettings | null;
  getExportFileExtension(presetPath: string): string;
  exportAsMediaDirect(path: string, presetPath: string, workAreaType: 0 | 1 | 2): unknown;
}

export interface Project {
  readonly documentID: string;
  readonly path: string;
  readonly rootItem: ProjectItem;
  readonly activeSequence: Sequence | null;
  readonly sequences: Collection<Sequence> & { readonly numSequences: number };
  openSequence(sequenceId: string): boolean;
  importFiles(paths: string[], suppressUi: boolean, bin: ProjectItem, asNumberedStills: boolean): unknown;
}

export interface Application {
  readonly version: string;
  readonly project?: Project | null;
  readonly projects?: Collection<Project> & { readonly numProjects: number };
  enableQE(): void;
  bind(event: string, listener: () => void): void;
  setExtensionPersistent?(extensionId: string, state: number): void;
}

/** Undocumented; the only way to add a track. */
export interface QeSequence {
  addTracks(
    videoCount: number,
    afterVideo: number,
    audioCount: number,
    audioType: 0 | 1 | 2 | 3,
    afterAudio: number,
    submixCount: number,
    submixType: number,
  ): unknown;
  getAudioTrackAt(index: number): { setName(name: string): boolean };
}
export interface Qe {
  readonly project: { getActiveSequence(): QeSequence | null; undoStackIndex?(): number };
}

export interface FileObject {
  readonly exists: boolean;
  readonly length: number;
  readonly fsName: string;
  readonly name: string;
  readonly parent: FolderObject;
  encoding: string;
  open(mode: "r" | "w"): boolean;
  read(characters?: number): string;
  write(text: string): boolean;
  close(): boolean;
}
export interface FolderObject {
  readonly exists: boolean;
  readonly fsName: string;
  create(): boolean;
  execute(): boolean;
  getFiles(mask: string): FileObject[];
}
