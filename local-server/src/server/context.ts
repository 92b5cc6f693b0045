import type { IntervalHistogram } from "node:perf_hooks";
import type { Jobs } from "../jobs/jobs.ts";
import type { Access } from "./access.ts";
import type { Imports } from "./imports.ts";
import type { Limits } from "./limits.ts";
import type { MediaPasses } from "./media.ts";
import type { Paths } from "./paths.ts";
import type { Proxies } from "./proxies.ts";
import type { Uploads } from "./uploads.ts";

/** What requests and sockets work with. Made once, in serve.ts. */
export interface Context {
  readonly jobs: Jobs;
  readonly access: Access;
  readonly paths: Paths;
  readonly media: MediaPasses;
  readonly proxies: Proxies;
  readonly uploads: Uploads;
  readonly imports: Imports;
  readonly limits: Limits;
  /** For files that live as long as one answer. */
  readonly tempFolder: string;
  readonly version: string;
  /** How long anything that answers had to wait for this thread, since the start, in nanoseconds. */
  readonly loopDelay: IntervalHistogram;
  /** Aborted when the server stops: no new work, and what clients wait for is broken off. */
  readonly stopping: AbortSignal;
}
