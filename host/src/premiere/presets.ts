import { filter, find, forEach } from "../es3/lists.ts";
import type { FileObject, Sequence } from "./dom.ts";
import { fileAt, folderAt, programFolders } from "./globals.ts";
import { refusal } from "./refusal.ts";

/** Premiere's own H.264 presets lie in a folder named after the exporter: NICK, H264. On macOS inside the app bundle. */
const H264_FOLDERS = ["MediaIO/systempresets/4E49434B_48323634", "Contents/MediaIO/systempresets/4E49434B_48323634"];
/** Only presets that keep the sequence's own frame rate: a fixed one would judder. Smaller is quicker. */
const BY_PREFERENCE = [/match source.*low/i, /match source.*medium/i, /match source.*adaptive/i, /match source/i];

export interface Preset {
  readonly file: FileObject;
  readonly from: "bundled" | "premiere";
}

/** The first preset that Premiere itself says makes an MP4. @throws Refusal NO_PRESET */
export function choosePreset(sequence: Sequence, bundled: ReadonlyArray<string>): Preset {
  const makesMp4 = (file: FileObject): boolean => {
    try {
      return /^\.?mp4$/i.test(sequence.getExportFileExtension(file.fsName));
    } catch (_error) {
      return false;
    }
  };
  for (let index = 0; index < bundled.length; index++) {
    const file = fileAt(bundled[index] as string);
    if (file.exists && makesMp4(file)) return { file, from: "bundled" };
  }
  const searched: string[] = [];
  forEach(programFolders(), (program) => {
    forEach(H264_FOLDERS, (inside) => {
      searched.push(folderAt(`${program}/${inside}`).fsName);
    });
  });
  for (let at = 0; at < searched.length; at++) {
    const folder = folderAt(searched[at] as string);
    const files = folder.exists ? folder.getFiles("*.epr") : [];
    for (let rank = 0; rank < BY_PREFERENCE.length; rank++) {
      const fitting = filter(files, ({ name }) => (BY_PREFERENCE[rank] as RegExp).test(decodeURI(name)));
      const file = find(fitting, makesMp4);
      if (file !== undefined) return { file, from: "premiere" };
    }
  }
  throw refusal(
    "NO_PRESET",
    "No export preset that makes an MP4 was found. Select one plain clip instead, or render the range yourself and import it.",
    { searched },
  );
}
