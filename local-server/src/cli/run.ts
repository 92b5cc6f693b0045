import { UserError } from "../errors.ts";
import { BANK_USAGE, bankVerb } from "./bank.ts";
import { BENCH_USAGE, benchVerb } from "./bench.ts";
import { DOCTOR_USAGE, doctorVerb } from "./doctor.ts";
import { GENERATE_USAGE, generateVerb } from "./generate.ts";
import { MODELS_USAGE, modelsVerb } from "./models.ts";
import { createOutput, type Output } from "./output.ts";
import { REGENERATE_USAGE, regenerateVerb } from "./regenerate.ts";
import { SERVE_USAGE, serveVerb } from "./serve.ts";

type Verb = (args: readonly string[], signal: AbortSignal, output: Output) => Promise<void>;

const VERBS: Record<string, Verb> = {
  generate: generateVerb,
  regenerate: regenerateVerb,
  serve: serveVerb,
  models: modelsVerb,
  bank: bankVerb,
  doctor: doctorVerb,
  bench: benchVerb,
  help: async (_args, _signal, output) => output.finish({ help: HELP }, HELP),
};

const HELP = [
  "foley: sound for silent picture, on this machine",
  "",
  `  foley ${GENERATE_USAGE}`,
  `  foley ${REGENERATE_USAGE}`,
  `  foley ${SERVE_USAGE}`,
  `  foley ${MODELS_USAGE}`,
  `  foley ${BANK_USAGE}`,
  `  foley ${DOCTOR_USAGE}`,
  `  foley ${BENCH_USAGE}`,
  "",
  "X, Y: seconds (2.5), frames (60f) or timecode (00:00:02:12), from the clip's first frame.",
].join("\n");

/** Runs `VERB ARGS…`. */
export async function runVerb([name, ...args]: readonly string[], signal: AbortSignal): Promise<void> {
  const known = Object.keys(VERBS).join(", ");
  if (name === undefined || [name, ...args].some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) throw new UserError("usage", `a verb (${known})`, JSON.stringify(name), "see `foley help`");
  await verb(args, signal, createOutput(args.includes("--json")));
}
