import type { ImportTakeArgument, ImportTakeData } from "../contract.ts";
import { checkWav, ensureBin, findImported, makeWhole } from "../premiere/bins.ts";
import { fileAt } from "../premiere/globals.ts";
import { refusal } from "../premiere/refusal.ts";
import { BIN_NAME, pinnedSequence } from "../premiere/sequence.ts";

/** Brings a WAV into our bin, once: a take that is there already is only found. */
export function importTake({ pin, path, awaited }: ImportTakeArgument): ImportTakeData {
  const { project } = pinnedSequence(pin);
  checkWav(path);
  const before = findImported(project, path);
  if (before === undefined && awaited === undefined) {
    // True, or nothing, is answered whether or not anything came in: only the bin tells.
    project.importFiles([fileAt(path).fsName], true, ensureBin(project), false);
  }
  const item = before ?? findImported(project, path);
  if (item === undefined) {
    throw refusal(
      "NOT_YET",
      "The take is not in the bin. Import it by hand into “Foley (generated)”, then place it again.",
      {
        awaited: path,
      },
    );
  }
  makeWhole(item);
  return { projectItemId: item.nodeId, bin: BIN_NAME, alreadyThere: before !== undefined && awaited === undefined };
}
