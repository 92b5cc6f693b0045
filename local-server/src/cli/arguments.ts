import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { UserError } from "../errors.ts";

/** Parses a verb's arguments. @throws UserError usage, in the words of the option that is wrong. */
export function parseArguments<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  usage: string,
  positionals: { readonly min: number; readonly max: number },
) {
  const parsed = parse(args, options, usage);
  const { length } = parsed.positionals;
  if (length < positionals.min) throw new UserError("usage", usage, `${length} names`, "see `foley help`");
  if (length > positionals.max) {
    const most = ["no name", "at most one name"][positionals.max] ?? `at most ${positionals.max} names`;
    const expected = `${most} after \`${verbOf(usage)}\``;
    const todo = "put words that belong together in quotes; see `foley help`";
    throw new UserError("usage", expected, `${length} (${parsed.positionals.join(", ")})`, todo);
  }
  return parsed;
}

const verbOf = (usage: string): string => `foley ${usage.split(" ", 1)[0]}`;

function parse<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T, usage: string) {
  try {
    return parseArgs({ args: joinNegatives(args), options, allowPositionals: true, strict: true });
  } catch (error) {
    const came = (error as Error).message.split(/[.\n]/)[0]!;
    throw new UserError("usage", `options that \`${verbOf(usage)}\` has`, came, "see `foley help`");
  }
}

/** `--lufs -23` is what people write; parseArgs takes a value with a dash only as `--lufs=-23`. */
const joinNegatives = (args: readonly string[]): string[] =>
  args.reduce<string[]>((joined, arg) => {
    const before = joined.at(-1);
    if (/^-\d/.test(arg) && before?.startsWith("--") && !before.includes("=") && before !== "--") {
      joined[joined.length - 1] = `${before}=${arg}`;
    } else joined.push(arg);
    return joined;
  }, []);

/** A number option. @throws UserError bad_value */
export function numberOption(
  text: string | undefined,
  option: string,
  min: number,
  max: number,
  whole = false,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    const kind = whole ? "a whole number" : "a number";
    throw new UserError(
      "bad_value",
      `${option} as ${kind} from ${min} to ${max}`,
      JSON.stringify(text),
      "give a number in that range",
    );
  }
  return value;
}

export function choiceOption<T extends string>(
  text: string | undefined,
  option: string,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw new UserError(
    "bad_value",
    `${option} as one of ${choices.join(", ")}`,
    JSON.stringify(text),
    "choose one of them",
  );
}
