import { secondsOfTicks, ticksOfString } from "local-server/protocol";
import { useAppState, useText } from "../app.ts";
import { timeLeft } from "../state/progress.ts";
import type { Job } from "../state/state.ts";
import { useStageName } from "../ui/stage-name.ts";
import { EventDot } from "./EventsLane.tsx";

/** The row of a take that is being made, with the events that are known of its picture already. */
export function PendingTake({ job, number }: { readonly job: Job; readonly number: number }) {
  const text = useText();
  const stageName = useStageName();
  const look = useAppState((state) => state.look);
  const { request } = job;
  const isSeen =
    look !== null &&
    request.video === look.path &&
    request.fromTicks === look.fromTicks &&
    request.toTicks === look.toTicks;
  const seconds =
    request.toTicks === undefined
      ? 0
      : secondsOfTicks(ticksOfString(request.toTicks)) - secondsOfTicks(ticksOfString(request.fromTicks));
  const events = request.events ?? (isSeen && !request.regenerate ? look.events : []);
  return (
    <li className="take pending" data-testid="pending">
      <div className="row take-head">
        <span className="name grow clip-text">
          {text("takeNumber", { number })}{" "}
          <span className="dim">
            {job.state === "queued" ? text("queued") : stageName(job)}
            {job.secondsLeft === null ? "" : ` · ${text("left", { time: timeLeft(job.secondsLeft) })}`}
          </span>
        </span>
      </div>
      <div className="take-body timeline">
        <div className="lane quiet">
          {seconds > 0 &&
            events
              .filter(({ time }) => time >= 0 && time < seconds)
              .map((event) => (
                <i key={event.time} className="event" style={{ left: `${(100 * event.time) / seconds}%` }}>
                  <EventDot event={event} />
                </i>
              ))}
          <i className="done" style={{ width: `${100 * job.fraction}%` }} />
        </div>
      </div>
    </li>
  );
}
