import type { ErrorBody, GenerateRequest, SoundEvent, Stage, TakeRecord, Ticks } from "local-server/protocol";
import { ticks } from "local-server/protocol";
import type { Persisted } from "./persist.ts";
import type { FrameCount } from "./timecode.ts";

export type View = "cue" | "takes" | "jobs" | "models" | "settings";

/** The picture that sound is made for: a clip in the browser, the selection in Premiere. */
export interface Clip {
  /** Absolute path on the server's machine; what requests name. */
  readonly path: string;
  readonly name: string;
  /** Where the page can play it, null where it can not (Premiere shows its own picture). */
  readonly url: string | null;
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
}

/** A take on a track under the picture. */
export interface Placed {
  readonly takeId: string;
  readonly track: number;
  readonly at: Ticks;
  readonly muted: boolean;
}

export type Connection =
  | { readonly state: "starting" }
  | { readonly state: "up"; readonly provider: string }
  | { readonly state: "down"; readonly reason: string };

/** One sentence for the person, with the action that mends it. */
export interface Notice {
  readonly kind: "error" | "info";
  readonly text: string;
  readonly detail: string | null;
  readonly action: string | null;
}

export interface State extends Persisted {
  readonly view: View;
  readonly connection: Connection;
  readonly clip: Clip | null;
  readonly opening: string | null;
  readonly range: { readonly from: Ticks; readonly to: Ticks };
  readonly seed: number | null;
  readonly jobs: readonly Job[];
  readonly takes: readonly Take[];
  readonly models: readonly Model[];
  readonly placed: readonly Placed[];
  readonly selectedTakeId: string | null;
  /** The other take of A/B. */
  readonly otherTakeId: string | null;
  /** Whether the selected take is heard with the picture, or the placed ones alone. */
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
  range: { from: ticks(0n), to: ticks(0n) },
  seed: null,
  jobs: [],
  takes: [],
  models: [],
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
/** A take's request on its clip, to be changed and asked again. */
export function requestAgain(take: Take): GenerateRequest {
  const { video: _name, regenerate: _part, events: _given, ...request } = take.record.request;
  const video = clipPathOf(take);
  return { ...request, ...(video === null ? {} : { video }), takes: 1 };
}
/** The takes of the clip that is open, newest first. */
export const takesOfClip = (state: State): Take[] =>
  state.takes
    .filter((take) => state.clip !== null && clipPathOf(take) === state.clip.path)
    .sort((a, b) => b.createdAt_ms - a.createdAt_ms);
export const activeJobs = (state: State): Job[] =>
  state.jobs.filter((job) => job.state === "queued" || job.state === "running");
export const eventsOf = (state: State, take: Take): readonly SoundEvent[] => state.edits[take.id] ?? take.record.events;
