import { randomBytes } from "node:crypto";
import { basename, extname, join } from "node:path";
import type { GenerateRequest } from "../../protocol/index.ts";

/** A UUID of version 7: ids sort by the time they were given. */
export function newId(now_ms = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now_ms, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What a job's files are called: words a person knows it by, and the end of its id. Never a name that somebody sent. */
export function stemOf(id: string, { prompt, video }: GenerateRequest): string {
  const words = prompt || (video ? basename(video, extname(video)) : "");
  const slug = words
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40)
    .replace(/-$/, "");
  return `${slug || "take"}-${id.slice(-8)}`;
}

/** Another attempt has other names: what a late writer of the one before leaves is not taken for its own. */
export const targetOf = (folder: string, stem: string, number: number, attempt: number): string =>
  join(folder, `${stem}-${number}${attempt > 1 ? `-try${attempt}` : ""}.wav`);

/** The stem in a file name that `targetOf` gave, or null. */
export const readTarget = (name: string): string | null =>
  /^([a-z0-9-]+-[0-9a-f]{8})-\d+(?:-try\d+)?\.wav$/.exec(name)?.[1] ?? null;

export const takeId = (jobId: string, number: number): string => `${jobId}-${number}`;
