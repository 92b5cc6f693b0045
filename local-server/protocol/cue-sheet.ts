import { z } from "zod";
import { generateRequestSchema, promptSchema } from "./request.ts";

const ticks = z.string().regex(/^\d{1,20}$/, "ticks as a decimal string");

/** A cue as a file: clip, range, words, options, and the takes on the tracks under the picture. */
export const cueSheetSchema = z.object({
  format: z.literal("foley-cue-sheet-1"),
  /** Absolute path of the clip. */
  clip: z.string().min(1),
  fromTicks: ticks,
  toTicks: ticks,
  prompt: promptSchema,
  negativePrompt: promptSchema,
  options: z.object({
    model: z.string(),
    takes: z.int().min(1).max(16),
    channels: z.enum(["mono", "stereo"]),
    bitDepth: z.enum(["16", "24", "32f"]),
    lufs: generateRequestSchema.shape.lufs.unwrap().nullable(),
  }),
  placed: z
    .array(z.object({ takeId: z.string(), track: z.int().min(0).max(31), at: ticks, muted: z.boolean() }))
    .max(1000),
});
export type CueSheet = z.infer<typeof cueSheetSchema>;
