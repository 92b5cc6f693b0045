import type { ErrorBody, GenerateRequest, Look, Role, Stage, TakeRecord } from "../../protocol/index.ts";

/** A job: a request, and the WAV path that each of its takes shall get. */
export interface Job {
  readonly request: GenerateRequest;
  readonly targets: readonly string[];
  /** Do all the work again, even what the last job found: for measuring. */
  readonly fresh?: boolean;
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
  /** Arithmetic done in each stage, where the bundle states what its graphs cost, in GFLOP. */
  readonly gflop: Readonly<Partial<Record<Stage | "model" | "files", number>>>;
  readonly graphs: Readonly<Partial<Record<Role, GraphUse>>>;
  readonly notes: readonly string[];
  readonly peakMemoryBytes: number;
}

/** What one graph did in a job. */
export interface GraphUse {
  readonly runs: number;
  readonly openSeconds: number;
  readonly runSeconds: number;
  /** 0 where the bundle does not state the graph's cost. */
  readonly gflop: number;
}

/** A square matrix product, timed again and again for `seconds`: does a provider work, and how fast is it at best. */
export interface ProbeOrder {
  readonly provider: string;
  readonly size: number;
  readonly seconds: number;
}

export interface Probe {
  /** The provider that took the graph. */
  readonly provider: string;
  readonly gflopPerSecond: number;
  readonly threads: number;
  /** ONNX Runtime's version and the providers compiled into it. */
  readonly runtime: string;
  readonly compiled: readonly string[];
}

/** Parent to engine. */
export type EngineOrder =
  | { readonly type: "run"; readonly job: Job }
  | { readonly type: "look"; readonly request: GenerateRequest }
  | { readonly type: "probe"; readonly probe: ProbeOrder }
  | { readonly type: "cancel" };

/** Engine to parent. */
export type EngineReport =
  | { readonly type: "progress"; readonly stage: Stage; readonly fraction: number }
  | { readonly type: "note"; readonly text: string }
  | { readonly type: "take"; readonly take: DeliveredTake }
  | { readonly type: "done"; readonly result: JobResult }
  | { readonly type: "looked"; readonly result: Look }
  | { readonly type: "probed"; readonly result: Probe }
  | { readonly type: "failed"; readonly error: ErrorBody };
