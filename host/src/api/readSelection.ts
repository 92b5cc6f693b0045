import type { ClipData, ReadSelectionArgument, SelectionData, Span } from "../contract.ts";
import { filter, find, forEach, map } from "../es3/lists.ts";
import { asked } from "../premiere/asked.ts";
import { clipsOf, describeClip, isPicture, sourceOffset, spanOf } from "../premiere/clips.ts";
import type { Sequence, TrackItem } from "../premiere/dom.ts";
import { marksOf, timebaseOf } from "../premiere/marks.ts";
import { refusal } from "../premiere/refusal.ts";
import { activeSequence, describeSequence, videoTracksOf } from "../premiere/sequence.ts";
import { ceilToGrid, floorToGrid, floorToSample, overlap, type TickSpan, textOf } from "../premiere/time.ts";
import { routeOf } from "./route.ts";

/** What the editor picked: clips, marks, or what both have in common; what lies there; and how its picture can be had. */
export function readSelection({ useProxies = false }: ReadSelectionArgument): SelectionData {
  const pinned = activeSequence();
  const { sequence } = pinned;
  const selected = selectedPictures(sequence);
  const { from, start, end } = chooseRange(sequence, selected);
  const items =
    from === "marks"
      ? picturesIn(sequence, { start, end })
      : filter(selected, (item) => overlap(spanOf(item), { start, end }));
  const clips = map(items, (item) => describeClip(sequence, item));
  const gaps = gapsBetween(clips, { start, end });
  return {
    sequence: describeSequence(pinned),
    range: {
      from,
      startTicks: textOf(start),
      endTicks: textOf(end),
      frames: Math.round((end - start) / timebaseOf(sequence)),
      soundEndTicks: textOf(floorToSample(end, start)),
    },
    clips,
    gaps,
    route: routeOf({
      clips,
      gaps,
      range: { start, end },
      useProxies,
      offsetOf: ({ trackItemId }) => {
        const item = find(items, ({ nodeId }) => nodeId === trackItemId);
        return item === undefined ? 0 : sourceOffset(item);
      },
    }),
  };
}

/** The selected clips that show something, once each. A selected sound stands for the picture that it is linked to. */
function selectedPictures(sequence: Sequence): TrackItem[] {
  const found: TrackItem[] = [];
  const add = (item: TrackItem): void => {
    if (isPicture(item) && find(found, ({ nodeId }) => nodeId === item.nodeId) === undefined) found.push(item);
  };
  forEach(selectedItems(sequence), (item) => {
    if (isPicture(item)) return add(item);
    const linked = asked(() => item.getLinkedItems!());
    if (linked) forEach(clipsOf({ clips: linked }), add);
  });
  return found.sort((a, b) => Number(a.start.ticks) - Number(b.start.ticks));
}

/** In no order; null in some versions where nothing is selected, then the tracks are asked. */
function selectedItems(sequence: Sequence): TrackItem[] {
  const selection = sequence.getSelection();
  if (selection) return map(selection, (item) => item);
  const found: TrackItem[] = [];
  forEach(videoTracksOf(sequence), (track) => {
    forEach(clipsOf(track), (item) => {
      if (item.isSelected()) found.push(item);
    });
  });
  return found;
}

function chooseRange(
  sequence: Sequence,
  selected: readonly TrackItem[],
): TickSpan & { readonly from: SelectionData["range"]["from"] } {
  const { inTicks, outTicks } = marksOf(sequence);
  const timebase = timebaseOf(sequence);
  const marked = inTicks !== null || outTicks !== null;
  const marks = { start: inTicks ?? 0, end: outTicks ?? Number(sequence.end) };
  let from: SelectionData["range"]["from"] = "marks";
  let { start, end } = marks;
  if (selected.length > 0) {
    from = "selection";
    end = 0;
    start = spanOf(selected[0] as TrackItem).start;
    forEach(selected, (item) => {
      end = Math.max(end, spanOf(item).end);
    });
    if (marked && overlap({ start, end }, marks) && (marks.start > start || marks.end < end)) {
      from = "selection-in-marks";
      start = Math.max(start, marks.start);
      end = Math.min(end, marks.end);
    }
  } else if (!marked) {
    throw refusal("NO_SELECTION", "Nothing is selected. Select a clip, or mark in and out.");
  }
  start = floorToGrid(start, timebase);
  end = ceilToGrid(end, timebase);
  if (end <= start)
    throw refusal("NO_SELECTION", "Nothing lies between in and out. Mark a range with a picture in it.");
  return { from, start, end };
}

/** Everything that can be seen in a range: tracks switched on, clips enabled. */
function picturesIn(sequence: Sequence, range: TickSpan): TrackItem[] {
  const found: TrackItem[] = [];
  forEach(videoTracksOf(sequence), (track) => {
    if (track.isMuted()) return;
    forEach(clipsOf(track), (item) => {
      if (item.disabled !== true && overlap(spanOf(item), range)) found.push(item);
    });
  });
  if (found.length === 0) {
    throw refusal("NO_SELECTION", "There is no picture between in and out. Mark a range with a clip in it.");
  }
  return found;
}

function gapsBetween(clips: readonly ClipData[], range: TickSpan): Span[] {
  const gaps: Span[] = [];
  const spans = map(
    filter(clips, ({ disabled }) => !disabled),
    ({ startTicks, endTicks }) => ({ start: Number(startTicks), end: Number(endTicks) }),
  ).sort((a, b) => a.start - b.start);
  let covered = range.start;
  const close = (until: number): void => {
    if (until > covered) gaps.push({ startTicks: textOf(covered), endTicks: textOf(until) });
  };
  forEach(spans, ({ start, end }) => {
    close(Math.min(start, range.end));
    covered = Math.max(covered, end);
  });
  close(range.end);
  return gaps;
}
