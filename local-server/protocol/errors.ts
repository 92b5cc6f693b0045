/**
 * Every error a user can meet: a stable code (an API), the HTTP status and the exit code that go with it.
 * Exit 2 is bad input, 1 a failure of ours or of the machine, 130 a cancel.
 */
export const ERRORS = {
  usage: { status: 400, exit: 2 },
  not_found: { status: 404, exit: 2 },
  not_regular_file: { status: 422, exit: 2 },
  unreadable: { status: 403, exit: 2 },
  empty_file: { status: 422, exit: 2 },
  unsupported_or_damaged: { status: 422, exit: 2 },
  damaged: { status: 422, exit: 2 },
  unsupported_container: { status: 422, exit: 2 },
  unsupported_codec: { status: 422, exit: 2 },
  no_video: { status: 422, exit: 2 },
  no_frames: { status: 422, exit: 2 },
  too_large: { status: 422, exit: 2 },
  too_long: { status: 422, exit: 2 },
  bad_time: { status: 422, exit: 2 },
  empty_range: { status: 422, exit: 2 },
  range_outside_clip: { status: 422, exit: 2 },
  bad_prompt: { status: 422, exit: 2 },
  bad_value: { status: 422, exit: 2 },
  unknown_model: { status: 404, exit: 2 },
  missing_weights: { status: 422, exit: 2 },
  licence: { status: 451, exit: 2 },
  import_running: { status: 409, exit: 2 },
  bad_weights: { status: 422, exit: 2 },
  broken_bundle: { status: 500, exit: 2 },
  wrong_hash: { status: 500, exit: 2 },
  bad_guide: { status: 422, exit: 2 },
  missing_ffmpeg: { status: 500, exit: 2 },
  old_ffmpeg: { status: 500, exit: 2 },
  target_exists: { status: 409, exit: 2 },
  target_not_writable: { status: 403, exit: 2 },
  disk_full: { status: 507, exit: 2 },
  changed: { status: 409, exit: 2 },
  key_reused: { status: 422, exit: 2 },
  queue_full: { status: 429, exit: 2 },
  locked: { status: 409, exit: 2 },
  in_use: { status: 409, exit: 2 },
  bad_request: { status: 400, exit: 2 },
  unauthorized: { status: 401, exit: 2 },
  wrong_origin: { status: 403, exit: 2 },
  outside_roots: { status: 403, exit: 2 },
  method_not_allowed: { status: 405, exit: 2 },
  too_slow: { status: 408, exit: 2 },
  upload_too_large: { status: 413, exit: 2 },
  unsupported_type: { status: 415, exit: 2 },
  bad_range: { status: 416, exit: 2 },
  wrong_host: { status: 421, exit: 2 },
  too_many: { status: 429, exit: 2 },
  address_taken: { status: 409, exit: 2 },
  stopping: { status: 503, exit: 1 },
  cancelled: { status: 499, exit: 130 },
  engine_crashed: { status: 500, exit: 1 },
  poisoned: { status: 500, exit: 1 },
  internal: { status: 500, exit: 1 },
} as const satisfies Record<string, { status: number; exit: 0 | 1 | 2 | 130 }>;

export type ErrorCode = keyof typeof ERRORS;

/** What crosses a process or a socket: what was expected, what came, what to do. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly expected: string;
  readonly came: string;
  readonly todo: string;
}

/** One line: `error CODE: expected …, came …; …`. Control characters of user data are escaped. */
export function errorLine({ code, expected, came, todo }: ErrorBody): string {
  const text = `error ${code}: expected ${expected}, came ${came}; ${todo}`;
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
