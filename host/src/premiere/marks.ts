import type { Sequence } from "./dom.ts";
import { refusal } from "./refusal.ts";
import { type TickSpan, type Ticks, textOf, ticksOf, timeAt } from "./time.ts";

export const timebaseOf = ({ timebase }: Sequence): Ticks => Number(timebase);

export interface Marks {
  readonly inTicks: Ticks | null;
  readonly outTicks: Ticks | null;
}

/**
 * Marked in and out from the first frame. Unset is -400,000 seconds, so anything negative is. Some versions count from the zero
 * point: an in point that lies behind the sequence's end and not before the zero point can only be meant so.
 */
export function marksOf(sequence: Sequence): Marks {
  const end = Number(sequence.end);
  const zeroPoint = Number(sequence.zeroPoint);
  const read = (ticks: Ticks, limit: Ticks): Ticks | null => {
    if (ticks < 0) return null;
    return ticks > limit && zeroPoint > 0 && ticks >= zeroPoint ? ticks - zeroPoint : ticks;
  };
  // An out point may lie one frame behind the last clip, an in point may not.
  const outTicks = read(ticksOf(sequence.getOutPointAsTime()), end + timebaseOf(sequence));
  const inTicks = read(ticksOf(sequence.getInPointAsTime()), end);
  return { inTicks, outTicks: outTicks === null ? null : Math.min(outTicks, end) };
}

/** What must be added to a time from the first frame, to write a mark and to compare with one that is read. */
interface Counting {
  readonly written: Ticks;
  readonly read: Ticks;
}

/**
 * How this Premiere counts marks, tried out on the second frame: it cannot be told from marks that lie behind the zero point.
 * @throws Refusal RENDER_FAILED where marks are not taken at all
 */
function countingOf(sequence: Sequence): Counting {
  const probe = timebaseOf(sequence);
  const zeroPoint = Number(sequence.zeroPoint);
  const readBack = (written: Ticks): Ticks => {
    sequence.setInPoint(timeAt(probe + written));
    return ticksOf(sequence.getInPointAsTime()) - probe;
  };
  const plain = readBack(0);
  if (plain === 0 || plain === zeroPoint) return { written: 0, read: plain };
  if (readBack(zeroPoint) === zeroPoint) return { written: zeroPoint, read: zeroPoint };
  throw notTaken({ start: probe, end: probe }, sequence);
}

/**
 * Marks a range; whatever was marked comes back when `later`'s restorers run. Returns a question: is it back?
 * @throws Refusal RENDER_FAILED where Premiere does not take the range: it would render something else, perhaps everything
 */
export function markRange(
  sequence: Sequence,
  { start, end }: TickSpan,
  later: (restore: () => void) => void,
): () => boolean {
  const inPoint = ticksOf(sequence.getInPointAsTime());
  const outPoint = ticksOf(sequence.getOutPointAsTime());
  let counting: Counting = { written: 0, read: 0 };
  const write = (from: Ticks, to: Ticks): void => {
    sequence.setInPoint(timeAt(from));
    sequence.setOutPoint(timeAt(to));
  };
  const asWritten = (ticks: Ticks): Ticks => (ticks < 0 ? ticks : ticks - counting.read + counting.written);
  later(() => {
    write(asWritten(inPoint), asWritten(outPoint));
  });
  counting = countingOf(sequence);
  write(start + counting.written, end + counting.written);
  const taken =
    ticksOf(sequence.getInPointAsTime()) === start + counting.read &&
    ticksOf(sequence.getOutPointAsTime()) === end + counting.read;
  if (!taken) throw notTaken({ start, end }, sequence);
  return () => ticksOf(sequence.getInPointAsTime()) === inPoint && ticksOf(sequence.getOutPointAsTime()) === outPoint;
}

const notTaken = ({ start, end }: TickSpan, sequence: Sequence) =>
  refusal("RENDER_FAILED", "Premiere did not take the range. Mark in and out yourself, then generate again.", {
    wanted: [textOf(start), textOf(end)],
    came: [sequence.getInPointAsTime().ticks, sequence.getOutPointAsTime().ticks],
  });
