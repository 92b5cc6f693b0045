import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename, extname, join } from "node:path";
import { UserError } from "../errors.ts";
import { fileError, syncFolder } from "../takes/temp.ts";
import { readBody } from "./body.ts";
import type { Limits } from "./limits.ts";

/** Beside an uploaded file: the name it came with. */
export const NAME_FILE = "name.txt";
const EXTENSIONS = new Set([".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mxf", ".ts", ".mts", ".m2ts", ".mpg"]);
const PARTIAL = ".partial-";
/** How often a body of unknown length is held against the disk. */
const CHECK_EVERY_BYTES = 64 * 1024 * 1024;

export interface Uploads {
  /**
   * Writes a request's body to the disk. The file lies in a folder named by its hash, so the same file sent twice is kept
   * once. Returns its path, and how to take a new one away again.
   * @throws UserError upload_too_large, disk_full, too_many, too_slow, bad_request
   */
  receive(request: IncomingMessage, response: ServerResponse): Promise<{ path: string; discard: () => Promise<void> }>;
}

/** @throws UserError target_not_writable, disk_full */
export async function openUploads(folder: string, limits: Limits): Promise<Uploads> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  // Nobody else writes here: what is half there is of a run that was killed.
  for (const name of await readdir(folder)) {
    if (name.startsWith(PARTIAL)) await rm(join(folder, name), { force: true });
  }
  let underWay = 0;
  return {
    async receive(request, response) {
      const name = fileNameOf(request);
      const length = request.headers["content-length"];
      const declared = length === undefined ? CHECK_EVERY_BYTES : Number(length);
      if (declared <= limits.uploadBytes) await assertRoom(folder, declared, limits);
      if (underWay >= limits.uploadsAtOnce) {
        throw new UserError(
          "too_many",
          `at most ${limits.uploadsAtOnce} uploads at once`,
          "more",
          "wait for one to end",
        );
      }
      underWay += 1;
      const temp = join(folder, `${PARTIAL}${randomUUID()}`);
      try {
        if (request.headers.expect !== undefined && declared <= limits.uploadBytes) response.writeContinue();
        const hash = await writeBody(request, temp, folder, limits);
        return await settle(folder, temp, hash, name);
      } catch (error) {
        throw fileError(error, join(folder, "upload"));
      } finally {
        underWay -= 1;
        await rm(temp, { force: true });
      }
    },
  };
}

/** The name in `foley-file-name`, percent-encoded; only shown, never a path. @throws UserError bad_request */
function fileNameOf({ headers }: IncomingMessage): string {
  const given = headers["foley-file-name"];
  try {
    const name = decodeURIComponent(typeof given === "string" ? given : "");
    return basename(name.replaceAll("\\", "/").replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ""))
      .slice(0, 200)
      .toWellFormed();
  } catch {
    throw new UserError(
      "bad_request",
      "foley-file-name, percent-encoded",
      "another",
      "encode it as encodeURIComponent does",
    );
  }
}

async function assertRoom(folder: string, bytes: number, { diskReserveBytes }: Limits): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes + diskReserveBytes) return;
  const expected = `${mebibytes(bytes + diskReserveBytes)} free for the upload`;
  throw new UserError("disk_full", expected, `${mebibytes(bavail * bsize)}`, "free some space, then send it again");
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Counted, hashed and synced. Returns the sha256. */
async function writeBody(request: IncomingMessage, temp: string, folder: string, limits: Limits): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  let checkAt = CHECK_EVERY_BYTES;
  await using file = await open(temp, "wx", 0o600);
  const bounds = { wait_ms: limits.idleBody_ms, eachPart: true, mostBytes: limits.uploadBytes };
  await readBody(request, bounds, async (part) => {
    bytes += part.length;
    if (bytes > checkAt) {
      await assertRoom(folder, CHECK_EVERY_BYTES, limits);
      checkAt += CHECK_EVERY_BYTES;
    }
    hash.update(part);
    await writeAll(file, part);
  });
  if (bytes === 0) {
    throw new UserError("empty_file", "a file with content", "0 bytes", "export or copy the file again");
  }
  await file.sync();
  return hash.digest("hex");
}

async function writeAll(file: FileHandle, part: Buffer): Promise<void> {
  for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
}

/** Gives the finished file its place: `<hash>/<slug of its name>.<ending>`, its own name beside it. */
async function settle(folder: string, temp: string, hash: string, name: string) {
  const home = join(folder, hash);
  const [known] = (await readdir(home).catch(() => [])).filter((entry) => entry !== NAME_FILE);
  if (known !== undefined && (await stat(join(home, known))).isFile()) {
    return { path: join(home, known), discard: async () => {} };
  }
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = join(home, ownName(name));
  await using file = await open(join(home, NAME_FILE), "w", 0o600);
  await file.writeFile(name);
  await rename(temp, path);
  await syncFolder(home);
  return { path, discard: () => rm(home, { recursive: true, force: true }) };
}

function ownName(name: string): string {
  const ending = extname(name).toLowerCase();
  const slug = basename(name, extname(name))
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return `${slug || "clip"}${EXTENSIONS.has(ending) ? ending : ""}`;
}
