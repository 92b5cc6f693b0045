import type { Action } from "../actions/action.ts";
import { hintOf } from "../actions/keys.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { IconButton } from "./IconButton.tsx";

/** The button of an action: its icon, its name, its key, and whether it can be done now. */
export function ActionIcon({
  action,
  pressed,
  label,
}: {
  readonly action: Action;
  readonly pressed?: boolean;
  readonly label?: string;
}) {
  const app = useApp();
  const text = useText();
  const possible = useAppState(() => action.when?.(app) !== false);
  return (
    <IconButton
      icon={action.icon ?? "more"}
      label={label ?? text(action.label)}
      keyHint={hintOf(action)}
      disabled={!possible}
      {...(pressed === undefined ? {} : { pressed })}
      onPress={() => void action.perform(app)}
    />
  );
}
