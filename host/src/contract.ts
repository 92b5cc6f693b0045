/**
 * What the panel and Premiere say to each other. Types only: nothing of this file is in the bundle.
 *
 * Every time is in ticks (254,016,000,000 a second) as a decimal string; times in a sequence count from its first frame, not
 * from the timecode shown there. Paths are absolute and native (`C:\…` on Windows); forward slashes are taken too.
 * Every verb takes one object and answers `Success` or `Failure`; none throws.
 */
export type TicksText = string;

/** Which timeline a request was made for: the focus may go elsewhere before the take is placed. */
export interface Pin {
  readonly documentId: string;
  readonly sequenceId: string;
}

export type FailureCode =
  | "BAD_ARGUMENT"
  | "NO_PROJECT"
  | "NO_SEQUENCE"
  | "NO_SELECTION"
  /** The project or sequence of the pin is not open any more. */
  | "SEQUENCE_GONE"
  /** A clip of the request was moved, trimmed, replaced or deleted since; `detail.clips` says which. */
  | "CLIP_MOVED"
  | "OFFLINE"
  | "UNSUPPORTED_CLIP"
  /** No preset that makes an MP4 was found; `detail.searched` says where. */
  | "NO_PRESET"
  | "RENDER_FAILED"
  | "IMPORT_FAILED"
  | "NO_FREE_TRACK"
  | "TRACK_ADD_FAILED"
  | "PLACE_FAILED"
  /** The take lies somewhere, but not where it should; `detail.trackIndex` and `detail.startTicks` say where. */
  | "PLACE_MISPLACED"
  /** What should be removed is not ours, or is gone already. */
  | "NOT_OURS"
  | "REMOVE_FAILED"
  /**
   * Premiere was told and shows nothing yet. Wait 200 ms and call the same verb with the same argument and
   * `awaited: detail.awaited`: it only looks, nothing is done a second time. Give up after 10 times.
   */
  | "NOT_YET"
  /** The script in Premiere is of another build than the panel; load it anew (`$.evalFile`) and call again: nothing was done. */
  | "STALE_HOST"
  /** Said by the panel's bridge, not by the script: no answer in time, Premiere renders or shows a dialog. */
  | "HOST_BUSY"
  | "INTERNAL";

export type Detail = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
export interface Success<Data> {
  readonly ok: true;
  readonly data: Data;
}
export interface Failure {
  readonly ok: false;
  readonly code: FailureCode;
  /** One sentence: what is so and what to do. English; the code and detail are there to translate it. */
  readonly message: string;
  readonly detail: Detail;
}
export type Result<Data> = Success<Data> | Failure;
export type Verb<Argument, Data> = (argument: Argument) => Result<Data>;

export interface Span {
  readonly startTicks: TicksText;
  readonly endTicks: TicksText;
}

/** What is at the other end: asked once when the panel opens. */
export interface HelloData {
  /** Stamp of the script's build; the same is in `build.json` beside it. */
  readonly build: string;
  readonly appVersion: string;
  readonly scriptVersion: string;
  readonly projectOpen: boolean;
}

export interface AudioTrackData {
  readonly index: number;
  readonly name: string;
  readonly locked: boolean;
  readonly muted: boolean;
  readonly clipCount: number;
}

export interface SequenceData {
  readonly pin: Pin;
  readonly name: string;
  /** Ticks of one frame. */
  readonly timebaseTicks: TicksText;
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly dropFrame: boolean;
  /** Timecode of the first frame. */
  readonly zeroPointTicks: TicksText;
  readonly endTicks: TicksText;
  /** Marked in and out, null where unset. */
  readonly inTicks: TicksText | null;
  readonly outTicks: TicksText | null;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the mix: mono, stereo, 5.1 or multichannel. */
  readonly mix: "mono" | "stereo" | "5.1" | "multichannel";
  readonly audioTracks: readonly AudioTrackData[];
  /** Folder that takes should lie in before they are imported: beside the saved project, else among the user's documents. */
  readonly takesFolder: string;
}

export type ClipKind =
  | "file"
  | "nest"
  | "multicam"
  | "merged"
  | "graphic"
  | "adjustment"
  | "synthetic"
  | "offline"
  | "still";

/** Enough to see later whether a clip is still what it was. */
export interface ClipPin extends Span {
  readonly trackIndex: number;
  readonly trackItemId: string;
  readonly name: string;
  readonly inTicks: TicksText;
}

export interface ClipData extends ClipPin {
  readonly kind: ClipKind;
  readonly outTicks: TicksText;
  readonly mediaPath: string | null;
  readonly proxyPath: string | null;
  /** 1 is 100 %; null where Premiere does not say. */
  readonly speed: number | null;
  readonly reversed: boolean;
  readonly disabled: boolean;
  /** Frames a second at which Premiere reads the media, null where it does not say; the user may have overridden the file's own. */
  readonly readAtFps: number | null;
  /** Effects beyond Motion and Opacity, which every clip has. */
  readonly hasEffects: boolean;
}

/** Why the file alone would not show what the timeline shows. */
export type RenderReason =
  | "several-clips"
  | "gap"
  | "stacked"
  | "nest"
  | "multicam"
  | "merged"
  | "graphic"
  | "adjustment"
  | "synthetic"
  | "still"
  | "speed"
  | "reversed"
  | "interpreted"
  | "source-timecode";

export type Route =
  /**
   * The server reads the file: ticks count from the media's first frame. Where `readAtFps` is not the file's own rate, or
   * the range lies outside the file, the file would not show what the timeline shows: render instead.
   */
  | {
      readonly kind: "source";
      readonly mediaPath: string;
      readonly fromTicks: TicksText;
      readonly toTicks: TicksText;
      readonly readAtFps: number | null;
    }
  /** Premiere must render the range (`renderRange`); it stands still meanwhile, so ask first. */
  | { readonly kind: "render"; readonly reasons: readonly RenderReason[] }
  /** Nothing can be made; the words are for the user. */
  | { readonly kind: "refuse"; readonly failure: Failure };

export interface SelectionData {
  readonly sequence: SequenceData;
  /** Whole frames. With clips selected inside marked in and out, what both have in common. */
  readonly range: Span & {
    readonly from: "selection" | "marks" | "selection-in-marks";
    readonly frames: number;
    /** The end rounded down to a whole 48 kHz sample: sound asked for up to here never reaches over the range. */
    readonly soundEndTicks: TicksText;
  };
  /** Pictures of the range, from the lowest track up, each track in order. */
  readonly clips: readonly ClipData[];
  readonly gaps: readonly Span[];
  readonly route: Route;
}

export interface ReadSequenceArgument {
  /** The active sequence where absent. */
  readonly pin?: Pin;
}
export interface ReadSelectionArgument {
  /** Read proxies where there are any: small files, and all the model needs. Offline clips are read from them anyway. */
  readonly useProxies?: boolean;
}

export interface RenderRangeArgument extends Span {
  readonly pin: Pin;
  /** Without folder or ending. */
  readonly name: string;
  /** Folder for the file; a folder of ours under the user's data where absent. */
  readonly folder?: string;
  /** Presets that came with us, best first; Premiere's own are looked for where none of these makes an MP4. */
  readonly presets: readonly string[];
}
export interface RenderRangeData extends Span {
  readonly path: string;
  readonly preset: string;
  readonly presetFrom: "bundled" | "premiere";
  readonly bytes: number;
  /** Whether the sequence's in and out are what they were. */
  readonly marksRestored: boolean;
}

export interface ImportTakeArgument {
  readonly pin: Pin;
  readonly path: string;
  readonly awaited?: string;
}
export interface ImportTakeData {
  readonly projectItemId: string;
  readonly bin: string;
  readonly alreadyThere: boolean;
}

/** The span is the sound's own: its end is the start plus the WAV's length in samples. */
export interface PlaceTakeArgument extends Span {
  readonly pin: Pin;
  /** The imported WAV; it is placed whole. */
  readonly path: string;
  /** Where to: the take's own track by name or the lowest free one ("auto"), a new one, or one by index. */
  readonly track?: "auto" | "new" | number;
  /** Name of our track; "Foley" where absent. */
  readonly trackName?: string;
  readonly clipName?: string;
  /** Clips the take was made for: refused with CLIP_MOVED where one is not what it was. Leave out to place all the same. */
  readonly expect?: readonly ClipPin[];
  readonly awaited?: string;
}
/** One stretch of a take on a track. */
export interface Place extends Span {
  readonly trackIndex: number;
  readonly trackName: string;
  readonly trackItemId: string;
}
export type PlaceNote =
  | "track-muted"
  | "track-not-named"
  | "multichannel-mix"
  /** The track's targeting was changed for the moment of placing. */
  | "targeting-used"
  /** A first attempt landed on an empty stretch elsewhere and was taken back. */
  | "second-attempt";
export interface PlaceTakeData extends Place {
  readonly projectItemId: string;
  readonly addedTrack: boolean;
  readonly notes: readonly PlaceNote[];
  /** How often the user must undo to take all of this back, the import included. */
  readonly undoSteps: number;
}

export interface FindTakeArgument {
  readonly pin: Pin;
  readonly path: string;
}
/** Reads only: what became of a call that was not answered in time. */
export interface FindTakeData {
  readonly projectItemId: string | null;
  readonly places: readonly Place[];
}

export interface RemoveTakeArgument {
  readonly pin: Pin;
  readonly trackItemId: string;
  readonly path: string;
}
export interface RemoveTakeData {
  readonly trackIndex: number;
}

export interface RevealArgument {
  readonly pin: Pin;
  readonly path: string;
}
export interface RevealData {
  /** Selected in the Project panel, or else its folder was opened. */
  readonly where: "project" | "folder";
}

export interface WatchArgument {
  /** Id of the panel's extension: kept loaded while it is hidden. */
  readonly extensionId: string;
}
export interface WatchData {
  /** Type of the CSXS event sent when the selection or the active sequence changes; its data says which. */
  readonly eventType: string;
}

/** What the first person with a Premiere at hand runs; answers what no document does. */
export interface SelfTestArgument {
  /** Must be the words "this is a scratch project": tracks and clips are added to the sequence in front. */
  readonly consent: string;
  readonly reportPath: string;
  /** Two stereo WAVs of 48 kHz. */
  readonly wavPaths: readonly [string, string];
  readonly presets: readonly string[];
}
export interface SelfTestAnswer {
  readonly asked: string;
  readonly outcome: "answered" | "failed";
  readonly answer: Detail;
}
export interface SelfTestData {
  readonly reportPath: string;
  readonly answers: readonly SelfTestAnswer[];
}
