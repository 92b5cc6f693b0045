import { type Check, examine, isReady } from "../doctor/examine.ts";
import { parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const DOCTOR_USAGE = "doctor [--json]";

/** `foley doctor`: what is there, what works, what to do. Exit 0 when takes can be made, 1 otherwise. */
export async function doctorVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  parseArguments(args, { json: { type: "boolean" } }, DOCTOR_USAGE, { min: 0, max: 0 });
  const checks = await examine(signal);
  const ok = isReady(checks);
  output.finish({ ok, checks }, page(checks, ok));
  if (!ok) process.exitCode = 1;
}

const MARKS = { ok: "ok", info: "-", todo: "TO DO" } as const;

function page(checks: readonly Check[], ok: boolean): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, state, found, todo }) => {
    const line = `${MARKS[state].padEnd(6)} ${name.padEnd(width)}  ${found}`;
    return todo === null ? line : `${line}\n${" ".repeat(width + 9)}${todo}`;
  });
  return [...lines, "", ok ? "Takes can be made." : "Takes cannot be made before the TO DO above is done."].join("\n");
}
