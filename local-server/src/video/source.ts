import { lstat, open, realpath, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { UserError } from "../errors.ts";

/** A file as it was when first looked at. */
export interface SourceFacts {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const LONGEST_PATH_BYTES = 4096;

/**
 * A path that may be handed to ffmpeg: an absolute path of a readable, regular, non-empty file. A FIFO or a device is never
 * opened: it would hang the reader.
 * @throws UserError not_found, not_regular_file, empty_file, unreadable
 */
export async function checkSource(path: string): Promise<SourceFacts> {
  if (
    !isAbsolute(path) ||
    path.includes("\0") ||
    Buffer.byteLength(path) > LONGEST_PATH_BYTES ||
    isWindowsDevice(path)
  ) {
    const expected = `an absolute path of at most ${LONGEST_PATH_BYTES} bytes`;
    throw new UserError("not_found", expected, show(path), "give the path of a video file");
  }
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(path, error);
  });
  const facts = await stat(real).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(path, error);
  });
  if (!facts.isFile()) {
    const kind = facts.isDirectory() ? "a folder" : "a pipe, socket or device";
    throw new UserError("not_regular_file", "a file", `${kind} (${show(path)})`, "give the path of a video file");
  }
  if (facts.size === 0) {
    throw new UserError(
      "empty_file",
      "a file with content",
      `0 bytes (${show(path)})`,
      "export or copy the file again",
    );
  }
  const handle = await open(real).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(path, error);
  });
  await handle.close();
  return { path: real, bytes: facts.size, modifiedMs: facts.mtimeMs };
}

/**
 * The file is still the one that was looked at; called before it is read again and before a take is kept.
 * @throws UserError changed
 */
export async function assertUnchanged({ path, bytes, modifiedMs }: SourceFacts): Promise<void> {
  const now = await lstat(path).catch(() => null);
  if (now?.isFile() && now.size === bytes && now.mtimeMs === modifiedMs) return;
  const came = now ? "another size or date than at the start" : "no file there any more";
  throw new UserError("changed", `${show(path)} to stay as it was`, came, "run it again when the file is finished");
}

function unreachable(path: string, { code }: NodeJS.ErrnoException): UserError {
  if (code === "EACCES" || code === "EPERM") {
    return new UserError("unreadable", "a file we may read", show(path), "give yourself read access to it");
  }
  if (code === "ELOOP" || code === "ENAMETOOLONG" || code === "ENOENT" || code === "ENOTDIR") {
    return new UserError("not_found", "a file", `none at ${show(path)}`, "check the path");
  }
  return new UserError("unreadable", "a file we can read", `${code} at ${show(path)}`, "check the disk and the path");
}

/** UNC and device names: opening one can send credentials over the network, or hang. */
const isWindowsDevice = (path: string): boolean =>
  process.platform === "win32" &&
  (/^[\\/]{2}/.test(path) || /(^|[\\/])(con|nul|prn|aux|com\d|lpt\d)(\.|$)/i.test(path));

const show = (path: string): string => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
