import type { ErrorBody, ErrorCode } from "local-server/protocol";
import { en } from "../i18n/en.ts";
import type { Text, TextKey } from "../i18n/text.ts";
import type { Notice, Remedy } from "./state.ts";

/** An answer of the server that says no. */
export class ServerRefusal extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody) {
    super(`expected ${body.expected}, came ${body.came}`);
    this.body = body;
  }
}

/** What mends it, where one press can. */
const REMEDIES: Partial<Record<ErrorCode, readonly Remedy[]>> = {
  not_found: ["openVideo"],
  not_regular_file: ["openVideo"],
  unreadable: ["openVideo"],
  empty_file: ["openVideo"],
  unsupported_or_damaged: ["openVideo"],
  damaged: ["openVideo"],
  unsupported_container: ["openVideo"],
  unsupported_codec: ["openVideo"],
  no_video: ["openVideo"],
  no_frames: ["openVideo"],
  too_large: ["openVideo"],
  changed: ["openVideo"],
  empty_range: ["wholeClip"],
  range_outside_clip: ["wholeClip"],
  unknown_model: ["showModels"],
  missing_weights: ["showModels"],
  licence: ["showModels"],
  bad_weights: ["showModels"],
  broken_bundle: ["showModels"],
  wrong_hash: ["showModels"],
  disk_full: ["again"],
  target_not_writable: ["again"],
  missing_ffmpeg: ["again", "copyDiagnostics"],
  old_ffmpeg: ["again", "copyDiagnostics"],
  engine_crashed: ["again", "copyDiagnostics"],
  internal: ["again", "copyDiagnostics"],
};

export const infoNotice = (text: string, more: Partial<Notice> = {}): Notice => ({
  kind: "info",
  text,
  detail: null,
  remedies: [],
  ...more,
});

/** What went wrong in the person's words where we have them, else in the server's; always with what to do. */
export function noticeOf(error: unknown, text: Text): Notice {
  if (error instanceof ServerRefusal) return noticeOfBody(error.body, text);
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "error", text: text("error.unexpected"), detail: message, remedies: ["copyDiagnostics"] };
}

/** `again` is offered only where the caller knows what to ask again: see `request` of a notice. */
export function noticeOfBody(body: ErrorBody, text: Text, request?: Notice["request"]): Notice {
  const key = `error.${body.code}`;
  const detail = `${text("error.expected", { expected: body.expected, came: body.came })} ${sentence(body.todo)}`;
  const remedies = (REMEDIES[body.code] ?? []).filter((remedy) => remedy !== "again" || request !== undefined);
  const notice: Notice = {
    kind: "error",
    text: text(isKey(key) ? key : "error.unexpected"),
    detail: detail.trim(),
    remedies,
  };
  return request === undefined ? notice : { ...notice, request };
}

const isKey = (key: string): key is TextKey => key in en;
const sentence = (words: string): string => (words === "" ? "" : `${words[0]!.toUpperCase()}${words.slice(1)}.`);
