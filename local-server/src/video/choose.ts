import type { FrameChoice } from "../pipeline/types.ts";

/** Times are sums and quotients of doubles: a frame that starts this close after a moment counts as shown at it. */
const EPSILON_SECONDS = 1e-6;

/**
 * The frame shown at `fromSeconds + k / fps` for k in 0..count-1: the last one that has started. Before the first frame and
 * after the last the edge frame is held, so the clock of the choice never stretches.
 * @param frameTimes presentation times in seconds, ascending: [n], n >= 1
 */
export function chooseConstant(frameTimes: Float64Array, fromSeconds: number, count: number, fps: number): FrameChoice {
  const times = Float64Array.from({ length: count }, (_, k) => fromSeconds + k / fps);
  return { frames: Int32Array.from(times, (time) => shownAt(frameTimes, time)), times };
}

/**
 * Every frame that starts in [fromSeconds, toSeconds), at its own time; every k-th where the mean rate of the range is above
 * `maxFps`. Frames are counted from the clip's start, so a range chooses the frames that the whole clip would. A range in
 * which no frame starts has the one shown at its begin.
 */
export function chooseNative(
  frameTimes: Float64Array,
  fromSeconds: number,
  toSeconds: number,
  maxFps: number,
): FrameChoice {
  const first = firstFrom(frameTimes, fromSeconds);
  const end = firstFrom(frameTimes, toSeconds);
  if (end <= first)
    return { frames: Int32Array.of(shownAt(frameTimes, fromSeconds)), times: Float64Array.of(fromSeconds) };
  const last = end - 1;
  const meanFps = last > first ? (last - first) / (frameTimes[last]! - frameTimes[first]!) : 0;
  const step = Math.max(1, Math.ceil(meanFps / maxFps - 1e-3));
  const start = Math.ceil(first / step) * step;
  const frames: number[] = [];
  for (let frame = start < end ? start : first; frame < end; frame += step) frames.push(frame);
  return { frames: Int32Array.from(frames), times: Float64Array.from(frames, (frame) => frameTimes[frame]!) };
}

/**
 * The public sampler of HunyuanVideo-Foley (utils/feature_utils.py, get_frames_av): the first frame at or after each moment,
 * the moments added up in doubles on the container's clock; up to 15 s; frames before its time 0 are passed over.
 */
export function chooseReference(frameTimes: Float64Array, firstFrameSeconds: number, fps: number): FrameChoice {
  const frames: number[] = [];
  const times: number[] = [];
  let next = 0;
  for (const [frame, sinceFirst] of frameTimes.entries()) {
    const time = sinceFirst + firstFrameSeconds;
    if (time < 0 || time > REFERENCE_SECONDS) continue;
    while (time >= next) {
      frames.push(frame);
      times.push(sinceFirst);
      next += 1 / fps;
    }
  }
  return { frames: Int32Array.from(frames), times: Float64Array.from(times) };
}

const REFERENCE_SECONDS = 15;

/** Index of the last frame that has started at `time`, 0 before the first. */
const shownAt = (frameTimes: Float64Array, time: number): number =>
  Math.max(0, firstAfter(frameTimes, time + EPSILON_SECONDS) - 1);

/** Index of the first frame that starts at or after `time`. */
const firstFrom = (frameTimes: Float64Array, time: number): number => firstAfter(frameTimes, time - EPSILON_SECONDS);

/** Index of the first frame that starts after `time`; the number of frames where there is none. */
function firstAfter(frameTimes: Float64Array, time: number): number {
  let low = 0;
  let high = frameTimes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frameTimes[middle]! > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
