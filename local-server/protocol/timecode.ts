import { type Rational, SAMPLE_RATE_HZ, samplesOfTicks, ticksOfFrame } from "./time.ts";

/**
 * Timecode after SMPTE ST 12-1. Labels count frames; drop-frame (29.97 and its multiples) skips the labels 0 and 1
 * (0..3 at 59.94) of every minute but each tenth, so that labels keep up with the clock. No frame is dropped.
 */
export interface Timecode {
  /** Frames since 00:00:00:00. */
  readonly frame: number;
  readonly dropFrame: boolean;
}

const nominalRate = ({ num, den }: Rational): number => Math.round(num / den);

/** Labels skipped a minute; 0 where the rate has no drop-frame count. */
const skippedLabels = (rate: Rational): number => {
  const nominal = nominalRate(rate);
  const is1001 = Math.abs(rate.num / rate.den / nominal - 1000 / 1001) < 1e-5;
  return is1001 && nominal % 30 === 0 ? nominal / 15 : 0;
};

/**
 * Reads `HH:MM:SS:FF` (non-drop) or `HH:MM:SS;FF`, `HH:MM:SS,FF` (drop-frame). Null for anything else: a field out of
 * range, a label that drop-frame skips, drop-frame at a rate that has none.
 */
export function parseTimecode(text: string, rate: Rational): Timecode | null {
  const match = /^(\d{2}):(\d{2}):(\d{2})([:;,])(\d{2,3})$/.exec(text.trim());
  if (match === null) return null;
  const [hours, minutes, seconds, frames] = [match[1], match[2], match[3], match[5]].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const nominal = nominalRate(rate);
  if (hours > 23 || minutes > 59 || seconds > 59 || frames >= nominal) return null;
  const totalMinutes = hours * 60 + minutes;
  const label = (totalMinutes * 60 + seconds) * nominal + frames;
  if (match[4] === ":") return { frame: label, dropFrame: false };
  const skipped = skippedLabels(rate);
  if (skipped === 0 || (minutes % 10 !== 0 && seconds === 0 && frames < skipped)) return null;
  return { frame: label - skipped * (totalMinutes - Math.floor(totalMinutes / 10)), dropFrame: true };
}

/** The label of a frame; wraps at 24 hours. Throws for drop-frame at a rate that has none. */
export function formatTimecode({ frame, dropFrame }: Timecode, rate: Rational): string {
  const nominal = nominalRate(rate);
  const skipped = dropFrame ? skippedLabels(rate) : 0;
  if (dropFrame && skipped === 0) throw new RangeError(`expected 29.97 or a multiple, came ${rate.num}/${rate.den}`);
  const perTenMinutes = nominal * 600 - skipped * 9;
  const perDay = perTenMinutes * 144;
  const today = ((frame % perDay) + perDay) % perDay;
  const tens = Math.floor(today / perTenMinutes);
  const rest = today % perTenMinutes;
  // The first minute of ten is whole, the nine others lack the skipped labels.
  const minutesOfTen = rest < nominal * 60 ? 0 : 1 + Math.floor((rest - nominal * 60) / (nominal * 60 - skipped));
  const label = today + skipped * (9 * tens + minutesOfTen);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(label / nominal);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${clock}${dropFrame ? ";" : ":"}${two(label % nominal)}`;
}

/**
 * Samples from midnight to the frame of a timecode, for `bext` and iXML: the frame's real time, so one hour of 23.976
 * is 3603.6 s of samples. Null where the timecode cannot be read.
 */
export function timecodeToSamples(text: string, rate: Rational, sampleRate = SAMPLE_RATE_HZ): bigint | null {
  const timecode = parseTimecode(text, rate);
  return timecode === null ? null : BigInt(samplesOfTicks(ticksOfFrame(timecode.frame, rate), sampleRate));
}
