import {
  type GenerateRequest,
  MAX_RANGE_SECONDS,
  type Manifest,
  type Roles,
  type SoundEvent,
  type SyncEvents,
  samplesOfTicks,
  secondsOfTicks,
  type Ticks,
  ticksOfSeconds,
  ticksOfString,
} from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { latentUnit } from "../sampling/lengths.ts";
import { chooseConstant, chooseNative, chooseReference } from "../video/choose.ts";
import type { ClipFacts, FrameChoice, MediaRange, Plan } from "./types.ts";

/** Histogram and pixel distance above which two neighbouring frames belong to different shots; see video/cuts.ts. */
const CUT_THRESHOLD = 0.45;

/**
 * Every decision of a request: range, lengths, frames, seeds. Pure: the same request, clip and manifest give the same plan.
 * @throws UserError bad_time, empty_range, range_outside_clip, too_long, bad_value, bad_guide
 */
export function makePlan(request: GenerateRequest, clip: ClipFacts | null, manifest: Manifest): Plan {
  const { roles } = manifest;
  if (request.reference) return referencePlan(request, clip, manifest);
  const [fromTicks, toTicks] = rangeOf(request, clip);
  const fromSeconds = secondsOfTicks(fromTicks);
  const rangeTicks = (toTicks - fromTicks) as Ticks;
  const seconds = secondsOfTicks(rangeTicks);
  const sampleCount = samplesOfTicks(rangeTicks);
  checkEvents(request.events ?? [], seconds);
  const guide = request.guide ?? (roles.bank ? { kind: "bank" as const } : { kind: "none" as const });
  const guideStrength = guide.kind === "none" ? 1 : (request.guideStrength ?? roles.bank?.guideStrength ?? 0.6);
  if (guide.kind === "bank" && !roles.bank) {
    throw new UserError(
      "bad_guide",
      "a guide that the model has",
      "its bank, which it has not",
      "use --guide none or a folder",
    );
  }
  if (guideStrength < 1 && guideStrength > 0 && !roles.encoder) {
    throw new UserError("bad_guide", "a model with an encoder for a guide", manifest.id, "use --guide none");
  }
  const media =
    guideStrength > 0 ? mediaRange(clip, fromSeconds, seconds, sampleCount, roles) : bare(fromSeconds, sampleCount);
  return {
    request,
    clip,
    fromTicks,
    toTicks,
    fromSeconds,
    seconds,
    sampleCount,
    channels: request.channels === "stereo" ? 2 : 1,
    reference: false,
    ...chosenFrames(clip, fromSeconds, seconds, media, roles),
    media,
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

/** A record lists what lies in its range alone: an event beside it would be heard a little, and be gone from the take. */
function checkEvents(events: readonly SoundEvent[], seconds: number): void {
  for (const [i, { time, strength, x }] of events.entries()) {
    const name = `event ${i + 1} of ${events.length}`;
    if (!(time >= 0 && time < seconds)) {
      const expected = `${name} from 0 to before ${seconds.toFixed(3)} s`;
      throw new UserError(
        "bad_value",
        expected,
        `${time} s`,
        "count its time from the start of the range, or leave it out",
      );
    }
    if (!(strength >= 0 && strength <= 1)) {
      throw new UserError(
        "bad_value",
        `${name} with a strength from 0 to 1`,
        `${strength}`,
        "make it louder with gainDb",
      );
    }
    if (!(x >= -1 && x <= 1)) {
      throw new UserError("bad_value", `${name} with x from -1 to 1`, `${x}`, "-1 is the left edge, 1 the right one");
    }
  }
}

/** An end given with millisecond digits may lie a rounding past the last frame. */
const SLACK = ticksOfSeconds(0.001);

/**
 * An event net looks at every frame of the range; a segment encoder at its own rate, over the whole media range, so that the
 * clock it was trained on never stretches.
 */
function chosenFrames(
  clip: ClipFacts | null,
  fromSeconds: number,
  seconds: number,
  media: MediaRange,
  roles: Roles,
): Pick<Plan, "semantic" | "sync"> {
  if (!clip) return { semantic: null, sync: null };
  const { sync, semantic } = roles;
  if (sync.kind === "events") {
    return {
      semantic: semanticFrames(clip, fromSeconds, seconds, roles),
      sync: syncFrames(clip, fromSeconds, seconds, sync),
    };
  }
  if (media.latentLength === 0) return { semantic: null, sync: null };
  const lasting = media.sampleCount / roles.decoder.sampleRate;
  const count = (fps: number) => Math.round(lasting * fps);
  return {
    semantic: chooseConstant(clip.frameTimes, media.fromSeconds, count(semantic.fps), semantic.fps),
    sync: chooseConstant(clip.frameTimes, media.fromSeconds, count(sync.fps), sync.fps),
  };
}

/** The whole clip as the public code reads it: its frames, its lengths, one window, nothing around it. */
function referencePlan(request: GenerateRequest, clip: ClipFacts | null, { id, roles }: Manifest): Plan {
  const { sync, semantic, decoder, denoiser } = roles;
  const todo = "leave --reference out for this model";
  if (sync.kind !== "segments")
    throw new UserError("bad_value", "a model with a public reference for --reference", id, todo);
  if (!clip) throw new UserError("bad_value", "a video for --reference", "none", "name one");
  if (request.fromTicks !== "0" || request.toTicks !== undefined) {
    throw new UserError("bad_value", "the whole clip for --reference", "a range", "leave --from and --to out");
  }
  const choose = (fps: number) => chooseReference(clip.frameTimes, clip.firstFrameSeconds, fps);
  const chosen = { semantic: choose(semantic.fps), sync: choose(sync.fps) };
  if (chosen.sync.frames.length < sync.segment) {
    const least = `a clip of at least ${sync.segment / sync.fps} s for --reference`;
    throw new UserError("bad_value", least, `${(chosen.sync.frames.length / sync.fps).toFixed(2)} s`, todo);
  }
  const seconds = chosen.sync.frames.length / sync.fps;
  const latentLength = Math.floor((seconds * decoder.sampleRate) / decoder.hop);
  const sampleCount = latentLength * decoder.hop;
  return {
    request,
    clip,
    fromTicks: ticksOfString("0"),
    toTicks: ticksOfSeconds(sampleCount / decoder.sampleRate),
    fromSeconds: 0,
    seconds: sampleCount / decoder.sampleRate,
    sampleCount: sampleCount as Plan["sampleCount"],
    channels: 1,
    reference: true,
    ...chosen,
    media: { fromSeconds: 0, handleSamples: 0, sampleCount, latentLength },
    steps: request.steps ?? denoiser.steps,
    guidance: request.guidance ?? denoiser.guidance,
    guide: { kind: "none" },
    guideStrength: 1,
    cutThreshold: CUT_THRESHOLD,
    seeds: Array.from({ length: request.takes }, (_, take) => (request.seed + take) >>> 0),
  };
}

/** At least one frame; one every 1/fps, the frame shown at that moment. */
const semanticFrames = (clip: ClipFacts, fromSeconds: number, seconds: number, { semantic }: Roles): FrameChoice =>
  chooseConstant(clip.frameTimes, fromSeconds, Math.max(1, Math.ceil(seconds * semantic.fps)), semantic.fps);

/** Every frame of the range and of real handles as long as the net looks, so that a range hears what the whole clip hears. */
function syncFrames(clip: ClipFacts, fromSeconds: number, seconds: number, sync: SyncEvents): FrameChoice {
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
  roles: Roles,
): MediaRange {
  const { denoiser, decoder } = roles;
  const needed = Math.ceil(sampleCount / decoder.hop);
  const unit = latentUnit(roles);
  const latentLength = Math.max(unit * Math.ceil(needed / unit), denoiser.windowLatents);
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
