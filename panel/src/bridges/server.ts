import type { GenerateRequest } from "local-server/protocol";
import type { Clip, Take } from "../state/state.ts";

export interface Server {
  /** Sends a request; the job's progress and takes come into the state. Returns the job's id. */
  generate(request: GenerateRequest): Promise<string>;
  cancel(jobId: string): Promise<void>;
  markTake(takeId: string, change: { hearted?: boolean; locked?: boolean }): Promise<void>;
  /** The WAV as it lies on disk. */
  takeBytes(take: Take): Promise<ArrayBuffer>;
  /** Highest absolute sample per column, one array per channel. */
  peaks(take: Take): Promise<readonly Float32Array[]>;
  /** The clip with the take under it, as MP4. */
  mux(take: Take): Promise<Blob>;
  upload(file: File, onProgress: (fraction: number) => void): Promise<Clip>;
  openPath(path: string): Promise<Clip>;
  reconnect(): Promise<void>;
  diagnostics(): string;
}
