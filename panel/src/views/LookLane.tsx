import { secondsOfTicks, ticksOfString } from "local-server/protocol";
import { useApp, useAppState, useText } from "../app.ts";
import { EventDot } from "./EventsLane.tsx";
import { Playhead } from "./Timeline.tsx";

/** Where the picture will be heard, before any take: of the stretch of the clip that starts at `start` and is `length` s long. */
export function LookLane({ start, length }: { readonly start: number; readonly length: number }) {
  const app = useApp();
  const text = useText();
  const look = useAppState((state) => state.look);
  const range = useAppState((state) => state.range);
  const clip = useAppState((state) => state.clip);
  if (look === null || clip === null) return null;
  const media = app.host.peek(clip, range);
  if (media?.video !== look.path || media.fromTicks !== look.fromTicks || media.toTicks !== look.toTicks) return null;
  const from = secondsOfTicks(range.from) - start;
  const lasting = secondsOfTicks(ticksOfString(look.toTicks)) - secondsOfTicks(ticksOfString(look.fromTicks));
  const inside = look.events.filter(({ time }) => time >= 0 && time < lasting);
  return (
    <div className="lane quiet" role="img" aria-label={text("lookLane", { count: inside.length })} data-testid="look">
      {inside.map((event) => (
        <i key={event.time} className="event" style={{ left: `${(100 * (from + event.time)) / length}%` }}>
          <EventDot event={event} />
        </i>
      ))}
      {look.cuts.map((cut) => (
        <i key={cut} className="cut" style={{ left: `${(100 * (from + cut)) / length}%` }} />
      ))}
      {inside.length === 0 && <span className="lane-note">{text("lookNothing")}</span>}
      <Playhead start={start} length={length} />
    </div>
  );
}
