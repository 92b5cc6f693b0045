import type { App } from "../app.ts";
import type { Action } from "./action.ts";
import { ACTIONS } from "./index.ts";

const isMac = /Mac/.test(navigator.platform);
const NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
  Enter: "↵",
  Delete: "Del",
};

/** A key as people read it. */
function keyText(key: string): string {
  const plain = key.replace("Mod+", isMac ? "⌘" : "Ctrl ").replace("Shift+", isMac ? "⇧" : "Shift ");
  return (
    NAMES[plain] ??
    (plain.length === 1 ? plain.toUpperCase() : plain.replace(/\b[a-z]$/, (letter) => letter.toUpperCase()))
  );
}

export const hintOf = (action: Action): string | undefined =>
  action.keys[0] === undefined ? undefined : keyText(action.keys[0]);

const keyOf = (event: KeyboardEvent): string => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!(isMac ? event.metaKey : event.ctrlKey)) return key;
  return `Mod+${event.shiftKey ? "Shift+" : ""}${key}`;
};

/** Where somebody types, keys are letters; on a button, space and enter press it; in a list or lane, arrows move. */
function belongsToControl(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[role=dialog],[role=listbox],[role=menu]")) return true;
  const typing =
    target.isContentEditable ||
    /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
    (target instanceof HTMLInputElement && !/^(checkbox|radio|range)$/.test(target.type));
  if (typing) return key !== "Mod+Enter";
  if (key === " " || key === "Enter") return target.closest("button,a,summary,[role=switch],[role=tab],input") !== null;
  return key.startsWith("Arrow") && target.closest("[data-arrows],[role=tablist],[role=slider],input") !== null;
}

/** Listens for the keys of all actions until the returned function is called. */
export function listenForKeys(app: App): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const key = keyOf(event);
    if (event.defaultPrevented || event.altKey || belongsToControl(event.target, key)) return;
    const action = ACTIONS.find(({ keys }) => keys.includes(key));
    if (action === undefined || action.when?.(app) === false) return;
    event.preventDefault();
    void action.perform(app);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
