import {
  formatTimecode,
  parseTimecode,
  type Rational,
  TICKS_PER_SECOND,
  type Ticks,
  ticks,
  ticksOfFrame,
  ticksOfSeconds,
} from "local-server/protocol";

/** How a clip or sequence counts its frames. */
export interface FrameCount {
  readonly rate: Rational;
  readonly dropFrame: boolean;
  /** Label of the first frame, in frames from 00:00:00:00. */
  readonly startFrame: number;
}

/** The frame that is shown at `at`: the last one that began. Half a sample of slack takes up rounded starts. */
export function frameAt(at: Ticks, { num, den }: Rational): number {
  const slack = 2_646_000n;
  return Number(((at + slack) * BigInt(num)) / (BigInt(den) * TICKS_PER_SECOND));
}

export const timecodeAt = (at: Ticks, { rate, dropFrame, startFrame }: FrameCount): string =>
  formatTimecode({ frame: frameAt(at, rate) + startFrame, dropFrame }, rate);

/** A length as people say it: `6:15` is 6 s and 15 frames. */
export function lengthText(length: Ticks, rate: Rational): string {
  const nominal = Math.round(rate.num / rate.den);
  const frames = frameAt(length, rate);
  const [seconds, rest] = [Math.floor(frames / nominal), frames % nominal];
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, "0");
  return minutes > 0 ? `${minutes}:${two(seconds % 60)}:${two(rest)}` : `${seconds}:${two(rest)}`;
}

/**
 * Reads what an editor types: `00:00:02:12` or with `;`, `1205` (the last two digits are frames), `60f`, `2.5s`.
 * Null where it is none of these. Negative results are the caller's to clamp.
 */
export function parseTime(text: string, count: FrameCount): Ticks | null {
  const typed = text.trim();
  const seconds = /^(\d+(?:\.\d+)?|\.\d+)\s*s$|^(\d*\.\d+)$/.exec(typed);
  if (seconds) return ticksOfSeconds(Number(seconds[1] ?? seconds[2]));
  const frames = /^(\d{1,7})\s*f$/.exec(typed);
  if (frames) return ticksOfFrame(Number(frames[1]), count.rate);
  const digits = /^\d{1,8}$/.exec(typed);
  const separator = count.dropFrame ? ";" : ":";
  const padded = typed.padStart(8, "0");
  const label = digits
    ? `${padded.slice(0, 2)}:${padded.slice(2, 4)}:${padded.slice(4, 6)}${separator}${padded.slice(6)}`
    : typed.replace(/[:;,.](?=\d{2,3}$)/, separator);
  const parsed = parseTimecode(label, count.rate);
  return parsed === null ? null : ticksOfFrame(parsed.frame - count.startFrame, count.rate);
}

/** The start of the frame that `at` lies in, moved by `frames`; never before zero. */
export function stepFrames(at: Ticks, frames: number, rate: Rational): Ticks {
  return ticksOfFrame(Math.max(0, frameAt(at, rate) + frames), rate);
}

export const clampTicks = (value: Ticks, low: Ticks, high: Ticks): Ticks =>
  value < low ? low : value > high ? high : ticks(value);
