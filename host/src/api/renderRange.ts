import type { RenderRangeArgument, RenderRangeData } from "../contract.ts";
import type { FileObject } from "../premiere/dom.ts";
import { engine, fileAt, folderAt, userDataFolder } from "../premiere/globals.ts";
import { markRange, timebaseOf } from "../premiere/marks.ts";
import { choosePreset } from "../premiere/presets.ts";
import { refusal } from "../premiere/refusal.ts";
import { withRestored } from "../premiere/restore.ts";
import { inFront, pinnedSequence } from "../premiere/sequence.ts";
import { ceilToGrid, floorToGrid, type TickSpan, textOf, ticksOfText } from "../premiere/time.ts";

const IN_TO_OUT = 1;
const POLL_MS = 100;
const POLLS = 20;

/** Renders whole frames around the range into a new file. Premiere stands still until it is done. */
export function renderRange({
  pin,
  startTicks,
  endTicks,
  name,
  folder,
  presets,
}: RenderRangeArgument): RenderRangeData {
  const pinned = pinnedSequence(pin);
  const { sequence } = pinned;
  const timebase = timebaseOf(sequence);
  const range: TickSpan = {
    start: floorToGrid(ticksOfText(startTicks, "the start"), timebase),
    end: ceilToGrid(ticksOfText(endTicks, "the end"), timebase),
  };
  if (range.end <= range.start) throw refusal("BAD_ARGUMENT", "Expected an end after the start.");
  const preset = choosePreset(sequence, presets);
  const file = newFile(folder ?? `${userDataFolder()}/Foley in the Editor/renders`, name);
  let isRestored = (): boolean => true;
  const answer = withRestored((later) =>
    inFront(pinned, later, () => {
      isRestored = markRange(sequence, range, later);
      return sequence.exportAsMediaDirect(file.fsName, preset.file.fsName, IN_TO_OUT);
    }),
  );
  return {
    path: file.fsName,
    startTicks: textOf(range.start),
    endTicks: textOf(range.end),
    preset: preset.file.fsName,
    presetFrom: preset.from,
    bytes: finishedSize(file, answer),
    marksRestored: isRestored(),
  };
}

/** Never an existing file. */
function newFile(folderPath: string, name: string): FileObject {
  const folder = folderAt(folderPath);
  if (!folder.exists && !folder.create()) {
    throw refusal("RENDER_FAILED", `The folder for renders cannot be made: ${folder.fsName}. Look at its rights.`, {
      folder: folder.fsName,
    });
  }
  for (let number = 1; ; number++) {
    const file = fileAt(`${folder.fsName}/${name}${number === 1 ? "" : `-${number}`}.mp4`);
    if (!file.exists) return file;
  }
}

/** Judged by the file, whatever was answered: there, not empty, and of one size at two looks. */
function finishedSize({ fsName }: FileObject, answer: unknown): number {
  let last = -1;
  for (let poll = 0; poll < POLLS; poll++) {
    const file = fileAt(fsName);
    const size = file.exists ? file.length : 0;
    if (size > 0 && size === last) return size;
    last = size;
    engine().sleep(POLL_MS);
  }
  throw refusal("RENDER_FAILED", "Premiere rendered no file. Render the range once by hand to see its reason.", {
    path: fsName,
    answer: String(answer),
  });
}
