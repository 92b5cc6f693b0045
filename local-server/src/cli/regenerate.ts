import { extname, resolve } from "node:path";
import { promptSchema } from "../../protocol/index.ts";
import { createEngine } from "../engine/engine.ts";
import { UserError } from "../errors.ts";
import { readTakeRate, regenerateRequest } from "../takes/old-take.ts";
import { checkTarget } from "../takes/write.ts";
import { findFfmpeg } from "../video/ffmpeg.ts";
import { numberOption, parseArguments } from "./arguments.ts";
import { summary } from "./generate.ts";
import { type Output, page } from "./output.ts";
import { parseTime } from "./times.ts";

export const REGENERATE_USAGE =
  "regenerate TAKE.wav --from X --to Y [--prompt T] [--negative T] [--seed N] -o OUT.wav [--json]";

const OPTIONS = {
  from: { type: "string" },
  to: { type: "string" },
  prompt: { type: "string" },
  negative: { type: "string" },
  seed: { type: "string" },
  output: { type: "string", short: "o" },
  json: { type: "boolean" },
} as const;

/** `foley regenerate`: a new take that differs from the old one inside the range alone. X, Y count from the take's start. */
export async function regenerateVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { values, positionals } = parseArguments(args, OPTIONS, REGENERATE_USAGE, { min: 1, max: 1 });
  const started = performance.now();
  const missing = (["from", "to", "output"] as const).find((name) => values[name] === undefined);
  if (missing) throw new UserError("usage", REGENERATE_USAGE, `no --${missing}`, "say the range and the new file");
  const take = resolve(positionals[0]!);
  const out = resolve(values.output!);
  if (extname(out).toLowerCase() !== ".wav") {
    throw new UserError("bad_value", "-o with a name that ends in .wav", JSON.stringify(out), "takes are WAV files");
  }
  await findFfmpeg();
  const rate = await readTakeRate(take);
  const request = await regenerateRequest(take, {
    fromTicks: String(parseTime(values.from!, "--from", rate)),
    toTicks: String(parseTime(values.to!, "--to", rate)),
    prompt: words(values.prompt, "--prompt"),
    negativePrompt: words(values.negative, "--negative"),
    seed: numberOption(values.seed, "--seed", 0, 0xffff_ffff, true),
  });
  await checkTarget(out);
  const engine = createEngine();
  try {
    const job = { request, targets: [out] };
    const result = await engine.run(job, { signal, onProgress: output.progress, onNote: output.note });
    output.finish(summary(result, null, (performance.now() - started) / 1000), page(result, null));
  } finally {
    engine.kill();
  }
}

function words(text: string | undefined, option: string): string | undefined {
  const parsed = promptSchema.optional().safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UserError("bad_prompt", `${option} with ${parsed.error.issues[0]!.message}`, "other words", "shorten it");
}
