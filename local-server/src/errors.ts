import { ERRORS, type ErrorBody, type ErrorCode, errorLine } from "../protocol/errors.ts";

/** An error whose words are meant for the user: what was expected, what came, what to do. */
export class UserError extends Error implements ErrorBody {
  override readonly name = "UserError";
  readonly code: ErrorCode;
  readonly expected: string;
  readonly came: string;
  readonly todo: string;
  constructor(code: ErrorCode, expected: string, came: string, todo: string, options?: ErrorOptions) {
    super(errorLine({ code, expected, came, todo }), options);
    this.code = code;
    this.expected = expected;
    this.came = came;
    this.todo = todo;
  }
  get exit(): number {
    return ERRORS[this.code].exit;
  }
  get body(): ErrorBody {
    return { code: this.code, expected: this.expected, came: this.came, todo: this.todo };
  }
}

export const cancelled = (): UserError =>
  new UserError("cancelled", "the job to run to its end", "a cancel", "nothing was kept; start it again when you like");

/** Throws the typed cancel error once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

export const fromBody = (body: ErrorBody): UserError => new UserError(body.code, body.expected, body.came, body.todo);

/** Any thrown thing as a UserError; what is not one already is `internal`. */
export function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  if (process.env.FOLEY_DEBUG) console.error(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new UserError(
    "internal",
    "no fault of ours",
    message,
    "run it again with FOLEY_DEBUG=1 and report what it prints",
    {
      cause: error,
    },
  );
}
