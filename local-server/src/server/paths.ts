import { realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";
import type { GenerateRequest } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { checkSource } from "../video/source.ts";

const LONGEST_PATH_BYTES = 4096;

/**
 * Which files a client may name. `roots` null: all that this user can read (his own machine); else only what lies in one
 * of the folders, links resolved.
 */
export interface Paths {
  /** @throws UserError not_found, not_regular_file, empty_file, unreadable, outside_roots */
  file(path: string): Promise<string>;
  /** A folder to read. @throws UserError not_found, outside_roots */
  folder(path: string): Promise<string>;
  /** Every path in a request. @throws as `file` */
  request(request: GenerateRequest): Promise<GenerateRequest>;
}

export function createPaths(roots: readonly string[] | null): Paths {
  const file = async (path: string): Promise<string> => {
    assertPlain(path);
    await assertInside(path, roots);
    return (await checkSource(path)).path;
  };
  const folder = async (path: string): Promise<string> => {
    assertPlain(path);
    await assertInside(path, roots);
    return path;
  };
  return {
    file,
    async folder(path) {
      const asked = await folder(path);
      const facts = await stat(asked).catch(() => null);
      if (!facts?.isDirectory()) {
        throw new UserError("not_found", "a folder", facts ? `a file (${show(path)})` : show(path), "check the path");
      }
      return asked;
    },
    async request(request) {
      const { video, guide, regenerate } = request;
      const checked = { ...request };
      if (video !== undefined) checked.video = await file(video);
      if (guide?.kind === "file") checked.guide = { ...guide, path: await file(guide.path) };
      if (guide?.kind === "folder") checked.guide = { ...guide, path: await folder(guide.path) };
      if (regenerate) checked.regenerate = { ...regenerate, take: await file(regenerate.take) };
      return checked;
    },
  };
}

/** Before anything touches the disk: a look at a share can send this user's credentials over the network. */
function assertPlain(path: string): void {
  const isPlain =
    isAbsolute(path) &&
    !path.includes("\0") &&
    Buffer.byteLength(path) <= LONGEST_PATH_BYTES &&
    !(process.platform === "win32" && isHostileOnWindows(path));
  if (isPlain) return;
  const expected = `an absolute path of at most ${LONGEST_PATH_BYTES} bytes`;
  throw new UserError("not_found", expected, show(path), "give the path of a file on this machine");
}

/**
 * Shares and devices (`\\host\share`, `\\?\`, `\\.\`), a drive's or the root's current folder (`C:x`, `\x`), a stream of a
 * file (`a:b`), names that Windows reads as another (`x.`, `x `) or as a device (CON, NUL, COM1).
 */
export function isHostileOnWindows(path: string): boolean {
  const names = path.replace(/^[a-z]:/i, "").split(/[\\/]/);
  return (
    !/^[a-z]:[\\/]/i.test(path) ||
    names.some(
      (name) =>
        name.includes(":") ||
        /[. ]$/.test(name.replace(/^\.{1,2}$/, "")) ||
        /^(con|nul|prn|aux|com\d|lpt\d|conin\$|conout\$)(\.|$)/i.test(name),
    )
  );
}

async function assertInside(path: string, roots: readonly string[] | null): Promise<void> {
  if (roots === null) return;
  // Whether a file outside is there, and of what kind, is nobody's business: the answer is the same.
  const real = await realpath(path).catch(() => null);
  for (const root of real === null ? [] : roots) {
    const inside = relative(await realpath(root).catch(() => root), real!);
    if (inside === "" || (inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside))) return;
  }
  throw new UserError(
    "outside_roots",
    "a file in one of the folders that this server may read",
    show(path),
    "upload it, or have whoever runs the server add its folder with --root",
  );
}

const show = (path: string): string => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
