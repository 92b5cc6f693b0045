import { secondsOfTicks, ticksOfSeconds } from "local-server/protocol";
import { type PointerEvent, type ReactNode, useEffect, useRef } from "react";
import { setRange, step } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { stepFrames, timecodeAt } from "../state/timecode.ts";

/** A thin line where the picture stands, moved without rendering anything. */
export function Playhead({ start, length }: { readonly start: number; readonly length: number }) {
  const { player } = useApp();
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const move = (): void => {
      const part = (player.seconds() - start) / length;
      if (!line.current) return;
      line.current.style.left = `${100 * Math.max(0, Math.min(1, part))}%`;
      line.current.style.visibility = part >= -0.001 && part <= 1.001 ? "visible" : "hidden";
    };
    move();
    return player.subscribe(move);
  }, [player, start, length]);
  return <div className="head" ref={line} />;
}

/** Fraction of an element's width under the pointer. */
export function fractionAt(event: PointerEvent, element: HTMLElement): number {
  const box = element.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
}

/** The whole clip from left to right: drag to look, drag the ends of the range; `children` are lanes above the scrubber. */
export function Timeline({ children }: { readonly children: ReactNode }) {
  const app = useApp();
  const text = useText();
  const clip = useAppState((state) => state.clip);
  const range = useAppState((state) => state.range);
  const box = useRef<HTMLDivElement>(null);
  if (clip === null) return null;
  const total = secondsOfTicks(clip.duration);
  const percent = (at: bigint): number => (100 * Number(at)) / Number(clip.duration);

  const look = (event: PointerEvent<HTMLElement>): void => {
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !box.current) return;
    app.player.pause();
    app.player.seek(fractionAt(event, box.current) * total);
  };
  const drag = (end: "from" | "to") => (event: PointerEvent<HTMLElement>) => {
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !box.current) return;
    const at = stepFrames(ticksOfSeconds(fractionAt(event, box.current) * total), 0, clip.count.rate);
    setRange(app, { [end]: at });
    app.player.seek(secondsOfTicks(at));
  };
  const nudge = (end: "from" | "to") => (event: React.KeyboardEvent) => {
    const frames = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -10, ArrowUp: 10 }[event.key];
    if (frames === undefined) return;
    event.preventDefault();
    setRange(app, { [end]: stepFrames(range[end], frames, clip.count.rate) });
  };
  return (
    <div className="timeline" ref={box}>
      {children}
      <div
        className="scrub"
        role="slider"
        tabIndex={0}
        aria-label={text("scrubber")}
        aria-valuemin={0}
        aria-valuemax={Math.round(total)}
        aria-valuenow={Math.round(app.player.seconds())}
        aria-valuetext={timecodeAt(ticksOfSeconds(app.player.seconds()), clip.count)}
        data-testid="scrubber"
        onPointerDown={look}
        onPointerMove={look}
        onKeyDown={(event) => {
          const frames = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -10, ArrowUp: 10 }[event.key];
          if (frames === undefined) return;
          event.preventDefault();
          step(app, frames);
        }}
      />
      <div className="outside" style={{ left: 0, width: `${percent(range.from)}%` }} />
      <div className="outside" style={{ left: `${percent(range.to)}%`, right: 0 }} />
      {(["from", "to"] as const).map((end) => (
        <div
          key={end}
          className="handle"
          role="slider"
          tabIndex={0}
          style={{ left: `${percent(range[end])}%` }}
          aria-label={text(end === "from" ? "inPoint" : "outPoint")}
          aria-valuemin={0}
          aria-valuemax={Math.round(total * 1000)}
          aria-valuenow={Math.round(secondsOfTicks(range[end]) * 1000)}
          aria-valuetext={timecodeAt(range[end], clip.count)}
          onPointerDown={drag(end)}
          onPointerMove={drag(end)}
          onKeyDown={nudge(end)}
        />
      ))}
      <Playhead start={0} length={total} />
    </div>
  );
}
