import type { WatchArgument, WatchData } from "../contract.ts";
import { forEach } from "../es3/lists.ts";
import { asked } from "../premiere/asked.ts";
import { dispatchEvent, engine, premiere } from "../premiere/globals.ts";

const EVENT_TYPE = "com.foley.editor.changed";
const WATCHED = [
  "onActiveSequenceSelectionChanged",
  "onActiveSequenceChanged",
  "onActiveSequenceStructureChanged",
] as const;
const BOUND = "com.foley.editor.bound";

/** From now on tells the panel when the selection or the sequence in front may have changed. Bound once per engine. */
export function watch({ extensionId }: WatchArgument): WatchData {
  asked(() => premiere().setExtensionPersistent!(extensionId, 1));
  if (engine()[BOUND] !== true) {
    engine()[BOUND] = true;
    forEach(WATCHED, (name) => {
      premiere().bind(name, () => {
        dispatchEvent(EVENT_TYPE, name);
      });
    });
  }
  return { eventType: EVENT_TYPE };
}
