import { collect, find } from "../es3/lists.ts";
import { asked } from "./asked.ts";
import type { AudioChannelMapping, Project, ProjectItem } from "./dom.ts";
import { fileAt } from "./globals.ts";
import { refusal } from "./refusal.ts";
import { BIN_NAME } from "./sequence.ts";

const BIN_TYPE = 2;

const childrenOf = (bin: ProjectItem): ProjectItem[] =>
  bin.children ? collect(bin.children, bin.children.numItems) : [];

/** Paths as Premiere and Windows may both write them. */
const normal = (path: string): string => path.replace(/\\/g, "/").toLowerCase();

/** Our bin, made where there is none; Premiere would make a second of the same name. */
export function ensureBin({ rootItem }: Project): ProjectItem {
  const there = ourBin(rootItem);
  if (there !== undefined) return there;
  rootItem.createBin(BIN_NAME);
  const made = ourBin(rootItem);
  if (made === undefined) {
    throw refusal("IMPORT_FAILED", "Premiere did not make a bin. Look whether the project is read-only.", {
      bin: BIN_NAME,
    });
  }
  return made;
}

const ourBin = (root: ProjectItem): ProjectItem | undefined =>
  find(childrenOf(root), ({ type, name }) => type === BIN_TYPE && name === BIN_NAME);

/** The imported file: by Premiere's own search, which may find nothing, else in our bin from the newest. */
export function findImported({ rootItem }: Project, path: string): ProjectItem | undefined {
  const wanted = normal(fileAt(path).fsName);
  const isIt = (item: ProjectItem): boolean => item.type !== BIN_TYPE && normal(item.getMediaPath()) === wanted;
  const matches = rootItem.findItemsMatchingMediaPath(fileAt(path).fsName, 1);
  if (matches) {
    const count = (matches as { length?: number }).length ?? (matches as { numItems: number }).numItems;
    const match = find(collect(matches as { [index: number]: ProjectItem }, count), isIt);
    if (match !== undefined) return match;
  }
  const bin = ourBin(rootItem);
  return bin && find(childrenOf(bin).reverse(), isIt);
}

/** Whether Premiere would read this: a WAV that is there and has sound. It shows a dialog, or says yes, to anything else. */
export function checkWav(path: string): void {
  const file = fileAt(path);
  const wrong = (message: string): never => {
    throw refusal("IMPORT_FAILED", message, { path: file.fsName });
  };
  if (!file.exists) wrong("The take's file is gone. Generate it again.");
  file.encoding = "BINARY";
  if (!file.open("r")) wrong("The take's file cannot be read. Look at the rights of its folder.");
  const head = file.read(12);
  file.close();
  const isWav = (head.slice(0, 4) === "RIFF" || head.slice(0, 4) === "RF64") && head.slice(8) === "WAVE";
  if (!isWav || file.length <= 44) wrong("The take's file is no WAV. Generate it again.");
}

/**
 * Makes an imported take one clip of its whole length: marks left on it would cut it, and the preference that reads stereo
 * as two mono clips would lay the second one on the track below.
 */
export function makeWhole(item: ProjectItem): void {
  asked(() => item.clearInPoint!());
  asked(() => item.clearOutPoint!());
  const mapping = mappingOf(item);
  if (!mapping || mapping.audioClipsNumber <= 1) return;
  // Read-only in some versions; the number of clips is what counts.
  asked(() => {
    mapping.audioChannelsType = 1;
  });
  mapping.audioClipsNumber = 1;
  asked(() => mapping.setMappingForChannel(0, 0));
  asked(() => mapping.setMappingForChannel(1, 1));
  asked(() => item.setAudioChannelMapping!(mapping));
  if ((mappingOf(item)?.audioClipsNumber ?? 1) > 1) {
    throw refusal(
      "IMPORT_FAILED",
      "Premiere imports stereo as two mono clips. Set Preferences > Timeline > Default Audio Tracks > Stereo Media to Use File, delete the take from the bin, then place it again.",
      { item: item.name },
    );
  }
}

/** On how many tracks a take would come to lie: two where Premiere does not tell that it is one. */
export const lanesOf = (item: ProjectItem): number => mappingOf(item)?.audioClipsNumber ?? 2;

function mappingOf(item: ProjectItem): AudioChannelMapping | null {
  const mapping = item.getAudioChannelMapping;
  return (
    (typeof mapping === "function"
      ? asked(() => (item.getAudioChannelMapping as () => AudioChannelMapping)())
      : mapping) ?? null
  );
}
