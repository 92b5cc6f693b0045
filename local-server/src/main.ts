import { runVerb } from "./cli/run.ts";
import { asUserError } from "./errors.ts";

/** The CLI. Errors are one line on stderr; exit 2 for bad input, 1 for a failure, 130 for a cancel. */
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());

try {
  await runVerb(process.argv.slice(2), controller.signal);
} catch (error) {
  const failure = asUserError(error);
  process.stderr.write(`${failure.message}\n`);
  process.exitCode = failure.exit;
}
