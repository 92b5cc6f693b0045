import { createHash } from "node:crypto";
import { constants, copyFileSync, linkSync, lstatSync, rmSync } from "node:fs";
import { lstat, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { asUserError, UserError } from "../errors.ts";

/** This machine in a name: a process id means nothing to another machine that shares the folder. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 6);
const TEMP_NAME = new RegExp(`^\\.foley-(\\d+)-${HOST}-`);

/**
 * Runs `use` with a new hidden folder beside the targets (same file system, so that publishing is one link) and
 * removes it whatever happens.
 */
export async function withTempFolder<T>(dir: string, use: (temp: string) => Promise<T>): Promise<T> {
  const temp = await mkdtemp(join(dir, `.foley-${process.pid}-${HOST}-`)).catch((error: unknown) => {
    throw fileError(error, dir);
  });
  try {
    return await use(temp);
  } finally {
    await rm(temp, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Writes a new file and has it on the disk before it returns; errors speak of `target`, the name it will get. */
export async function writeSynced(path: string, data: Uint8Array | string, target: string): Promise<void> {
  try {
    await using file = await open(path, "wx");
    await file.writeFile(data);
    await file.sync();
  } catch (error) {
    throw fileError(error, target);
  }
}

/** File systems without hard links (exFAT, some network shares) and targets on another device. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK", "EISDIR", "EINVAL"]);

/**
 * Gives finished files of a temp folder their names in `dir`, in order; all or none. A link never replaces a file, so
 * of two processes that want one name exactly one gets it. Synchronous, so that no signal handler runs half-way.
 */
export function publish(temp: string, names: readonly string[], dir: string): void {
  const published: string[] = [];
  try {
    for (const name of names) {
      const target = join(dir, name);
      try {
        linkSync(join(temp, name), target);
      } catch (error) {
        if (!NO_LINKS.has(codeOf(error))) throw fileError(error, target);
        copyExclusive(join(temp, name), target);
      }
      published.push(target);
    }
  } catch (error) {
    for (const target of published) rmSync(target, { force: true });
    throw error;
  }
}

function copyExclusive(from: string, target: string): void {
  try {
    copyFileSync(from, target, constants.COPYFILE_EXCL);
  } catch (error) {
    // A copy that broke off is ours; one that did not start because of another file's is not.
    if (codeOf(error) !== "EEXIST") rmSync(target, { force: true });
    throw fileError(error, target);
  }
}

/** Makes new names in a folder outlive a power cut, where the system can (Windows cannot). */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r").catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/**
 * Removes what processes that were killed left in a folder: temp folders whose process is gone, and the files that
 * one had given their names when not all of its files had theirs yet.
 */
export async function sweepTemp(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const pid = Number(TEMP_NAME.exec(name)?.[1]);
    if (!pid || isAlive(pid)) continue;
    const temp = join(dir, name);
    const files = await readdir(temp).catch(() => []);
    const published: string[] = [];
    for (const file of files) {
      const [ours, other] = await Promise.all([
        lstat(join(temp, file)).catch(() => null),
        lstat(join(dir, file)).catch(() => null),
      ]);
      if (ours && other && ours.ino === other.ino && ours.dev === other.dev) published.push(join(dir, file));
    }
    if (published.length < files.length) for (const file of published) await rm(file, { force: true });
    await rm(temp, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? "");
const nameOf = (path: string): string => JSON.stringify(basename(path));

/** Whether anything has this name already, a dangling link included. */
export function isTaken(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw fileError(error, path);
  }
}

export const taken = (path: string): UserError =>
  new UserError(
    "target_exists",
    `no file called ${nameOf(path)} in ${dirname(path)}`,
    "one that is there already",
    "choose another name or move it away; nothing is ever overwritten",
  );

const NOT_WRITABLE: Readonly<Record<string, string>> = {
  EACCES: "a folder that this user may not write to",
  EPERM: "a folder that this user may not write to",
  EROFS: "a file system mounted read-only",
  ENOENT: "a folder that does not exist",
  ENOTDIR: "a path with a file where a folder should be",
  ELOOP: "a path of links that lead in a circle",
  ENAMETOOLONG: "a name longer than the file system allows",
  ERR_INVALID_ARG_VALUE: "a path with a zero byte",
};

/** What went wrong with writing a path, in words. */
export function fileError(error: unknown, path: string): UserError {
  const code = codeOf(error);
  if (code === "EEXIST") return taken(path);
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    const came = { ENOSPC: "a full disk", EDQUOT: "a used-up quota", EFBIG: "a limit on the size of files" }[code];
    const expected = `room in ${dirname(path)} for ${nameOf(path)}`;
    return new UserError("disk_full", expected, came, "free some space or choose another place", { cause: error });
  }
  const came = NOT_WRITABLE[code];
  if (came === undefined) return asUserError(error);
  const todo = code === "ENOENT" ? "create it first or choose another place" : "choose another place";
  return new UserError("target_not_writable", `a place to write ${path}`, came, todo, { cause: error });
}
