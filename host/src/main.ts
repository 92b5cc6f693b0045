import { BUILD } from "./api/hello.ts";
import type { Failure } from "./contract.ts";
import { parse, stringify } from "./es3/json.ts";
import { api } from "./index.ts";
import { engine } from "./premiere/globals.ts";

const failure = (code: Failure["code"], message: string): string => stringify({ ok: false, code, message, detail: {} });

/**
 * The only thing the script leaves in the engine, under a name of its own: all panels share one. Takes the argument as
 * encodeURIComponent(JSON), gives the answer as JSON of plain ASCII.
 */
function call(verb: string, encoded: string, build: string): string {
  if (build !== BUILD) return failure("STALE_HOST", "Premiere holds another version of the script.");
  const answer = Object.prototype.hasOwnProperty.call(api, verb) ? api[verb as keyof typeof api] : undefined;
  if (answer === undefined) return failure("BAD_ARGUMENT", `There is no verb ${verb}.`);
  try {
    return stringify((answer as (argument: unknown) => unknown)(parse(decodeURIComponent(encoded))));
  } catch (thrown) {
    return failure(
      "BAD_ARGUMENT",
      `The argument of ${verb} cannot be read: ${(thrown as { message?: string }).message}`,
    );
  }
}

engine()["com.foley.editor"] = { build: BUILD, call };
