import { type FileHandle, open, stat } from "node:fs/promises";
import { UserError } from "../errors.ts";

/** A file read by pieces: never a whole checkpoint in memory. */
export interface Source extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  /** Exactly `length` bytes at `at`. @throws UserError bad_weights where the file ends before. */
  read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** One read at most; more is read in turns, because a read of 2 GiB is cut short by the system. */
const PIECE_BYTES = 1 << 28;

/** @throws UserError bad_weights */
export async function openSource(path: string): Promise<Source> {
  const unreadable = (error: unknown) => {
    throw badWeights(path, "a file that can be read", error instanceof Error ? error.message : String(error));
  };
  // Opening a pipe would wait for whoever writes to it.
  const facts = await stat(path).catch(unreadable);
  if (!facts.isFile()) throw badWeights(path, "a file", "a folder, pipe or device");
  const handle = await open(path, "r").catch(unreadable);
  const { size } = await handle.stat();
  return {
    path,
    bytes: size,
    read: (at, length) => readExactly(handle, path, size, at, length),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function readExactly(
  handle: FileHandle,
  path: string,
  size: number,
  at: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(length) || at < 0 || length < 0 || at + length > size) {
    throw badWeights(path, `${length} bytes at ${at}`, `a file of ${size} bytes`);
  }
  const out = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(out, done, Math.min(PIECE_BYTES, length - done), at + done);
    if (bytesRead === 0) throw badWeights(path, `${length} bytes at ${at}`, "a file that was cut while it was read");
    done += bytesRead;
  }
  return out;
}

/** Names and values of a hostile file may be of any length. */
const MAX_TEXT = 300;
const short = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

export const badWeights = (path: string, expected: string, came: string): UserError =>
  new UserError(
    "bad_weights",
    `${short(expected)} in ${path}`,
    short(came),
    "download the file again and compare its size and hash",
  );
