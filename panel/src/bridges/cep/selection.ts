import type { Detail, FailureCode, RenderReason, SelectionData, SequenceData } from "host/contract";
import { secondsOfTicks, type Target, TICKS_PER_SAMPLE, type Ticks, ticks, ticksOfString } from "local-server/protocol";
import type { Said } from "../../i18n/text.ts";
import type { Clip } from "../../state/state.ts";
import type { Media, Selection } from "../host-adapter.ts";

interface Range {
  readonly from: Ticks;
  readonly to: Ticks;
}

const rangeOf = ({ range }: SelectionData): Range => ({
  from: ticksOfString(range.startTicks),
  to: ticksOfString(range.endTicks),
});

/** A `file://` address of an absolute path of this machine. */
function fileAddress(path: string): string {
  const parts = path.replace(/\\/g, "/").split("/").map(encodeURIComponent).join("/");
  return `file://${parts.startsWith("/") ? "" : "/"}${parts.replace(/^([A-Za-z])%3A/, "$1:")}`;
}

/** The sequence as the panel's picture; `selection` says which file shows its range. */
export function clipOf(sequence: SequenceData, selection: SelectionData | null): Clip {
  const source = selection?.route.kind === "source" ? selection.route : null;
  const start = selection ? secondsOfTicks(rangeOf(selection).from) : 0;
  return {
    path: source?.mediaPath ?? "",
    sequence: { documentId: sequence.pin.documentId, sequenceId: sequence.pin.sequenceId },
    name: sequence.name,
    url: source ? fileAddress(source.mediaPath) : null,
    urlStartSeconds: source ? start - secondsOfTicks(ticksOfString(source.fromTicks)) : 0,
    count: {
      rate: sequence.frameRate,
      dropFrame: sequence.dropFrame,
      startFrame: Number(BigInt(sequence.zeroPointTicks) / BigInt(sequence.timebaseTicks)),
    },
    duration: ticksOfString(sequence.endTicks),
  };
}

/** The one that says most of what is special, where there are several. */
const ORDER: readonly RenderReason[] = [
  "multicam",
  "nest",
  "merged",
  "several-clips",
  "gap",
  "stacked",
  "speed",
  "reversed",
  "interpreted",
  "source-timecode",
  "graphic",
  "adjustment",
  "synthetic",
  "still",
];

/** What will be done for it, before it is done; a plain clip needs no word. */
function announcementOf({ route, range, clips }: SelectionData): Said | null {
  if (route.kind !== "render") return null;
  const seconds = secondsOfTicks(ticks(BigInt(range.endTicks) - BigInt(range.startTicks))).toFixed(1);
  const reason = ORDER.find((known) => route.reasons.includes(known)) ?? "several-clips";
  return { key: `render.${reason}`, values: { count: clips.length, seconds } };
}

export function selectionOf(data: SelectionData): Selection {
  const { route, sequence } = data;
  return {
    clip: clipOf(sequence, data),
    range: rangeOf(data),
    announcement: announcementOf(data),
    problem: route.kind === "refuse" ? saidOf(route.failure.code, route.failure.detail) : null,
  };
}

/** Where a take of `range` belongs: this sequence, this range, these clips as they lie. */
export function targetOf({ sequence, clips }: SelectionData, range: Range): Target {
  return {
    documentId: sequence.pin.documentId,
    sequenceId: sequence.pin.sequenceId,
    sequenceName: sequence.name,
    fromTicks: String(range.from),
    toTicks: String(range.to),
    clips: clips
      .filter(({ startTicks, endTicks }) => BigInt(startTicks) < range.to && BigInt(endTicks) > range.from)
      .map(({ trackIndex, trackItemId, name, startTicks, endTicks, inTicks }) => {
        return { trackIndex, trackItemId, name, startTicks, endTicks, inTicks };
      }),
  };
}

/** Length of a range in whole samples, never longer than it: sound must not reach over the clip that follows. */
export const wholeSamples = ({ from, to }: Range): bigint => ((to - from) / TICKS_PER_SAMPLE) * TICKS_PER_SAMPLE;

/** The part of the one plain file that shows `range`, or null: Premiere must render it. */
export function sourceOf(data: SelectionData, range: Range): Media | null {
  const { route } = data;
  const whole = rangeOf(data);
  if (route.kind !== "source" || range.from < whole.from || range.to > whole.to) return null;
  const from = BigInt(route.fromTicks) + range.from - whole.from;
  return {
    video: route.mediaPath,
    fromTicks: String(from),
    toTicks: String(from + wholeSamples(range)),
    target: targetOf(data, range),
  };
}

/** A refusal of Premiere's script in one sentence of ours. */
export function saidOf(code: FailureCode, detail: Detail): Said {
  const names = Array.isArray(detail.clips) ? detail.clips.join(", ") : "";
  return { key: `host.${code}`, values: { names } };
}
