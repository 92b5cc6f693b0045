import {
  type GenerateRequest,
  MAX_RANGE_SECONDS,
  type Manifest,
  type Roles,
  samplesOfTicks,
  secondsOfTicks,
  type Ticks,
  ticksOfSeconds,
  ticksOfString,
} from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { chooseConstant, chooseNative } from "../video/choose.ts";
import type { ClipFacts, FrameChoice, MediaRange, Plan } from "./types.ts";

/** Histogram and pixel distance above which two neighbouring frames belong to different shots; see video/cuts.ts. */
const CUT_THRESHOLD = 0.45;

/**
 * Every decision of a request: range, lengths, frames, seeds. Pure: the same request, clip and manifest give the same plan.
 * @throws UserError bad_time, empty_range, range_outside_clip, too_long
 */
export function makePlan(request: GenerateRequest, clip: ClipFacts | null, manifest: Manifest): Plan {
  const { roles } = manifest;
  const [fromTicks, toTicks] = rangeOf(request, clip);
  const fromSeconds = secondsOfTicks(fromTicks);
  const rangeTicks = (toTicks - fromTicks) as Ticks;
  const seconds = secondsOfTicks(rangeTicks);
  const sampleCount = samplesOfTicks(rangeTicks);
  const guide = request.guide ?? (roles.bank ? { kind: "bank" as const } : { kind: "none" as const });
  const guideStrength = guide.kind === "none" ? 1 : (request.guideStrength ?? roles.bank?.guideStrength ?? 0.6);
  return {
    request,
    clip,
    fromTicks,
    toTicks,
    fromSeconds,
    seconds,
    sampleCount,
    channels: request.channels === "stereo" ? 2 : 1,
    semantic: clip && semanticFrames(clip, fromSeconds, seconds, roles),
    sync: clip && syncFrames(clip, fromSeconds, seconds, roles),
    media:
      guideStrength > 0 ? mediaRange(clip, fromSeconds, seconds, sampleCount, roles) : bare(fromSeconds, sampleCount),
    steps: request.steps ?? roles.denoiser.steps,
    guidance: request.guidance ?? roles.denoiser.guidance,
    guide,
    guideStrength,
    cutThreshold: CUT_THRESHOLD,
    seeds: Array.from({ length: request.takes }, (_, take) => (request.seed + take) >>> 0),
  };
}

function rangeOf(request: GenerateRequest, clip: ClipFacts | null): [Ticks, Ticks] {
  const from = ticksOfString(request.fromTicks);
  const end = clip && ticksOfSeconds(clip.durationSeconds);
  if (!clip && request.toTicks === undefined) {
    throw new UserError(
      "bad_time",
      "an end (--to) when there is no video",
      "none",
      "say how long the sound shall be: --to 8",
    );
  }
  const to = request.toTicks === undefined ? end! : ticksOfString(request.toTicks);
  const at = (ticks: Ticks) => `${secondsOfTicks(ticks).toFixed(3)} s`;
  if (end !== null && (from >= end || to > end + SLACK)) {
    throw new UserError(
      "range_outside_clip",
      `a range inside the clip (0 to ${at(end)})`,
      `${at(from)} to ${at(to)}`,
      "choose a range inside the clip",
    );
  }
  const clamped = end !== null && to > end ? end : to;
  if (samplesOfTicks((clamped - from) as Ticks) < 1) {
    throw new UserError(
      "empty_range",
      "an end after the start",
      `${at(from)} to ${at(to)}`,
      "give --to a later time than --from",
    );
  }
  if (clamped - from > BigInt(MAX_RANGE_SECONDS) * ticksOfSeconds(1)) {
    const length = at((clamped - from) as Ticks);
    throw new UserError(
      "too_long",
      `a range of at most ${MAX_RANGE_SECONDS} s`,
      length,
      "mark a shorter range with --from and --to",
    );
  }
  return [from, clamped];
}

/** An end given with millisecond digits may lie a rounding past the last frame. */
const SLACK = ticksOfSeconds(0.001);

/** At least one frame; one every 1/fps, the frame shown at that moment. */
const semanticFrames = (clip: ClipFacts, fromSeconds: number, seconds: number, { semantic }: Roles): FrameChoice =>
  chooseConstant(clip.frameTimes, fromSeconds, Math.max(1, Math.ceil(seconds * semantic.fps)), semantic.fps);

/** Every frame of the range and of real handles as long as the net looks, so that a range hears what the whole clip hears. */
function syncFrames(clip: ClipFacts, fromSeconds: number, seconds: number, { sync }: Roles): FrameChoice {
  const fps = Math.min(clip.frameRate.num / clip.frameRate.den, sync.maxFps);
  const handle = (sync.contextFrames + 1) / Math.max(fps, 1);
  return chooseNative(clip.frameTimes, fromSeconds - handle, fromSeconds + seconds + handle, sync.maxFps);
}

/** A performance needs no handles: it is laid to the sample. */
const bare = (fromSeconds: number, sampleCount: number): MediaRange => ({
  fromSeconds,
  handleSamples: 0,
  sampleCount,
  latentLength: 0,
});

/**
 * Frame-lock: at least one whole window, filled from real handles before and after the range where the media has them
 * (edge frames are held where it does not), in whole latents, so that the range starts on a whole sample of what is decoded.
 */
function mediaRange(
  clip: ClipFacts | null,
  fromSeconds: number,
  seconds: number,
  sampleCount: number,
  { denoiser, decoder }: Roles,
): MediaRange {
  const needed = Math.ceil(sampleCount / decoder.hop);
  // Whole pairs of latents: some models join two to a token.
  const latentLength = Math.max(needed + (needed % 2), denoiser.windowLatents);
  const slack = latentLength - needed;
  const latentsPerSecond = decoder.sampleRate / decoder.hop;
  const available = (wanted: number, realSeconds: number) =>
    Math.min(wanted, Math.floor(Math.max(0, realSeconds) * latentsPerSecond));
  const after = available(Math.ceil(slack / 2), (clip?.durationSeconds ?? 0) - fromSeconds - seconds);
  const before = available(slack - after, fromSeconds);
  return {
    fromSeconds: fromSeconds - before / latentsPerSecond,
    handleSamples: before * decoder.hop,
    sampleCount: latentLength * decoder.hop,
    latentLength,
  };
}
