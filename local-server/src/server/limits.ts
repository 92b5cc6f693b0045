/** Every bound of the server in one place; a test may tighten them. */
export interface Limits {
  readonly headerBytes: number;
  readonly headersTimeout_ms: number;
  /** For a whole request; an upload over a slow network is one. What it waits for in between is `idleBody_ms`. */
  readonly requestTimeout_ms: number;
  readonly keepAlive_ms: number;
  readonly connections: number;
  readonly jsonBytes: number;
  /** Longest wait for the next bytes of a body. */
  readonly idleBody_ms: number;
  readonly uploadBytes: number;
  readonly uploadsAtOnce: number;
  /** Left free on the data folder's disk. */
  readonly diskReserveBytes: number;
  readonly muxesAtOnce: number;
  /** Wrong keys a minute and address, after which the address has to wait. */
  readonly wrongKeysPerMinute: number;
  /** How long a media address works after its client has left. */
  readonly mediaGrace_ms: number;
  readonly frameBytes: number;
  readonly frameFragments: number;
  readonly identify_ms: number;
  readonly ping_ms: number;
  readonly missedPings: number;
  readonly requestsInFlight: number;
  /** Unreadable messages before a socket is closed. */
  readonly badMessages: number;
  /** Unsent bytes from which on only the newest state of a job is kept, and at which a reader that has stopped is let go. */
  readonly coalesceBytes: number;
  readonly unsentBytes: number;
  readonly drain_ms: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export const DEFAULT_LIMITS: Limits = {
  headerBytes: 16 * KIB,
  headersTimeout_ms: 10_000,
  requestTimeout_ms: 30 * 60_000,
  keepAlive_ms: 10_000,
  connections: 1024,
  jsonBytes: MIB,
  idleBody_ms: 15_000,
  uploadBytes: 16 * GIB,
  uploadsAtOnce: 4,
  diskReserveBytes: GIB / 4,
  muxesAtOnce: 2,
  wrongKeysPerMinute: 20,
  mediaGrace_ms: 60_000,
  frameBytes: MIB,
  frameFragments: 1024,
  identify_ms: 5_000,
  ping_ms: 15_000,
  missedPings: 2,
  requestsInFlight: 32,
  badMessages: 100,
  coalesceBytes: MIB,
  unsentBytes: 8 * MIB,
  drain_ms: 10_000,
};
