import type {
  GenerateRequest,
  Manifest,
  Rational,
  SampleCount,
  SoundEvent,
  Stage,
  Ticks,
} from "../../protocol/index.ts";
import type { Tensor } from "../onnx/tensor.ts";

/** What ffprobe tells of a clip, measured on the video stream and its packets. Seconds count from the first frame. */
export interface ClipFacts {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly container: string;
  readonly codec: string;
  /** Stored size, before rotation. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise that the player turns the picture: 0, 90, 180, 270. */
  readonly rotation: number;
  readonly frameRate: Rational;
  /** Presentation time of every frame in seconds after the first, ascending: [n]. */
  readonly frameTimes: Float64Array;
  /** Presentation time of the first frame on the container's clock, seconds. */
  readonly firstFrameSeconds: number;
  /** End of the last frame, in seconds after the first frame's start. */
  readonly durationSeconds: number;
  /** Start timecode in the file, e.g. "01:00:00:00" or "01:00:00;00", where it has one. */
  readonly timecode: string | null;
  readonly hasAudio: boolean;
}

/** Which decoded frames feed a stream: `frames[i]` is the index into `frameTimes` shown at `times[i]` seconds. */
export interface FrameChoice {
  readonly frames: Int32Array;
  readonly times: Float64Array;
}

/** One stretch generated at once, in latents counted from the start of the media range. */
export interface Window {
  readonly start: number;
  readonly length: number;
  /** The window begins at a shot cut: nothing is blended over its start. */
  readonly hardStart: boolean;
}

/** All decisions of one request; no I/O after it depends on anything else. */
export interface Plan {
  readonly request: GenerateRequest;
  readonly clip: ClipFacts | null;
  readonly fromTicks: Ticks;
  readonly toTicks: Ticks;
  readonly fromSeconds: number;
  readonly seconds: number;
  readonly sampleCount: SampleCount;
  readonly channels: 1 | 2;
  readonly semantic: FrameChoice | null;
  readonly sync: FrameChoice | null;
  /** The media range that windows cover, handles included: seconds from the first frame, and its latents. */
  readonly mediaFromSeconds: number;
  readonly latentLength: number;
  readonly steps: number;
  readonly guidance: number;
  readonly guide: NonNullable<GenerateRequest["guide"]>;
  readonly guideStrength: number;
  readonly cutThreshold: number;
  readonly seeds: readonly number[];
}

export interface VisualFeatures {
  /** [Tc, Dv] */
  readonly semantic: Tensor | null;
  /** segments: [Ts, Ds]; events: null (they are in `events`). */
  readonly sync: Tensor | null;
  /** Events on the range's own clock, seconds from `fromSeconds`; may lie in the handles (negative, or past the end). */
  readonly events: readonly SoundEvent[];
  /** Amount of motion 0..1 per 1/25 s of the range. */
  readonly motion: Float32Array;
  /** Shot cuts, seconds from the start of the range. */
  readonly cuts: readonly number[];
}

/** Mono or stereo samples in memory, planar. */
export interface Waveform {
  readonly channels: readonly Float32Array[];
  readonly sampleRate: number;
}

/** Signal first: every long act stops within one step of an abort and throws the typed cancel error. */
export interface Context {
  readonly signal: AbortSignal;
  progress(stage: Stage, fraction: number): void;
  /** Something the user should know that is not an error ("nothing fits this picture"). */
  note(text: string): void;
}

export type { Manifest };
