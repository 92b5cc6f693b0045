import { ActionButton, ToggleButton, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import { Icon, type IconName } from "./Icon.tsx";

interface IconButtonProps {
  readonly icon: IconName;
  /** Read out, and shown on hover. */
  readonly label: string;
  readonly keyHint?: string | undefined;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  /** Left out where a trigger around it listens. */
  readonly onPress?: () => void;
}

/** A quiet square button; with `pressed` it is a switch. */
export function IconButton({ icon, label, keyHint, pressed, disabled = false, onPress }: IconButtonProps) {
  const hint = keyHint === undefined ? label : `${label} (${keyHint})`;
  const shared = { isQuiet: true, isDisabled: disabled, "aria-label": label, UNSAFE_className: "icon-button" };
  return (
    <TooltipTrigger delay={600}>
      {pressed === undefined ? (
        <ActionButton {...shared} {...(onPress ? { onPress } : {})}>
          <Icon name={icon} />
        </ActionButton>
      ) : (
        <ToggleButton {...shared} isSelected={pressed} onChange={() => onPress?.()}>
          <Icon name={icon} filled={pressed && (icon === "heart" || icon === "star")} />
        </ToggleButton>
      )}
      <Tooltip>{hint}</Tooltip>
    </TooltipTrigger>
  );
}
