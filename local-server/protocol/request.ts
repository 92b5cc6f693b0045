import { z } from "zod";
import { creditSchema } from "./credit.ts";

/**
 * Prompts are data: at most 500 code points (so 2,000 bytes), no control characters, no lone surrogates; empty, or with
 * something in it that can be read.
 */
export const promptSchema = z
  .string()
  .refine((text) => [...text].length <= 500, { error: "at most 500 code points" })
  .refine((text) => !/[\u0000-\u001f\u007f-\u009f]/u.test(text), { error: "no control characters" })
  .refine((text) => text.isWellFormed(), { error: "no lone surrogates" })
  .refine((text) => text.trim() === "" || /[\p{L}\p{N}\p{P}\p{S}]/u.test(text), { error: "letters that can be read" });

const ticks = z.string().regex(/^\d{1,20}$/, "ticks as a decimal string");

/** What an event looks like it does, where the sync net tells. */
export const eventKindSchema = z.enum(["hit", "scrape", "step", "bounce", "splash", "shot"]);
export type EventKind = z.infer<typeof eventKindSchema>;

/** An event of the picture that makes (or may make) a sound. */
export const eventSchema = z.object({
  /** Seconds from the start of the range. */
  time: z.number(),
  /** How hard, 0..1. */
  strength: z.number(),
  /** How sure, 0..1. */
  confidence: z.number(),
  /** Where, -1 left .. 1 right. */
  x: z.number(),
  kind: eventKindSchema.optional(),
  /** Id of the recording performed here, or null. */
  sound: z.string().nullable(),
  /** Seed of this event's small changes of time, pitch, level and tone: an event that keeps it sounds the same again. */
  variation: z.int().min(0).max(0xffff_ffff).optional(),
  /** The user's own level, on top of the strength's. */
  gainDb: z.number().min(-60).max(24).optional(),
  /** Kept in the list, not heard. */
  muted: z.boolean().optional(),
});
export type SoundEvent = z.infer<typeof eventSchema>;

/** Where in an editor's project a take belongs, pinned when it is asked for: a take is placed there and nowhere else. */
export const targetSchema = z.object({
  documentId: z.string().max(200),
  sequenceId: z.string().max(200),
  sequenceName: z.string().max(500),
  /** On the sequence, from its first frame. */
  fromTicks: ticks,
  toTicks: ticks,
  /** The clips that were chosen, as they lay: one that has moved, or was trimmed or slipped since, is seen by it. */
  clips: z
    .array(
      z.object({
        trackIndex: z.int().min(0).max(1000),
        trackItemId: z.string().max(200),
        name: z.string().max(500),
        startTicks: ticks,
        endTicks: ticks,
        inTicks: z.string().regex(/^-?\d{1,20}$/, "ticks as a decimal string"),
      }),
    )
    .max(500),
});
export type Target = z.infer<typeof targetSchema>;

/** One request for sound: what the CLI, the panel and the API all send. Times are ticks from the clip's first frame. */
export const generateRequestSchema = z.object({
  /** Absolute path; absent for text only, then `toTicks` gives the length. */
  video: z.string().optional(),
  prompt: promptSchema.default(""),
  negativePrompt: promptSchema.optional(),
  fromTicks: ticks.default("0"),
  toTicks: ticks.optional(),
  model: z.string().default("foley-mini"),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  takes: z.int().min(1).max(16).default(1),
  steps: z.int().min(1).max(200).optional(),
  guidance: z.number().min(1).max(20).optional(),
  channels: z.enum(["mono", "stereo"]).default("stereo"),
  bitDepth: z.enum(["16", "24", "32f"]).default("24"),
  lufs: z.number().min(-70).max(-5).optional(),
  truePeakDb: z.number().min(-20).max(0).default(-1),
  fadeSeconds: z.number().min(0).max(5).default(0.002),
  guide: z
    .discriminatedUnion("kind", [
      /** The bundle's own bank, or with `id` one that the user added. */
      z.object({ kind: z.literal("bank"), id: z.string().optional() }),
      z.object({ kind: z.literal("file"), path: z.string() }),
      z.object({ kind: z.literal("folder"), path: z.string() }),
      z.object({ kind: z.literal("none") }),
    ])
    .optional(),
  guideStrength: z.number().min(0).max(1).optional(),
  /** Whether a performance stands in a faint room of the kind that the picture shows; `auto` when absent. */
  room: z.enum(["auto", "off"]).optional(),
  /**
   * Frames, lengths and schedule as the model's public code has them, for comparing with it: the whole clip (its first 15 s),
   * no rotation, no handles, nothing done to the sound.
   */
  reference: z.boolean().optional(),
  /** Events to perform instead of those that the picture shows: the ones of a take, moved, muted, added; all in the range. */
  events: z.array(eventSchema).max(2000).optional(),
  /** Make only a part of a take anew: absolute path of its WAV, and the part, in ticks from the take's start. */
  regenerate: z.object({ take: z.string(), fromTicks: ticks, toTicks: ticks }).optional(),
  /** Id of the take that this one changes. Kept with the take, like `target`; the sound does not depend on either. */
  basedOn: z.string().min(1).max(100).optional(),
  target: targetSchema.optional(),
});
export type GenerateRequest = z.infer<typeof generateRequestSchema>;

/** take.json, beside the WAV: everything needed to make the same bits again on the same provider. */
export const takeSchema = z.object({
  format: z.literal(1),
  createdBy: z.string(),
  file: z.string(),
  latentsFile: z.string().nullable(),
  request: generateRequestSchema,
  source: z
    .object({
      name: z.string(),
      /** Where the clip lay: regenerating a part looks for it there, then beside the take. */
      path: z.string().optional(),
      bytes: z.number(),
      sha256Head: z.string(),
      frameRate: z.object({ num: z.int().positive(), den: z.int().positive() }).optional(),
      timecode: z.string().nullable(),
    })
    .nullable(),
  seed: z.int(),
  sampleRate: z.literal(48_000),
  channels: z.int(),
  sampleCount: z.int(),
  seconds: z.number(),
  lufs: z.number().nullable(),
  truePeakDb: z.number().nullable(),
  gainDb: z.number(),
  events: z.array(eventSchema),
  /** Ids of all recordings that are heard, those of beds too; a user's own by the file. Takes older than this have none. */
  recordings: z.array(z.string()).default([]),
  /** Whom to name for them: those whose licence asks for it. */
  credits: z.array(creditSchema).default([]),
  /** Parts made anew, oldest first; `file` is the take that each was made from, which still lies beside this one. */
  history: z
    .array(
      z.object({
        file: z.string(),
        sha256: z.string(),
        fromTicks: ticks,
        toTicks: ticks,
        prompt: z.string(),
        seed: z.int(),
      }),
    )
    .optional(),
  /** What the picture and the words were understood as, best first. */
  chosen: z.array(z.object({ class: z.string(), score: z.number(), mode: z.enum(["event", "bed"]) })),
  guideStrength: z.number(),
  steps: z.int(),
  guidance: z.number(),
  windows: z.int(),
  cuts: z.array(z.number()),
  notes: z.array(z.string()),
  bundle: z.object({ id: z.string(), version: z.string(), sha256: z.string() }),
  provider: z.string(),
  versions: z.record(z.string(), z.string()),
});
export type TakeRecord = z.infer<typeof takeSchema>;

/** What a clip asks for, told without making a sound: classes of the bank that fit, best first, and what is seen to hit. */
export const lookSchema = z.object({
  /** False where nothing in the picture asks for a sound: the suggestions are then no more than guesses. */
  fits: z.boolean(),
  suggestions: z.array(
    z.object({
      class: z.string(),
      /** Serves as a prompt as it is: it finds its class. */
      label: z.string(),
      labelZh: z.string().nullable(),
      mode: z.enum(["event", "bed"]),
      /** How well it fits, 0..1. */
      score: z.number(),
    }),
  ),
  events: z.array(eventSchema),
  /** Shot cuts, seconds from the start of the range. */
  cuts: z.array(z.number()),
});
export type Look = z.infer<typeof lookSchema>;

/** The stages a job goes through, in order; progress names one of them. */
export const STAGES = [
  "plan",
  "frames",
  "visual features",
  "text features",
  "guide",
  "conditioning",
  "latents",
  "denoise",
  "decode",
  "finish",
] as const;
export type Stage = (typeof STAGES)[number];

export interface Progress {
  readonly stage: Stage;
  /** Fraction of the stage, 0..1. */
  readonly fraction: number;
  /** Time left of the whole job where it can be told. */
  readonly secondsLeft?: number;
}
