import { realpath, stat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import {
  type GenerateRequest,
  generateRequestSchema,
  secondsOfTicks,
  type Ticks,
  ticksOfString,
} from "../../protocol/index.ts";
import { bankOfFolder, readBank } from "../banks/store.ts";
import { createEngine } from "../engine/engine.ts";
import type { JobResult } from "../engine/messages.ts";
import { UserError } from "../errors.ts";
import { checkTarget, makeFolder, reserveNames } from "../takes/write.ts";
import { findFfmpeg } from "../video/ffmpeg.ts";
import { muxTake } from "../video/mux.ts";
import { probeClip } from "../video/probe.ts";
import { choiceOption, numberOption, parseArguments } from "./arguments.ts";
import { type Output, page } from "./output.ts";
import { parseTime } from "./times.ts";

export const GENERATE_USAGE =
  "generate [VIDEO] [--prompt T] [--negative T] [--from X --to Y] [--model ID] [--seed N] [--takes N] [--steps N] [--guidance G] " +
  "[--mono|--stereo] [--lufs L] [--true-peak dBTP] [--fade S] [--bit-depth 16|24|32f] [-o OUT.wav | --out-dir DIR] " +
  "[--mux OUT.mp4] [--guide bank|bank:ID|FILE|DIR|none] [--guide-strength 0..1] [--room auto|off] [--reference] [--json]";

const OPTIONS = {
  prompt: { type: "string" },
  negative: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  model: { type: "string" },
  seed: { type: "string" },
  takes: { type: "string" },
  steps: { type: "string" },
  guidance: { type: "string" },
  mono: { type: "boolean" },
  stereo: { type: "boolean" },
  lufs: { type: "string" },
  "true-peak": { type: "string" },
  fade: { type: "string" },
  "bit-depth": { type: "string" },
  output: { type: "string", short: "o" },
  "out-dir": { type: "string" },
  mux: { type: "string" },
  guide: { type: "string" },
  "guide-strength": { type: "string" },
  room: { type: "string" },
  reference: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** `foley generate`: checks everything that can be checked first, then runs the job and files its takes. */
export async function generateVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { values, positionals } = parseArguments(args, OPTIONS, GENERATE_USAGE, { min: 0, max: 1 });
  const started = performance.now();
  const engine = createEngine();
  let undoFolder: (() => Promise<void>) | undefined;
  try {
    engine.start();
    await findFfmpeg();
    const video = positionals[0] === undefined ? undefined : resolve(positionals[0]);
    const clip = video === undefined ? null : await probeClip(video, signal);
    const request = await requestOf(values, clip?.path, (text, option) =>
      parseTime(text, option, clip?.frameRate ?? null),
    );
    undoFolder = values["out-dir"] === undefined ? undefined : await makeFolder(resolve(values["out-dir"]));
    const targets = await targetsOf(values, video, request.takes);
    const mux = values.mux === undefined ? null : await muxTarget(values.mux, video);
    const result = await engine.run({ request, targets }, { signal, onProgress: output.progress, onNote: output.note });
    if (mux && clip) {
      const { path, record } = result.takes[0]!;
      const fromSeconds = secondsOfTicks(ticksOfString(request.fromTicks));
      const { seconds, credits } = record;
      await muxTake({ clip, wav: path, out: mux, fromSeconds, seconds, credits, signal, onNote: output.note });
    }
    output.finish(summary(result, mux, (performance.now() - started) / 1000), page(result, mux));
  } finally {
    engine.kill();
    await undoFolder?.();
  }
}

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>["values"];

async function requestOf(
  values: Values,
  video: string | undefined,
  time: (text: string, option: string) => Ticks,
): Promise<GenerateRequest> {
  if (values.mono && values.stereo) throw new UserError("usage", "--mono or --stereo", "both", "choose one");
  const raw = {
    video,
    prompt: values.prompt,
    negativePrompt: values.negative,
    fromTicks: values.from === undefined ? undefined : String(time(values.from, "--from")),
    toTicks: values.to === undefined ? undefined : String(time(values.to, "--to")),
    model: values.model,
    seed: numberOption(values.seed, "--seed", 0, 0xffff_ffff, true),
    takes: numberOption(values.takes, "--takes", 1, 16, true),
    steps: numberOption(values.steps, "--steps", 1, 200, true),
    guidance: numberOption(values.guidance, "--guidance", 1, 20),
    channels: values.mono ? ("mono" as const) : undefined,
    bitDepth: choiceOption(values["bit-depth"], "--bit-depth", ["16", "24", "32f"]),
    lufs: numberOption(values.lufs, "--lufs", -70, -5),
    truePeakDb: numberOption(values["true-peak"], "--true-peak", -20, 0),
    fadeSeconds: numberOption(values.fade, "--fade", 0, 5),
    guide: values.guide === undefined ? undefined : await guideOf(values.guide),
    room: choiceOption(values.room, "--room", ["auto", "off"]),
    reference: values.reference || undefined,
    guideStrength: numberOption(values["guide-strength"], "--guide-strength", 0, 1),
  };
  const parsed = generateRequestSchema.safeParse(
    Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined)),
  );
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const words = { prompt: values.prompt, negativePrompt: values.negative }[String(issue.path[0])];
  throw new UserError(
    words === undefined ? "bad_value" : "bad_prompt",
    `${issue.path.join(".")} with ${issue.message}`,
    words === undefined ? "another value" : describePrompt(words),
    "shorten or clean it",
  );
}

const describePrompt = (prompt: string): string =>
  /[\u0000-\u001f\u007f-\u009f]/u.test(prompt) ? "a control character" : `${[...prompt].length} code points`;

async function guideOf(text: string): Promise<NonNullable<GenerateRequest["guide"]>> {
  if (text === "bank" || text === "none") return { kind: text };
  const id = /^bank:(.*)$/.exec(text)?.[1];
  if (id !== undefined) return { kind: "bank", id: (await readBank(id)).bank.id };
  const path = resolve(text);
  const facts = await stat(path).catch(() => null);
  if (facts?.isDirectory()) {
    const added = await bankOfFolder(await realpath(path));
    return added === null ? { kind: "folder", path } : { kind: "bank", id: added };
  }
  if (facts?.isFile()) return { kind: "file", path };
  throw new UserError(
    "bad_guide",
    "--guide as bank, bank:ID, none, a sound file or a folder of sounds",
    JSON.stringify(text),
    "check the path",
  );
}

/** Where the takes go; refused now rather than after minutes of work. */
async function targetsOf(values: Values, video: string | undefined, takes: number): Promise<string[]> {
  if (values.output !== undefined && values["out-dir"] !== undefined) {
    throw new UserError("usage", "-o OUT.wav or --out-dir DIR", "both", "choose one");
  }
  if (values.output !== undefined) {
    const path = resolve(values.output);
    if (extname(path).toLowerCase() !== ".wav") {
      throw new UserError(
        "bad_value",
        "-o with a name that ends in .wav",
        JSON.stringify(values.output),
        "takes are WAV files",
      );
    }
    const stem = path.slice(0, -4);
    const paths = takes === 1 ? [path] : Array.from({ length: takes }, (_, i) => `${stem}-take${i + 1}.wav`);
    for (const one of paths) await checkTarget(one);
    return paths;
  }
  const stem = video === undefined ? "foley" : basename(video, extname(video));
  return reserveNames(resolve(values["out-dir"] ?? "."), stem, takes);
}

async function muxTarget(out: string, video: string | undefined): Promise<string> {
  if (video === undefined)
    throw new UserError("usage", "--mux with a VIDEO", "no video", "leave --mux out for text only");
  const path = resolve(out);
  if (![".mp4", ".mov"].includes(extname(path).toLowerCase())) {
    throw new UserError(
      "bad_value",
      "--mux with a name that ends in .mp4 or .mov",
      JSON.stringify(out),
      "choose such a name",
    );
  }
  await checkTarget(path);
  return path;
}

/** The JSON of the contract. */
export function summary(result: JobResult, mux: string | null, wallSeconds: number) {
  const { takes, provider, timings, notes, peakMemoryBytes } = result;
  const { bundle } = takes[0]!.record;
  return {
    takes: takes.map(({ path, record }) => ({
      path,
      seed: record.seed,
      sampleRate: record.sampleRate,
      channels: record.channels,
      sampleCount: record.sampleCount,
      seconds: record.seconds,
      truePeakDb: record.truePeakDb,
      lufs: record.lufs,
      events: record.events,
      chosen: record.chosen,
      recordings: record.recordings,
      credits: record.credits,
    })),
    mux,
    model: bundle.id,
    provider,
    timings,
    wallSeconds,
    peakMemoryMiB: Math.round(peakMemoryBytes / 2 ** 20),
    notes,
  };
}
