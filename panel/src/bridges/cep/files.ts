import type { Take } from "../../state/state.ts";
import type { NodeDoor } from "./door.ts";

/** A name that no file system and no editor stumbles over: `Foley footsteps gravel 1a2b3c4d.wav`. */
export function takeFileName(take: Take): string {
  const words = (take.record.request.prompt || (take.record.chosen[0]?.class ?? "")).normalize("NFKD");
  const plain = words
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .slice(0, 40)
    .trim();
  const id = take.id.replace(/[^A-Za-z0-9]/g, "").slice(-8);
  return `${["Foley", plain, id].filter(Boolean).join(" ")}.wav`;
}

/**
 * A copy of a take where the project keeps its media, whole from the moment it has its name: Premiere asks about half files.
 * A copy that is there already is used. @throws Error of the file system
 */
export async function copyTake({ fs, path }: NodeDoor, take: Take, folder: string): Promise<string> {
  const { mkdir, stat, copyFile, rename, unlink } = fs.promises;
  const target = path.join(folder, takeFileName(take));
  const { size } = await stat(take.path);
  const there = await stat(target).catch(() => null);
  if (there?.size === size) return target;
  await mkdir(folder, { recursive: true });
  const part = `${target}.part`;
  try {
    await copyFile(take.path, part);
    await rename(part, target);
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
  return target;
}
