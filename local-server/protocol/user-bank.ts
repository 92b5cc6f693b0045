import { z } from "zod";

const count = z.int().positive();

/** What is known of a user's folder of sounds after it was looked through once. The folder itself is never written to. */
export const userBankSchema = z.object({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/),
  name: z.string(),
  /** Absolute path of the sounds. */
  folder: z.string(),
  /** sha256 of the text graph that the embeddings are from. */
  textGraph: z.string(),
  classes: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        descriptions: z.array(z.string()).min(1),
        mode: z.enum(["event", "bed"]),
        action: z.string(),
        tail: z.enum(["ring", "choke"]),
        maxPerSecond: z.number().positive(),
        levelDb: z.number(),
      }),
    )
    .min(1),
  sounds: z.array(
    z.object({
      /** Path in the folder, with forward slashes. */
      id: z.string(),
      class: z.string(),
      /** As the file was when it was measured. */
      bytes: z.int().nonnegative(),
      modifiedMs: z.number(),
      /** The part that is used, and its attack from there, in samples at 48 kHz. */
      start: z.int().nonnegative(),
      samples: count,
      onset: z.int().nonnegative(),
      loudnessDb: z.number(),
      decaySeconds: z.number(),
      brightnessHz: z.number(),
      weight: z.enum(["light", "medium", "heavy"]),
    }),
  ),
  /** Files that could not be used, and why. */
  problems: z.array(z.object({ file: z.string(), why: z.string() })),
  /** Pooled, normalised text embeddings of all descriptions, in class order: f32 [rows, dims] in text.f32 beside this. */
  text: z.object({ rows: count, dims: count }),
});
export type UserBank = z.infer<typeof userBankSchema>;
