import type { Credit, GenerateRequest, Rational, SampleCount, SoundEvent, Stage, Ticks } from "../../protocol/index.ts";
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

/** One stretch generated at once, in latents of the media range; `weights` blend it with its neighbours: [length]. */
export interface Window {
  readonly start: number;
  readonly length: number;
  readonly weights: Float32Array;
}

/** What is generated: the range, and the handles around it that the model needs. Everything is whole samples. */
export interface MediaRange {
  /** Seconds from the first frame. */
  readonly fromSeconds: number;
  /** Samples of handle before the range: the range is [handle, handle + sampleCount) of what is decoded. */
  readonly handleSamples: number;
  readonly sampleCount: number;
  readonly latentLength: number;
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
  /** As the public code of the model does it. */
  readonly reference: boolean;
  readonly semantic: FrameChoice | null;
  readonly sync: FrameChoice | null;
  readonly media: MediaRange;
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
  /** What a segment encoder saw, [Ts, Ds]: eight tokens a segment of the media range; null for an event net. */
  readonly tokens: Tensor | null;
  /** Events on the range's own clock, seconds from `fromSeconds`; may lie in the handles (negative, or past the end). */
  readonly events: readonly SoundEvent[];
  /** Moments that may sound, less sure than an event: for words that name a sound which no clear event carries. */
  readonly unsure: readonly SoundEvent[];
  /** Amount of motion 0..1 at each sync frame, and the frames' times in seconds of the range. */
  readonly motion: { readonly times: Float64Array; readonly amount: Float32Array };
  /** Shot cuts, seconds from the start of the range. */
  readonly cuts: readonly number[];
}

export interface TextFeatures {
  /** Hidden states [1, Lt, Dt]. */
  readonly states: Tensor;
  /** Mean over tokens, unit length: [Dt]. */
  readonly pooled: Float32Array;
}

/** Sound of the media range before placing: what follows the picture's action, and a bed in two decorrelated versions. */
export interface Layers {
  readonly action: Float32Array | null;
  readonly bed: readonly [Float32Array, Float32Array] | null;
}

/** A sound to start from. */
export interface Guide {
  readonly layers: Layers;
  /** The space that the action stands in, indoors or in the open; null for none. */
  readonly room: "in" | "out" | null;
  readonly events: readonly SoundEvent[];
  readonly chosen: readonly ChosenClass[];
  /** Ids of the recordings that are heard in the take, and whom to name for them. */
  readonly recordings: readonly string[];
  readonly credits: readonly Credit[];
}

export interface ChosenClass {
  readonly class: string;
  /** What the model is told when the user gave no words. */
  readonly words: string;
  readonly score: number;
  readonly mode: "event" | "bed";
}

/** What stays of a take of which a part is made anew. Times in seconds of the take. */
export interface Kept {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** The same in samples: first, and the one after the last. */
  readonly part: { readonly from: number; readonly to: number };
  /** Its events outside the part, and those inside it. */
  readonly events: readonly SoundEvent[];
  readonly replaced: readonly SoundEvent[];
  readonly recordings: readonly string[];
  readonly credits: readonly Credit[];
  readonly waveform: Waveform;
  /** Level that was given to it: the new part gets the same. */
  readonly gainDb: number;
  /** Its latents, one tensor [1,C,L] a voice; null where it has none. */
  readonly latents: readonly Tensor[] | null;
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

/** A finished take before it becomes files. */
export interface FinishedTake {
  readonly seed: number;
  readonly plan: Plan;
  readonly waveform: Waveform;
  readonly gainDb: number;
  readonly lufs: number | null;
  readonly truePeakDb: number | null;
  readonly events: readonly SoundEvent[];
  readonly chosen: readonly ChosenClass[];
  readonly recordings: readonly string[];
  readonly credits: readonly Credit[];
  readonly cuts: readonly number[];
  readonly windows: number;
  /** One tensor [1,C,L] a voice: the denoised latents, or the performance encoded; null without an encoder. */
  readonly latents: readonly Tensor[] | null;
}
