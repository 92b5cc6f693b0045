import { z } from "zod";
import { eventKindSchema } from "./request.ts";

/**
 * A bundle: a folder models/<id>/ with manifest.json, CARD.md, graphs and weights. The pipeline knows the roles below,
 * never a model's name. Inputs and outputs of every graph are f32 (ids i64) with the names given here.
 */
const file = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
    "a path inside the bundle, no '..', no leading dot",
  );
const positive = z.number().positive();
const count = z.int().positive();

/** Which graph file to load for a provider, e.g. {"cpu": "denoiser.onnx"}; `cpu` is the fallback of all. */
const graphs = z.object({ cpu: file }).catchall(file);

/**
 * Arithmetic of the fp32 graph, counted from its shapes when the bundle is put together (a multiply and an add are two):
 * what `foley bench` divides by time. A window is one guided step of the denoiser: a batch of two, `windowLatents` long.
 */
const cost = z.object({ gflop: positive, per: z.enum(["token", "picture", "frame", "window", "latent"]) }).optional();

/** How a picture becomes a tensor: the whole picture squashed, or the short side fitted and the centre cut out. */
const picture = z.object({
  width: count,
  height: count,
  fit: z.enum(["squash", "crop"]),
  /** Size of the short side before the centre crop; `crop` only, defaults to the crop's own short side. */
  shortSide: count.optional(),
  filter: z.enum(["area", "bilinear", "bicubic"]),
  /** Resized from full-size RGB as PIL (bilinear) and torchvision (bicubic) do it, antialiased: published models need it. */
  exact: z.boolean().optional(),
  color: z.enum(["rgb", "luma"]),
  /** Per channel, applied to values scaled to 0..1. */
  mean: z.array(z.number()),
  std: z.array(positive),
});

const text = z.object({
  graphs,
  cost,
  tokenizer: file,
  tokenizerConfig: file,
  maxTokens: count,
  width: count,
  defaultNegativePrompt: z.string(),
  /** Negative and positive words padded together with this id to the longer one, at most `keep` rows of the states used. */
  pair: z.object({ padId: z.int().nonnegative(), keep: count }).optional(),
});

const semantic = z.object({ graphs, cost, fps: positive, batch: count, width: count, picture });

/**
 * `events`: native frames (every k-th where the rate is above `maxFps`) [1,T,H,W] -> [1,T,4] = onset probability,
 * intensity 0..1, x, y in -1..1; `contextFrames` each side make a piece equal to the whole. With `kinds` the graph has a
 * second output of that name, [1,T,kinds]: the shares of what an event at that frame is.
 */
const syncEvents = z.object({
  kind: z.literal("events"),
  graphs,
  cost,
  maxFps: positive,
  contextFrames: count,
  picture,
  kinds: z.array(eventKindSchema).min(2).optional(),
  peaks: z.object({
    threshold: z.number().min(0).max(1),
    minGapSeconds: positive,
    /** Measured: how much later than its peak an event is. */
    latencySeconds: z.number(),
  }),
});

/**
 * `segments`: `segment` frames at `fps`, every `stride` frames [S,3,segment,H,W] -> `tokens` [S,tokens,width], which the
 * denoiser reads as they are.
 */
const syncSegments = z.object({
  kind: z.literal("segments"),
  graphs,
  cost,
  fps: positive,
  segment: count,
  stride: count,
  tokens: count,
  width: count,
  batch: count,
  picture,
});
const sync = z.discriminatedUnion("kind", [syncEvents, syncSegments]);

/**
 * A denoiser in three graphs: `conditions` (once a window) and `modulation` (once for all timesteps) give by name what the
 * step graph takes. `empty`: f32 rows of the learned "no picture", semantic then sync.
 */
const prepared = z.object({
  conditions: graphs,
  modulation: graphs,
  headWidth: count,
  theta: positive,
  empty: file,
});

const denoiser = z.object({
  graphs,
  cost,
  inputs: z.array(z.enum(["latents", "timestep", "text", "semantic", "sync", "guide"])),
  /** Model input for noise level sigma is sigma * timestepScale. */
  timestepScale: positive,
  solver: z.literal("euler"),
  steps: count,
  shift: positive,
  guidance: z.number().min(1),
  channels: count,
  windowLatents: count,
  /** Overlap of neighbouring windows, blended at every step. */
  overlapLatents: count,
  prepared: prepared.optional(),
});

const decoder = z.object({
  graphs,
  cost,
  sampleRate: z.literal(48_000),
  hop: count,
  channels: count,
  /** Latents decoded at once, and the latents each side that make a piece equal to the whole. */
  chunkLatents: count,
  contextLatents: count,
});

const encoder = z.object({ graphs, cost, chunkLatents: count, contextLatents: count });

const bank = z.object({
  index: file,
  /** Below this score of the best class the picture alone names no sound. */
  rejectBelow: z.number().min(0),
  /** Below this cosine with the nearest description words name nothing that a bank has. */
  rejectWordsBelow: z.number().min(-1).max(1).default(-1),
  /** Class for clear hits in a picture that names no sound. */
  fallbackClass: z.string(),
  guideStrength: z.number().min(0).max(1),
});

export const manifestSchema = z.object({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/),
  name: z.string(),
  version: z.string(),
  description: z.string(),
  licence: z.object({
    id: z.string(),
    file,
    excludedTerritories: z.array(z.string().length(2)),
    use: z.string(),
    /** What the user agreed to when the weights were imported. */
    accepted: z.object({ territory: z.string().length(2), date: z.iso.date() }).optional(),
  }),
  provenance: z.array(z.object({ name: z.string(), licence: z.string(), sha256: z.string().optional() })),
  roles: z.object({
    text,
    semantic,
    sync,
    denoiser,
    decoder,
    encoder: encoder.optional(),
    bank: bank.optional(),
  }),
  /** Every file the product may open, with its hash: what is not listed is never opened. */
  files: z.record(file, z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().nonnegative() })),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Roles = Manifest["roles"];
export type Role = keyof Roles;
export type SyncEvents = z.infer<typeof syncEvents>;
export type SyncSegments = z.infer<typeof syncSegments>;
export type PictureSpec = z.infer<typeof picture>;

/** bank.json: recordings by class. See models/README.md. */
export const bankSchema = z.object({
  format: z.literal(1),
  sampleRate: z.literal(48_000),
  classes: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        descriptions: z.array(z.string()).min(1),
        mode: z.enum(["event", "bed"]),
        action: z.string(),
        material: z.string(),
        /** Clear pitch: such sounds are performed, never re-generated. */
        tonal: z.boolean(),
        /** Whether the next event cuts this one's tail. */
        tail: z.enum(["ring", "choke"]),
        /** 0 for beds. */
        maxPerSecond: z.number().nonnegative(),
        /** How loud such a thing is beside others, dB; a gunshot is 0. */
        levelDb: z.number(),
        /** Where it is mostly met: tells the room that a picture shows. */
        place: z.enum(["in", "out"]).optional(),
      }),
    )
    .min(1),
  sounds: z.array(
    z.object({
      id: z.string(),
      class: z.string(),
      file,
      /** First sample in the file, length, and the attack, counted from `start`. */
      start: z.int().nonnegative(),
      samples: count,
      onset: z.int().nonnegative(),
      loudnessDb: z.number(),
      peakDb: z.number(),
      decaySeconds: z.number(),
      brightnessHz: z.number(),
      weight: z.enum(["light", "medium", "heavy"]),
      licence: z.string(),
      author: z.string(),
      source: z.string(),
    }),
  ),
  /** Pooled, normalised text embeddings of all descriptions, in class order, f32 [rows, dims]. */
  text: z.object({ file, rows: count, dims: count }),
  /** Semantic features [rows] to class scores [columns], f32 [rows, columns]. */
  picture: z.object({ file, rows: count, columns: count }).optional(),
  /** Words of other languages than the text tower's, by class: see lexiconSchema. */
  lexicons: z.array(z.object({ language: z.string().regex(/^[a-z]{2,3}$/), file })).optional(),
});
export type BankIndex = z.infer<typeof bankSchema>;
export type SoundClass = BankIndex["classes"][number];
export type BankSound = BankIndex["sounds"][number];

/** lexicon.<language>.json: what the classes of a bank are called in a language that the text tower does not read. */
export const lexiconSchema = z.object({
  format: z.literal(1),
  language: z.string(),
  /** Between the names of two sounds: "and". */
  joins: z.array(z.string().min(1)),
  /** Endings that name nothing: "the sound of". */
  fillers: z.array(z.string().min(1)),
  /** Characters read as others: traditional ones as simplified ones. */
  fold: z.record(z.string(), z.string()),
  /**
   * By class id: its name for people, words that mean it ("a+b" wants both, in any order), and things that sound so when
   * nothing else is said of them.
   */
  classes: z.record(
    z.string(),
    z.object({
      name: z.string(),
      words: z.array(z.string().min(1)).min(1),
      objects: z.array(z.string().min(1)).optional(),
    }),
  ),
});
export type Lexicon = z.infer<typeof lexiconSchema>;
