import { resolve } from "node:path";
import { addBank } from "../banks/add.ts";
import { listBanks, removeBank } from "../banks/store.ts";
import { UserError } from "../errors.ts";
import { parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const BANK_USAGE = "bank list | add DIR [--name NAME] [--model ID] | remove ID   [--json]";

const OPTIONS = {
  name: { type: "string" },
  model: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `foley bank …`: folders of sounds looked through once, to be performed with `generate --guide bank:ID`. */
export async function bankVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { positionals, values } = parseArguments(args, OPTIONS, BANK_USAGE, { min: 1, max: 2 });
  const [verb, name] = positionals;
  if (verb === "list" && name === undefined) return list(output);
  if (verb === "remove" && name !== undefined) {
    const folder = await removeBank(name);
    const left = folder ? `; the sounds in ${folder} stay as they are` : "";
    return output.finish({ removed: name, folder }, `removed ${name}${left}`);
  }
  if (verb === "add" && name !== undefined) return add(resolve(name), values, signal, output);
  throw new UserError("usage", BANK_USAGE, positionals.join(" "), "see `foley help`");
}

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>["values"];

async function add(dir: string, values: Values, signal: AbortSignal, output: Output): Promise<void> {
  const live = process.stderr.isTTY && !values.json;
  const { bank, seconds } = await addBank(dir, values.name, values.model ?? "foley-mini", signal, (fraction) => {
    if (live) process.stderr.write(`\r\u001b[K${Math.round(100 * fraction)} %`);
  });
  if (live) process.stderr.write("\r\u001b[K");
  const { id, folder, classes, sounds, problems } = bank;
  const beds = classes.filter(({ mode }) => mode === "bed").length;
  const lines = [
    `added ${id}: ${sounds.length} sounds in ${classes.length} classes (${beds} beds), ${seconds.toFixed(1)} s`,
    ...problems.map(({ file, why }) => `  left out ${file}: ${why}`),
    `use it with --guide bank:${id}`,
  ];
  const names = classes.map(({ id: name, mode }) => ({
    class: name,
    mode,
    sounds: sounds.filter((sound) => sound.class === name).length,
  }));
  output.finish({ id, folder, sounds: sounds.length, classes: names, problems, seconds }, lines.join("\n"));
}

async function list(output: Output): Promise<void> {
  const banks = (await listBanks()).map(({ id, bank, problem }) =>
    bank
      ? { id, ok: true, name: bank.name, folder: bank.folder, sounds: bank.sounds.length, classes: bank.classes.length }
      : { id, ok: false, problem },
  );
  const text = banks.map((one) =>
    one.ok
      ? `${one.id.padEnd(20)} ${one.sounds} sounds, ${one.classes} classes  ${one.folder}`
      : `${one.id.padEnd(20)} ${one.problem}`,
  );
  output.finish({ banks }, text.join("\n") || "no banks; add one with `foley bank add DIR`");
}
