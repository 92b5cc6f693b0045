import type { SoundEvent } from "local-server/protocol";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { changeEvent, moveEvent } from "../actions/events.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { eventsOf, startOf, type Take } from "../state/state.ts";
import { fractionAt, Playhead } from "./Timeline.tsx";

/** Below this the picture was not sure that something is heard. */
const UNSURE = 0.5;

/** The harder the larger; dotted where the picture was not sure. */
export function EventDot({ event }: { readonly event: SoundEvent }) {
  const size = 5 + 9 * Math.max(0, Math.min(1, event.strength * 10 ** ((event.gainDb ?? 0) / 20)));
  return <span className={event.confidence < UNSURE ? "unsure" : ""} style={{ width: size, height: size }} />;
}

/** What is heard when, and how hard: dots to move, mute and level. Arrows move by 10 ms (by a frame with Shift), up and down by 1 dB. */
export function EventsLane({ take }: { readonly take: Take }) {
  const app = useApp();
  const text = useText();
  const events = useAppState((state) => eventsOf(state, take));
  const selected = useAppState((state) => state.selectedEvent);
  const lane = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState<{ index: number; time: number } | null>(null);
  const length = take.record.seconds;
  const frameSeconds = take.record.source?.frameRate
    ? take.record.source.frameRate.den / take.record.source.frameRate.num
    : 0.04;

  const onPointer = (index: number) => (event: PointerEvent<HTMLButtonElement>) => {
    if (!lane.current || take.locked) return;
    const time = fractionAt(event, lane.current) * length;
    if (event.type === "pointerdown") {
      event.currentTarget.setPointerCapture(event.pointerId);
      app.store.set({ selectedEvent: index });
    } else if (
      event.type === "pointermove" &&
      event.currentTarget.hasPointerCapture(event.pointerId) &&
      event.movementX !== 0
    ) {
      setDragged({ index, time });
    } else if (event.type === "pointerup" && dragged) {
      moveEvent(app, dragged.index, dragged.time);
      setDragged(null);
    }
  };
  const onKey = (index: number) => (event: KeyboardEvent) => {
    const at = events[index];
    if (!at || take.locked) return;
    const by = event.shiftKey ? frameSeconds : 0.01;
    if (event.key === "ArrowLeft") moveEvent(app, index, at.time - by);
    else if (event.key === "ArrowRight") moveEvent(app, index, at.time + by);
    else if (event.key === "ArrowUp") changeEvent(app, index, { gainDb: Math.min(24, (at.gainDb ?? 0) + 1) });
    else if (event.key === "ArrowDown") changeEvent(app, index, { gainDb: Math.max(-60, (at.gainDb ?? 0) - 1) });
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a lane of buttons, not a form's fieldset
    <div
      className="lane"
      ref={lane}
      role="group"
      aria-label={text("eventsLane", { count: events.length })}
      data-arrows=""
      data-testid="events"
    >
      {events.map((event, index) => {
        const time = dragged?.index === index ? dragged.time : event.time;
        const label = text("eventLabel", {
          time: event.time.toFixed(2),
          strength: Math.round(event.strength * 100),
          sound: event.sound ?? text("noSound"),
        });
        return (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: an event has no other name, and a moved one stays itself
            key={index}
            type="button"
            className={`event${event.muted ? " muted" : ""}`}
            style={{ left: `${(100 * time) / length}%` }}
            aria-label={label}
            title={label}
            aria-pressed={selected === index}
            onPointerDown={onPointer(index)}
            onPointerMove={onPointer(index)}
            onPointerUp={onPointer(index)}
            onFocus={() => app.store.set({ selectedEvent: index })}
            onKeyDown={onKey(index)}
          >
            <EventDot event={event} />
          </button>
        );
      })}
      <Playhead start={startOf(take)} length={length} />
    </div>
  );
}
