import type { Verb } from "../contract.ts";
import { isRefusal } from "../premiere/refusal.ts";

/** Makes a verb that throws into one that answers: nothing is ever thrown at the panel. */
export const answering =
  <Argument, Data>(work: (argument: Argument) => Data): Verb<Argument, Data> =>
  (argument) => {
    try {
      return { ok: true, data: work(argument) };
    } catch (thrown) {
      if (isRefusal(thrown)) return thrown.failure;
      const { message, line, fileName } = thrown as { message?: string; line?: number; fileName?: string };
      return {
        ok: false,
        code: "INTERNAL",
        message: `Premiere's script failed: ${message ?? thrown}`,
        detail: { line: line ?? null, file: fileName ?? null },
      };
    }
  };
