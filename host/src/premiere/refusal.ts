import type { Detail, Failure, FailureCode } from "../contract.ts";

/** What verbs throw inside the script; `answering` makes a Failure of it. */
export interface Refusal {
  readonly failure: Failure;
}

export const refusal = (code: FailureCode, message: string, detail: Detail = {}): Refusal => ({
  failure: { ok: false, code, message, detail },
});
export const isRefusal = (thrown: unknown): thrown is Refusal =>
  typeof thrown === "object" && thrown !== null && (thrown as Refusal).failure !== undefined;
