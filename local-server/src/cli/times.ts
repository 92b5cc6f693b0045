import { parseTimecode, type Rational, type Ticks, ticksOfFrame, ticksOfSeconds } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";

/**
 * A time as people write it: seconds (`2.5`), frames (`60f`), or timecode (`00:00:02:12`, drop-frame with `;`). Timecode and
 * frames count from the clip's first frame at its own rate.
 * @throws UserError bad_time
 */
export function parseTime(text: string, option: string, rate: Rational | null): Ticks {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) < 1e6) return ticksOfSeconds(Number(text));
  const frames = /^(\d{1,9})f$/.exec(text);
  if (frames) return ticksOfFrame(Number(frames[1]), needRate(rate, option, text));
  if (/^\d{1,2}:\d{2}:\d{2}[:;,.]\d{2,3}$/.test(text)) {
    const timecode = parseTimecode(text, needRate(rate, option, text));
    if (timecode) return ticksOfFrame(Number(timecode.frame), rate!);
  }
  throw new UserError(
    "bad_time",
    `${option} as seconds (2.5), frames (60f) or timecode (00:00:02:12)`,
    JSON.stringify(text),
    "write it in one of the three ways, counted from the clip's first frame",
  );
}

function needRate(rate: Rational | null, option: string, text: string): Rational {
  if (rate) return rate;
  throw new UserError("bad_time", `${option} in seconds where there is no video`, text, "write seconds: 2.5");
}
