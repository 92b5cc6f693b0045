import type { App } from "../app.ts";
import type { TextKey } from "../i18n/text.ts";
import type { IconName } from "../ui/Icon.tsx";

/** Something a person can do: what it is called, how it looks, its key, and how it is done. */
export interface Action {
  readonly name: string;
  readonly label: TextKey;
  readonly icon?: IconName;
  /** As `KeyboardEvent.key` says it, letters small; `Mod+` is ⌘ or Ctrl. The first is shown. */
  readonly keys: readonly string[];
  /** Whether it can be done now. */
  readonly when?: (app: App) => boolean;
  readonly perform: (app: App) => void | Promise<void>;
}
