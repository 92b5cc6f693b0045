import { z } from "zod";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { generateRequestSchema, lookSchema, STAGES, takeSchema } from "./request.ts";

/**
 * What crosses the socket between panel and server: JSON-RPC 2.0, subprotocol `foley.v1`. The server greets, the client
 * proves the launch token (see `identify`), subscribes, and from then on hears every change with its number `seq`.
 */
export const SUBPROTOCOL = "foley.v1";

/** Why the server ends a connection of its own accord. */
export const CLOSE_CODES = {
  badMessage: 4400,
  unauthorized: 4401,
  identifyTimeout: 4408,
  duplicateId: 4409,
  unsupportedVersion: 4410,
  identifiedTwice: 4429,
  goingAway: 1001,
  overloaded: 1013,
} as const;

const id = z.string().min(1).max(100);
const ticks = z.string().regex(/^\d{1,20}$/, "ticks as a decimal string");
const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

export const errorBodySchema = z.object({
  code: errorCode,
  expected: z.string(),
  came: z.string(),
  todo: z.string(),
});

/** A clip that the server can read. `media` is an address of its own for `<video>`, good for a while. */
export const clipSchema = z.object({
  path: z.string(),
  name: z.string(),
  media: z.string(),
  frameRate: z.object({ num: z.int().positive(), den: z.int().positive() }),
  dropFrame: z.boolean(),
  /** Label of the first frame, in frames from 00:00:00:00. */
  startFrame: z.int(),
  durationTicks: ticks,
});
export type ClipResource = z.infer<typeof clipSchema>;

export const jobSchema = z.object({
  id,
  state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  request: generateRequestSchema,
  stage: z.enum(STAGES).nullable(),
  /** Of the stage, 0..1. */
  fraction: z.number(),
  secondsLeft: z.number().nullable(),
  error: errorBodySchema.nullable(),
  takeIds: z.array(id),
  createdAt_ms: z.number(),
});
export type JobResource = z.infer<typeof jobSchema>;

export const takeResourceSchema = z.object({
  id,
  jobId: id,
  /** Absolute path of the WAV. */
  path: z.string(),
  record: takeSchema,
  hearted: z.boolean(),
  locked: z.boolean(),
  createdAt_ms: z.number(),
});
export type TakeResource = z.infer<typeof takeResourceSchema>;

export const modelSchema = z.object({
  id,
  name: z.string(),
  version: z.string(),
  description: z.string(),
  licence: z.string(),
  use: z.string(),
  bytes: z.number(),
  /** What keeps it from working, or null. */
  problem: z.string().nullable(),
  /** It was imported here, and can be removed. */
  imported: z.boolean(),
});

/** Published weights to make a model of, with what the person agreed to. */
export const importRequestSchema = z.object({
  /** Folder on the server's machine. */
  dir: z.string().min(1).max(4096),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, "small letters, digits and dashes"),
  dtype: z.enum(["fp32", "fp16", "int8", "q8"]).default("int8"),
  /** Id of the licence that was read and agreed to. */
  licence: z.string().max(100),
  /** Where the model will be used: two letters (ISO 3166). */
  territory: z.string().max(10),
});
export type ImportRequest = z.input<typeof importRequestSchema>;

/** The import under way, or the last one. */
export const importSchema = z.object({
  id: z.string(),
  dir: z.string(),
  dtype: z.enum(["fp32", "fp16", "int8", "q8"]),
  state: z.enum(["running", "done", "failed", "cancelled"]),
  stage: z.enum(["reading", "writing", "hashing", "checking"]),
  /** Of the writing, 0..1. */
  fraction: z.number(),
  secondsLeft: z.number().nullable(),
  error: errorBodySchema.nullable(),
});
export type ImportResource = z.infer<typeof importSchema>;

export const modelsSchema = z.object({
  models: z.array(modelSchema),
  import: importSchema.nullable(),
  /** What has to be agreed to before published weights are imported, and where it grants nothing (ISO 3166). */
  licence: z.object({ id: z.string(), terms: z.string(), excluded: z.array(z.string()) }),
});
export type ModelsResource = z.infer<typeof modelsSchema>;

/** News of the import, as `models.changed`; `models` where there are more or fewer. Who connects asks `models.list`. */
export const modelsNewsSchema = z.object({ import: importSchema.nullable(), models: z.array(modelSchema).optional() });
export type ModelsNews = z.infer<typeof modelsNewsSchema>;

/**
 * `server.json`: how clients on this machine find the server and prove that they may use it. It lies where only this user
 * can read it: in FOLEY_RUNTIME; else in `run` of FOLEY_DATA; else in Library/Application Support/foley/run (macOS),
 * LocalAppData/foley/run (Windows), XDG_RUNTIME_DIR/foley or ~/.local/state/foley (Linux).
 */
export const serverFileSchema = z.object({
  port: z.int(),
  pid: z.int(),
  token: z.string(),
  startedAt: z.string(),
  apiVersions: z.array(z.string()),
  version: z.string(),
});
export type ServerFile = z.infer<typeof serverFileSchema>;

/** A range of a clip to look at, with a model's eyes. */
export const lookRequestSchema = z.object({
  path: z.string().min(1).max(4096),
  fromTicks: ticks,
  toTicks: ticks,
  model: z.string().max(41),
});
export type LookRequest = z.infer<typeof lookRequestSchema>;

/** A change, in the order of `seq`. */
export const changeSchema = z.discriminatedUnion("type", [
  z.object({ seq: z.int(), type: z.literal("job"), job: jobSchema }),
  z.object({ seq: z.int(), type: z.literal("take"), take: takeResourceSchema }),
  z.object({ seq: z.int(), type: z.literal("takeGone"), takeId: id }),
]);
export type Change = z.infer<typeof changeSchema>;

/** Every call: what is sent, what comes back. */
export const CALLS = {
  "session.identify": {
    params: z.object({ clientId: id, clientNonce: z.string().max(200), auth: z.string().max(200) }),
    result: z.object({ proof: z.string() }),
  },
  /** Everything there is, or with `since` only what changed after it where the server still knows. */
  "state.subscribe": {
    params: z.object({ since: z.int().nullable() }),
    result: z.object({
      seq: z.int(),
      snapshot: z
        .object({
          jobs: z.array(jobSchema),
          takes: z.array(takeResourceSchema),
          models: z.array(modelSchema),
          provider: z.string(),
        })
        .nullable(),
    }),
  },
  "jobs.create": {
    params: z.object({ key: id, request: generateRequestSchema, priority: z.int().min(-10).max(10).optional() }),
    result: jobSchema,
  },
  "jobs.cancel": { params: z.object({ id }), result: z.object({}) },
  "takes.mark": {
    params: z.object({ id, hearted: z.boolean().optional(), locked: z.boolean().optional() }),
    result: takeResourceSchema,
  },
  "takes.remove": { params: z.object({ id }), result: z.object({}) },
  /** What the picture of a range shows, before any take: words that fit it, best first, and where something is heard. */
  "clips.look": { params: lookRequestSchema, result: lookSchema },
  /** Every recording of a model's bank, to choose another sound from. */
  "models.sounds": {
    params: z.object({ model: z.string().max(41) }),
    result: z.object({
      sounds: z.array(z.object({ id: z.string(), class: z.string(), name: z.string(), nameZh: z.string().nullable() })),
    }),
  },
  "models.list": { params: z.object({}), result: modelsSchema },
  /** Begins an import; what becomes of it is told by `models.changed`. One at a time. */
  "models.import": { params: importRequestSchema, result: importSchema },
  /** Ends the import; answered when nothing of it is left. Where none runs it does nothing. */
  "models.importCancel": { params: z.object({}), result: z.object({}) },
  /** Takes an imported model away, with its files. */
  "models.remove": { params: z.object({ id: z.string().max(41) }), result: z.object({}) },
  "clips.open": { params: z.object({ path: z.string().min(1).max(4096) }), result: clipSchema },
} as const;
export type CallName = keyof typeof CALLS;
