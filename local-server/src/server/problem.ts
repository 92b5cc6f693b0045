import { type ServerResponse, STATUS_CODES } from "node:http";
import type { z } from "zod";
import { ERRORS, errorLine } from "../../protocol/index.ts";
import { asUserError, UserError } from "../errors.ts";

/** An error as RFC 9457 tells it; `code`, `expected`, `came` and `todo` are ours, `field` names what was wrong in a body. */
export function problemOf(error: unknown) {
  const { body } = asUserError(error);
  const status = ERRORS[body.code].status;
  const field = error instanceof FieldError ? { field: error.field } : {};
  // 499 is nobody's standard: whoever still listens hears that his request ended.
  const title = STATUS_CODES[status] ?? "Cancelled";
  return { type: `urn:foley:problem:${body.code}`, title, status, detail: errorLine(body), ...body, ...field };
}

/** A value of a body that is not as its schema says. */
class FieldError extends UserError {
  readonly field: string;
  constructor(issue: z.core.$ZodIssue) {
    const field = issue.path.join(".") || "the body";
    const isPrompt = /rompt$/.test(field);
    const came = issue.code === "unrecognized_keys" ? issue.keys.join(", ").slice(0, 200) : "another value";
    super(
      isPrompt ? "bad_prompt" : "bad_value",
      `${field} with: ${issue.message}`,
      came,
      "correct it and send it again",
    );
    this.field = field;
  }
}

/** Parses what came over the wire. @throws FieldError */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FieldError(result.error.issues[0]!);
}

export function sendProblem(response: ServerResponse, error: unknown, headers: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  for (const name of ["content-disposition", "etag", "last-modified", "cache-control"]) response.removeHeader(name);
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
