import { statfs } from "node:fs/promises";
import { UserError } from "../errors.ts";

/** Kept free for the store and for everybody else on the disk. */
export const RESERVE_BYTES = 64 * 2 ** 20;

/** Refuses now what would end in a full disk after minutes of work. @throws UserError disk_full */
export async function assertRoom(folder: string, bytes: number, reserveBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + reserveBytes) return;
  throw new UserError(
    "disk_full",
    `${megabytes(bytes + reserveBytes)} free for takes in ${folder}`,
    `${megabytes(free)} free`,
    "free some space, or set FOLEY_DATA to a folder on another disk",
  );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
