import type { ClipData, ClipKind, ClipPin } from "../contract.ts";
import { collect, find, forEach, includes } from "../es3/lists.ts";
import { asked } from "./asked.ts";
import type { ProjectItem, Sequence, TrackItem } from "./dom.ts";
import { videoTracksOf } from "./sequence.ts";
import { type TickSpan, type Ticks, textOf, ticksOf } from "./time.ts";

const STILL = /\.(jpe?g|png|tiff?|bmp|gif|psd|ai|eps|tga|dpx|exr|heic|webp)$/i;
/** Paths of things that Premiere makes itself, not of pictures that another program can read. */
const NOT_A_FILM = /\.(aegraphic|mogrt|prtl|aep|aepx|prproj|ppj)$/i;

export const spanOf = (item: TrackItem): TickSpan => ({ start: ticksOf(item.start), end: ticksOf(item.end) });
export const clipsOf = ({
  clips,
}: {
  readonly clips: { readonly numItems: number; readonly [index: number]: TrackItem };
}) => collect(clips, clips.numItems);
export const isPicture = (item: TrackItem): boolean => item.mediaType === "Video" || item.type === 1;

function kindOf(item: TrackItem, source: ProjectItem | null | undefined, path: string): ClipKind {
  if (asked(() => item.isAdjustmentLayer!()) === true) return "adjustment";
  if (!source || NOT_A_FILM.test(path)) return /\.(aepx?|prproj|ppj)$/i.test(path) ? "synthetic" : "graphic";
  // Nests, multicam and merged clips all say that they are sequences.
  if (asked(() => source.isMulticamClip!()) === true || asked(() => source.isMultiCamClip!()) === true)
    return "multicam";
  if (asked(() => source.isMergedClip!()) === true) return "merged";
  if (asked(() => source.isSequence()) === true) return "nest";
  if (asked(() => source.isOffline!()) === true) return "offline";
  // What Premiere makes itself has an empty path, or a number for one.
  if (!/[\\/]/.test(path)) return "synthetic";
  return STILL.test(path) ? "still" : "file";
}

function trackIndexOf(sequence: Sequence, item: TrackItem): number {
  if (typeof item.parentTrackIndex === "number") return item.parentTrackIndex;
  let found = -1;
  forEach(videoTracksOf(sequence), (track, index) => {
    if (find(clipsOf(track), ({ nodeId }) => nodeId === item.nodeId) !== undefined) found = index;
  });
  return found;
}

export function describeClip(sequence: Sequence, item: TrackItem): ClipData {
  const source = item.projectItem;
  const path = (source && asked(() => source.getMediaPath())) || "";
  const proxy = source && asked(() => source.hasProxy()) === true ? asked(() => source.getProxyPath()) : undefined;
  const speed = asked(() => item.getSpeed!());
  const footage = source ? asked(() => source.getFootageInterpretation!()) : undefined;
  const readAtFps = footage ? Number(footage.frameRate) : Number.NaN;
  return {
    trackIndex: trackIndexOf(sequence, item),
    trackItemId: item.nodeId,
    name: item.name,
    kind: kindOf(item, source, path),
    mediaPath: path === "" ? null : path,
    proxyPath: proxy ? proxy : null,
    startTicks: textOf(ticksOf(item.start)),
    endTicks: textOf(ticksOf(item.end)),
    inTicks: textOf(ticksOf(item.inPoint)),
    outTicks: textOf(ticksOf(item.outPoint)),
    speed: typeof speed === "number" && speed > 0 ? speed : null,
    // 0, 1 or a boolean, by version.
    reversed: !includes(
      [0, false, undefined],
      asked(() => item.isSpeedReversed!()),
    ),
    disabled: item.disabled === true,
    readAtFps: readAtFps > 0 ? readAtFps : null,
    hasEffects: (asked(() => item.components?.numItems) ?? 0) > 2,
  };
}

/**
 * Timecode at the media's first frame where the clip's in point counts from it, 0 where it counts from the first frame. Null
 * where both readings make sense: the media is longer than its start timecode is late.
 */
export function sourceOffset(item: TrackItem): Ticks | null {
  const source = item.projectItem;
  const startTime = source ? asked(() => source.startTime!()) : undefined;
  const start = startTime ? ticksOf(startTime) : 0;
  if (!(start > 0) || ticksOf(item.inPoint) < start) return 0;
  const from = source ? asked(() => source.getInPoint!()) : undefined;
  const to = source ? asked(() => source.getOutPoint!()) : undefined;
  const length = from && to ? ticksOf(to) - ticksOf(from) : 0;
  return ticksOf(item.outPoint) <= length ? null : start;
}

/** Names of the clips that are not what they were. */
export function changedClips(sequence: Sequence, expected: ReadonlyArray<ClipPin>): string[] {
  const tracks = videoTracksOf(sequence);
  const changed: string[] = [];
  forEach(expected, (pin) => {
    const track = tracks[pin.trackIndex];
    const item = track && find(clipsOf(track), ({ nodeId }) => nodeId === pin.trackItemId);
    const same =
      item !== undefined &&
      ticksOf(item.start) === Number(pin.startTicks) &&
      ticksOf(item.end) === Number(pin.endTicks) &&
      ticksOf(item.inPoint) === Number(pin.inTicks);
    if (!same) changed.push(pin.name);
  });
  return changed;
}
