import { ERRORS, type ErrorBody, type ErrorCode } from "local-server/protocol";
import { en } from "../i18n/en.ts";
import type { Text, TextKey } from "../i18n/text.ts";
import type { Notice } from "./state.ts";

/** An answer of the server that says no. */
export class ServerRefusal extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody) {
    super(`expected ${body.expected}, came ${body.came}`);
    this.body = body;
  }
}

const isKey = (key: string): key is TextKey => key in en;
export const isErrorCode = (code: string): code is ErrorCode => code in ERRORS;

/** What went wrong in the person's words where we have them, else in the server's; always with what to do. */
export function noticeOf(error: unknown, text: Text): Notice {
  if (error instanceof ServerRefusal) return noticeOfBody(error.body, text);
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "error", text: text("error.unexpected"), detail: message, action: null };
}

export function noticeOfBody(body: ErrorBody, text: Text): Notice {
  const key = `error.${body.code}`;
  const detail = `${text("error.expected", { expected: body.expected, came: body.came })} ${sentence(body.todo)}`;
  return { kind: "error", text: isKey(key) ? text(key) : text("error.unexpected"), detail, action: null };
}

const sentence = (words: string): string => (words === "" ? "" : `${words[0]!.toUpperCase()}${words.slice(1)}.`);
