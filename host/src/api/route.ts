import type { ClipData, RenderReason, Route, Span } from "../contract.ts";
import { filter, forEach, includes, map, some } from "../es3/lists.ts";
import { refusal } from "../premiere/refusal.ts";
import { overlap, type TickSpan, type Ticks, textOf } from "../premiere/time.ts";

export interface RouteQuestion {
  readonly clips: readonly ClipData[];
  readonly gaps: readonly Span[];
  readonly range: TickSpan;
  readonly useProxies: boolean;
  /** Ticks to take off a clip's in point, null where that cannot be told. */
  readonly offsetOf: (clip: ClipData) => Ticks | null;
}

/**
 * One plain clip is read from its file; whatever the file alone would not show is rendered by Premiere. Speed, reverse and time
 * code are never guessed at.
 */
export function routeOf({ clips, gaps, range, useProxies, offsetOf }: RouteQuestion): Route {
  const shown = filter(clips, ({ disabled }) => !disabled);
  const first = shown[0];
  if (first === undefined) {
    return refused("UNSUPPORTED_CLIP", "The selected clip is disabled. Enable it, then try again.", clips);
  }
  const lost = filter(shown, ({ kind, proxyPath }) => kind === "offline" && proxyPath === null);
  if (lost.length > 0) {
    const names = map(lost, ({ name }) => `“${name}”`).join(", ");
    return refused("OFFLINE", `The media of ${names} is offline. Link it, then try again.`, lost);
  }
  const reasons = reasonsToRender(shown, gaps);
  const offset = shown.length === 1 ? offsetOf(first) : 0;
  if (offset === null) reasons.push("source-timecode");
  if (reasons.length > 0 || offset === null) return { kind: "render", reasons };
  const fromTicks = Number(first.inTicks) - offset + (range.start - Number(first.startTicks));
  const proxy = useProxies || first.kind === "offline" ? first.proxyPath : null;
  return {
    kind: "source",
    mediaPath: proxy ?? (first.mediaPath as string),
    fromTicks: textOf(fromTicks),
    toTicks: textOf(fromTicks + range.end - range.start),
    readAtFps: first.readAtFps,
  };
}

const refused = (code: "OFFLINE" | "UNSUPPORTED_CLIP", message: string, clips: readonly ClipData[]): Route => ({
  kind: "refuse",
  failure: refusal(code, message, { clips: map(clips, ({ name }) => name) }).failure,
});

function reasonsToRender(shown: readonly ClipData[], gaps: readonly Span[]): RenderReason[] {
  const reasons: RenderReason[] = [];
  const add = (reason: RenderReason): void => {
    if (!includes(reasons, reason)) reasons.push(reason);
  };
  if (shown.length > 1) add("several-clips");
  if (gaps.length > 0) add("gap");
  forEach(shown, (clip, index) => {
    if (clip.kind !== "file" && clip.kind !== "offline") add(clip.kind);
    if (clip.speed !== 1) add("speed");
    if (clip.reversed) add("reversed");
    const span = spanOf(clip);
    if (some(shown.slice(index + 1), (other) => overlap(span, spanOf(other)))) add("stacked");
  });
  return reasons;
}

const spanOf = ({ startTicks, endTicks }: Span): TickSpan => ({ start: Number(startTicks), end: Number(endTicks) });
