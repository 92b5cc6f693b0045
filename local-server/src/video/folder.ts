import { readdir } from "node:fs/promises";
import { basename, extname, join, relative } from "node:path";
import { UserError } from "../errors.ts";

const SOUND_EXTENSIONS = new Set([".wav", ".flac", ".aif", ".aiff", ".mp3", ".ogg", ".opus", ".m4a", ".caf"]);
/** A sound library of this size is read in under a second; larger ones are added as a bank. */
const MAX_SOUNDS = 2000;

/**
 * Sound files of a folder and its subfolders, by path. `name` is the file's name without extension and the folders it lies in,
 * because libraries often keep the kind in the folder and the take number in the file.
 * @throws UserError bad_guide
 */
export async function listSounds(folder: string, most = MAX_SOUNDS): Promise<{ path: string; name: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && SOUND_EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0 || paths.length > most) {
    const expected = `a folder with 1 to ${most} sound files (${[...SOUND_EXTENSIONS].join(" ")})`;
    throw new UserError(
      "bad_guide",
      expected,
      `${paths.length} in ${folder}`,
      paths.length > most ? "choose a smaller folder" : "choose another folder",
    );
  }
  return paths.map((path) => {
    const inside = relative(folder, path);
    return { path, name: `${inside.slice(0, -basename(path).length)}${basename(path, extname(path))}` };
  });
}
