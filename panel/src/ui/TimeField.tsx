import type { Ticks } from "local-server/protocol";
import { useEffect, useState } from "react";
import { type FrameCount, parseTime, timecodeAt } from "../state/timecode.ts";

interface TimeFieldProps {
  readonly label: string;
  readonly value: Ticks;
  readonly count: FrameCount;
  readonly onChange: (value: Ticks) => void;
}

/** Timecode that can be typed over: `1205`, `60f`, `2.5s` and full timecode are understood; what is not is marked and put back. */
export function TimeField({ label, value, count, onChange }: TimeFieldProps) {
  const shown = timecodeAt(value, count);
  const [typed, setTyped] = useState(shown);
  useEffect(() => setTyped(shown), [shown]);
  const parsed = parseTime(typed, count);
  const commit = (): void => {
    if (parsed !== null && parsed !== value) onChange(parsed);
    setTyped(shown);
  };
  return (
    <input
      className="time-field"
      aria-label={label}
      aria-invalid={parsed === null}
      value={typed}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => setTyped(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(shown);
      }}
    />
  );
}
