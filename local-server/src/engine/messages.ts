import type { ErrorBody, GenerateRequest, Stage, TakeRecord } from "../../protocol/index.ts";

/** A job: a request, and the WAV path that each of its takes shall get. */
export interface Job {
  readonly request: GenerateRequest;
  readonly targets: readonly string[];
}

export interface DeliveredTake {
  /** Absolute path of the WAV; take.json and latents lie beside it. */
  readonly path: string;
  readonly record: TakeRecord;
}

export interface JobResult {
  readonly takes: readonly DeliveredTake[];
  readonly provider: string;
  /** Seconds spent in each stage. */
  readonly timings: Readonly<Partial<Record<Stage | "model" | "files", number>>>;
  readonly notes: readonly string[];
  readonly peakMemoryBytes: number;
}

/** Parent to engine. */
export type EngineOrder = { readonly type: "run"; readonly job: Job } | { readonly type: "cancel" };

/** Engine to parent. */
export type EngineReport =
  | { readonly type: "progress"; readonly stage: Stage; readonly fraction: number }
  | { readonly type: "note"; readonly text: string }
  | { readonly type: "done"; readonly result: JobResult }
  | { readonly type: "failed"; readonly error: ErrorBody };
