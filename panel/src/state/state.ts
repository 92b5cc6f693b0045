import type {
  ErrorBody,
  GenerateRequest,
  ImportResource,
  Look,
  LookRequest,
  ModelsResource,
  SoundEvent,
  Stage,
  TakeRecord,
  Ticks,
} from "local-server/protocol";
import { secondsOfTicks, ticks, ticksOfString } from "local-server/protocol";
import type { Said } from "../i18n/text.ts";
import type { Persisted } from "./persist.ts";
import type { FrameCount } from "./timecode.ts";

export type View = "cue" | "takes" | "jobs" | "models" | "settings";

/** The picture that sound is made for: a clip in the browser, a sequence in Premiere. All times count from its first frame. */
export interface Clip {
  /** Absolute path on the server's machine; of a sequence the one source that was chosen, or "". */
  readonly path: string;
  /** Set where the picture is an editor's sequence. */
  readonly sequence: { readonly documentId: string; readonly sequenceId: string } | null;
  readonly name: string;
  /** Where the page finds its pictures, null where it can not. */
  readonly url: string | null;
  /** Where on the clip's clock the first frame behind `url` stands: not 0 for a trimmed clip in a sequence. */
  readonly urlStartSeconds: number;
  readonly count: FrameCount;
  readonly duration: Ticks;
}

export interface Take {
  readonly id: string;
  readonly jobId: string;
  readonly path: string;
  readonly record: TakeRecord;
  readonly hearted: boolean;
  readonly locked: boolean;
  readonly createdAt_ms: number;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";
export interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly request: GenerateRequest;
  readonly stage: Stage | null;
  /** Of the whole stage, 0..1. */
  readonly fraction: number;
  readonly secondsLeft: number | null;
  readonly error: ErrorBody | null;
  readonly takeIds: readonly string[];
  readonly createdAt_ms: number;
}

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly licence: string;
  readonly use: string;
  readonly bytes: number;
  readonly problem: string | null;
  readonly imported: boolean;
}

/** A take on a track under the picture. */
export interface Placed {
  readonly takeId: string;
  readonly track: number;
  /** As the host calls the track. */
  readonly trackName: string;
  readonly at: Ticks;
  readonly muted: boolean;
}

export type Connection =
  | { readonly state: "starting" }
  | { readonly state: "up"; readonly provider: string }
  | { readonly state: "down"; readonly reason: string };

/** What a notice offers to do about it; actions/remedies.ts knows how. */
export type Remedy =
  | "again"
  | "placeAgain"
  | "newTrack"
  | "openVideo"
  | "wholeClip"
  | "showModels"
  | "copyPath"
  | "copyDiagnostics";

/** One sentence for the person, with what mends it. */
export interface Notice {
  readonly kind: "error" | "info";
  readonly text: string;
  readonly detail: string | null;
  readonly remedies: readonly Remedy[];
  /** What `again` asks for again. */
  readonly request?: GenerateRequest;
  /** What `placeAgain`, `newTrack` and `copyPath` are about. */
  readonly takeId?: string;
}

/** What the host says of what is chosen in it. */
export interface HostState {
  /** What will be done to make it readable, before it is done. */
  readonly announcement: Said | null;
  /** Why no sound can be made for it. */
  readonly problem: Said | null;
  /** It has not answered for 2 s: it works, or a dialog is open in it. */
  readonly busy: boolean;
  /** Whether the range follows what is chosen there. */
  readonly follows: boolean;
  /** The host makes the range readable: a render. */
  readonly preparing: boolean;
}

/** What the picture of a range shows, before any take; and of which range. */
export type Looked = Look & LookRequest;

export interface State extends Persisted {
  readonly view: View;
  readonly connection: Connection;
  readonly clip: Clip | null;
  readonly opening: string | null;
  readonly host: HostState;
  /** The host's own colours, where it has told them. */
  readonly hostTheme: "dark" | "light" | null;
  readonly look: Looked | null;
  readonly range: { readonly from: Ticks; readonly to: Ticks };
  readonly seed: number | null;
  readonly jobs: readonly Job[];
  readonly takes: readonly Take[];
  readonly models: readonly Model[];
  /** The import of a model under way, or the last one. */
  readonly importing: ImportResource | null;
  /** Of published weights; null until the server has told. */
  readonly terms: ModelsResource["licence"] | null;
  readonly placed: readonly Placed[];
  readonly selectedTakeId: string | null;
  /** The other take of A/B. */
  readonly otherTakeId: string | null;
  /** Whether the selected take is heard by itself where it lies on a track, or all tracks together. */
  readonly audition: boolean;
  /** Part of the selected take to make anew, in seconds from the take's start. */
  readonly part: { readonly from: number; readonly to: number } | null;
  readonly selectedEvent: number | null;
  readonly ownSound: boolean;
  readonly notice: Notice | null;
  readonly helpOpen: boolean;
  /** Events changed and not yet performed, by take. */
  readonly edits: Readonly<Record<string, readonly SoundEvent[]>>;
}

export const initialState = (persisted: Persisted): State => ({
  ...persisted,
  view: "cue",
  connection: { state: "starting" },
  clip: null,
  opening: null,
  host: { announcement: null, problem: null, busy: false, follows: true, preparing: false },
  hostTheme: null,
  look: null,
  range: { from: ticks(0n), to: ticks(0n) },
  seed: null,
  jobs: [],
  takes: [],
  models: [],
  importing: null,
  terms: null,
  placed: [],
  selectedTakeId: null,
  otherTakeId: null,
  audition: true,
  part: null,
  selectedEvent: null,
  ownSound: false,
  notice: null,
  helpOpen: false,
  edits: {},
});

export const takeOf = (state: State, id: string | null): Take | undefined =>
  id === null ? undefined : state.takes.find((take) => take.id === id);
/** The clip that a take was made for; take.json names it beside the request, which holds no folder. Null: made for words alone. */
export const clipPathOf = ({ record }: Take): string | null => record.source?.path ?? record.request.video ?? null;
/** Where a take begins on the clip's or sequence's clock. */
export const startTicksOf = ({ record: { request } }: Take): Ticks =>
  ticksOfString(request.target?.fromTicks ?? request.fromTicks);
/** The same in seconds. */
export const startOf = (take: Take): number => secondsOfTicks(startTicksOf(take));
/** A take's request on its clip, to be changed and asked again; what comes of it is a version of the take. */
export function requestAgain(take: Take): GenerateRequest {
  const { video: _name, regenerate: _part, events: _given, ...request } = take.record.request;
  const video = clipPathOf(take);
  return { ...request, ...(video === null ? {} : { video }), takes: 1, basedOn: take.id };
}

/** Whether a take was made for what is open: the clip, or of a sequence the range. */
export function isOfClip({ clip, range }: Pick<State, "clip" | "range">, take: Take): boolean {
  if (clip === null) return false;
  const { target } = take.record.request;
  if (clip.sequence === null) return target === undefined && clipPathOf(take) === clip.path;
  if (target?.sequenceId !== clip.sequence.sequenceId) return false;
  const isEmpty = range.to <= range.from;
  return isEmpty || (ticksOfString(target.fromTicks) < range.to && ticksOfString(target.toTicks) > range.from);
}
/** The takes of what is open, newest first. */
export const takesOfClip = (state: State): Take[] =>
  state.takes.filter((take) => isOfClip(state, take)).sort((a, b) => b.createdAt_ms - a.createdAt_ms);
/** What the tracks under a clip are kept by. */
export const keyOfClip = ({ path, sequence }: Clip): string => (sequence ? `sequence:${sequence.sequenceId}` : path);
export const activeJobs = (state: State): Job[] =>
  state.jobs.filter((job) => job.state === "queued" || job.state === "running");
export const eventsOf = (state: State, take: Take): readonly SoundEvent[] => state.edits[take.id] ?? take.record.events;
