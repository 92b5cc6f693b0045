import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { UserError } from "../errors.ts";

interface FileOptions {
  readonly type: string;
  /** `sha256` reads the file once and remembers; `stat` is for files too large for that. */
  readonly tag: "sha256" | "stat";
  readonly name?: string;
}

/** Sends a file, whole or the part that is asked for (Range, If-Range, If-None-Match). @throws UserError not_found, bad_range */
export async function sendFile(
  request: Request,
  response: Response,
  path: string,
  { type, tag, name = basename(path) }: FileOptions,
): Promise<void> {
  const facts = await stat(path, { bigint: true }).catch(() => null);
  if (!facts?.isFile()) {
    throw new UserError("not_found", "the file", "none any more", "it was moved or removed: make or open it again");
  }
  const identity = `${path}\0${facts.size}\0${facts.mtimeNs}\0${facts.ino}`;
  const etag = tag === "sha256" ? await hashOf(path, identity) : createHash("sha256").update(identity).digest("hex");
  response.attachment(name);
  response.set("content-disposition", String(response.get("content-disposition")).replace(/^attachment/, "inline"));
  response.type(type).set({ etag: `"${etag}"`, "accept-ranges": "bytes", "cache-control": "private, no-cache" });
  await new Promise<void>((settle, fail) => {
    response.sendFile(path, { dotfiles: "allow", cacheControl: false }, (error) => {
      const { code, status } = (error ?? {}) as { code?: string; status?: number };
      // Whoever left needs no answer; a picture's element leaves after every part it has seen.
      if (!error || code === "ECONNABORTED" || request.destroyed) return settle();
      if (status !== 416) return fail(error);
      response.set("content-range", `bytes */${facts.size}`);
      fail(new UserError("bad_range", `a part of ${facts.size} bytes`, "another", "ask for bytes that are there"));
    });
  });
}

/** A file that is made for this answer alone. */
export const sendTemp = (
  request: Request,
  response: Response,
  path: string,
  { type, name }: { readonly type: string; readonly name: string },
): Promise<void> => sendFile(request, response, path, { type, name, tag: "stat" });

const MOST_HASHES = 1000;
const hashes = new Map<string, string>();

/** sha256 of a file that is read once; `identity` changes with it. */
async function hashOf(path: string, identity: string): Promise<string> {
  const known = hashes.get(identity);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest("hex");
  if (hashes.size >= MOST_HASHES) hashes.delete(hashes.keys().next().value!);
  hashes.set(identity, found);
  return found;
}
