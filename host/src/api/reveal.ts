import type { RevealArgument, RevealData } from "../contract.ts";
import { findImported } from "../premiere/bins.ts";
import { fileAt } from "../premiere/globals.ts";
import { refusal } from "../premiere/refusal.ts";
import { pinnedSequence } from "../premiere/sequence.ts";

/** Shows a take in the Project panel; one that is not imported, in its folder. */
export function reveal({ pin, path }: RevealArgument): RevealData {
  const item = findImported(pinnedSequence(pin).project, path);
  if (item !== undefined) {
    item.select();
    return { where: "project" };
  }
  const file = fileAt(path);
  if (!file.exists || !file.parent.execute()) {
    throw refusal("BAD_ARGUMENT", "The take's file is gone.", { path: file.fsName });
  }
  return { where: "folder" };
}
