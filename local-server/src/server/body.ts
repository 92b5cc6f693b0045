import type { IncomingMessage } from "node:http";
import { UserError } from "../errors.ts";

interface BodyOptions {
  /** Longest wait: for the whole body, or with `eachPart` for its next part. */
  readonly wait_ms: number;
  readonly eachPart: boolean;
  readonly mostBytes: number;
}

/**
 * Hands a request's body to `take` part by part; the next one comes when it has settled. Leaves the connection as it is
 * when it throws, so that the refusal can still be told.
 * @throws UserError upload_too_large, too_slow, bad_request where the client breaks off; whatever `take` throws
 */
export function readBody(
  request: IncomingMessage,
  { wait_ms, eachPart, mostBytes }: BodyOptions,
  take: (part: Buffer) => Promise<void> | void,
): Promise<void> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > mostBytes) return Promise.reject(tooLarge(mostBytes));
  return new Promise((settle, fail) => {
    let bytes = 0;
    let work = Promise.resolve();
    const timer = setTimeout(() => end(tooSlow(wait_ms)), wait_ms);
    const end = (error?: unknown): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      request.pause();
      if (error === undefined) work.then(settle, fail);
      // What is still being written ends first: its file is about to be taken away.
      else work.catch(() => {}).then(() => fail(error));
    };
    const onData = (part: Buffer): void => {
      if (eachPart) timer.refresh();
      bytes += part.length;
      if (bytes > mostBytes) return void end(tooLarge(mostBytes));
      request.pause();
      work = Promise.resolve(take(part));
      work.then(() => request.resume(), end);
    };
    const onEnd = (): void => end();
    const onClose = (): void => end(cutOff());
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

const tooLarge = (bytes: number): UserError =>
  new UserError("upload_too_large", `at most ${bytes} bytes`, "more", "send less, or a smaller proxy of the clip");
const tooSlow = (wait_ms: number): UserError =>
  new UserError("too_slow", `bytes within ${wait_ms / 1000} s`, "none", "send it again");
const cutOff = (): UserError => new UserError("bad_request", "a whole body", "one that broke off", "send it again");
