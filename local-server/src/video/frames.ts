import type { Readable } from "node:stream";
import type { PictureSpec } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import type { ClipFacts, FrameChoice } from "../pipeline/types.ts";
import { argumentsOf, fileUrl, findFfmpeg, inputRules, type RunningTool, runFfmpeg } from "./ffmpeg.ts";
import { createMatroskaReader } from "./matroska.ts";
import { type Branch, filterGraph, pipeTicks, secondsOfPipe } from "./picture.ts";
import { type ProbedClip, probeClip } from "./probe.ts";

export interface FramesRequest {
  readonly clip: ClipFacts;
  readonly semantic: FrameChoice | null;
  readonly sync: FrameChoice | null;
  readonly semanticPicture: PictureSpec | null;
  readonly syncPicture: PictureSpec | null;
  /** The stored picture as it is: not turned upright, not deinterlaced, no tone curve. */
  readonly asStored?: boolean;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
}

export interface Frame {
  readonly kind: "semantic" | "sync";
  /** Position in the choice. */
  readonly index: number;
  /** [H,W,3] rgb or [H,W] luma, full range; of the clip's own size where the picture is `exact`. Frames chosen several times share their pixels. */
  readonly pixels: Uint8Array;
}

/** A picture whose tail is missing by more than this is damaged; single frames at the end are held. */
const MISSING_TAIL_SECONDS = 0.25;
/** More than this part of the chosen moments without a picture of their own: the clip is not worth salvaging. */
const MOST_LOST = 0.5;
/** Frames decoded before the first chosen one: the deinterlacer looks back. */
const RUN_UP_FRAMES = 3;

/**
 * The chosen frames of both streams, each stream in order, from one ffmpeg and one pipe. A frame is matched by its
 * presentation time, to 0.1 ms: what is delivered for a moment is what a player shows then. Decodes strictly; at a damaged
 * passage goes on without strictness and says so. Memory does not grow with the clip.
 * @throws UserError damaged; the typed cancel error
 */
export async function* openFrames(request: FramesRequest): AsyncGenerator<Frame> {
  const clip =
    "stream" in request.clip ? (request.clip as ProbedClip) : await probeClip(request.clip.path, request.signal);
  const readers = readersOf(request, clip);
  if (readers.length === 0) return;
  const pass: Pass = { clip, readers, signal: request.signal, asStored: request.asStored ?? false };
  const { timed } = clip.stream;
  let outcome = yield* runPass(pass, { strict: true, seek: timed });
  if (outcome.missedStart) outcome = yield* runPass(pass, { strict: true, seek: false });
  if (outcome.failure !== null) {
    // A seek into open groups of pictures meets frames whose references lie before it: no damage, if all that is wanted comes.
    const fromSeek = outcome.seeked && readers.every((reader) => !reader.started());
    const from = Math.min(...readers.map((reader) => reader.seenSeconds()));
    outcome = yield* runPass(pass, { strict: false, seek: timed });
    yield* endOf(readers);
    assertSalvaged(readers, outcome.failure);
    const lost = readers.reduce((sum, reader) => sum + reader.lost, 0);
    if (lost === 0 && fromSeek) return;
    const held =
      lost > 0 ? `${lost} chosen pictures are missing, the one before is held` : "the pictures there may be spoilt";
    request.onNote(`damaged frames near ${Math.max(0, from).toFixed(2)} s: ${held}`);
    return;
  }
  yield* endOf(readers);
  const missing = Math.max(...readers.map((reader) => reader.missingTailSeconds));
  if (missing > Math.max(MISSING_TAIL_SECONDS, (3 * clip.frameRate.den) / clip.frameRate.num)) {
    throw damaged(`no pictures in the last ${missing.toFixed(2)} s of the range`);
  }
}

function readersOf(request: FramesRequest, clip: ProbedClip): ChoiceReader[] {
  const readers: ChoiceReader[] = [];
  const add = (kind: Frame["kind"], choice: FrameChoice | null, picture: PictureSpec | null) => {
    if (choice && picture && choice.frames.length > 0)
      readers.push(createChoiceReader(kind, { choice, picture }, clip, pictureBytes(clip, picture)));
  };
  add("semantic", request.semantic, request.semanticPicture);
  add("sync", request.sync, request.syncPicture);
  return readers;
}

interface Pass {
  readonly clip: ProbedClip;
  readonly readers: readonly ChoiceReader[];
  readonly signal: AbortSignal;
  readonly asStored: boolean;
}

interface PassOutcome {
  /** What the decoder said when it broke off. */
  readonly failure: string | null;
  readonly missedStart: boolean;
  readonly seeked: boolean;
}

/** One run of ffmpeg over what is still wanted. A failure is told, not thrown: the caller decides on salvage. */
async function* runPass(
  { clip, readers, signal, asStored }: Pass,
  { strict, seek }: { strict: boolean; seek: boolean },
): AsyncGenerator<Frame, PassOutcome> {
  const open = readers.filter((reader) => reader.wanted() !== null);
  const first = Math.min(...open.map((reader) => reader.wanted()!));
  const fromFrame = seek ? Math.max(0, first - RUN_UP_FRAMES) : 0;
  const seeked = fromFrame > 0;
  if (open.length === 0) return { failure: null, missedStart: false, seeked };
  const tool = await runFfmpeg(await passArguments(clip, open, fromFrame, strict, asStored), {
    signal,
    timeoutSeconds: Number.POSITIVE_INFINITY,
  });
  const matroska = createMatroskaReader();
  let missedStart = false;
  try {
    for await (const chunk of patiently(tool, 10 + 4 * clip.durationSeconds)) {
      for (const { track, time, payload } of matroska.push(chunk)) {
        const reader = open[track - 1]!;
        if (seeked && reader.startsAfter(time)) missedStart = true;
        else yield* reader.take(time, payload);
      }
      if (missedStart || open.every((reader) => reader.wanted() === null)) break;
    }
    throwIfCancelled(signal);
    if (missedStart || open.every((reader) => reader.wanted() === null)) return { failure: null, missedStart, seeked };
    const { code, stderr } = await tool.done;
    return { failure: code === 0 ? null : (stderr.trim().split("\n")[0] ?? ""), missedStart: false, seeked };
  } finally {
    tool.kill();
  }
}

async function passArguments(
  clip: ProbedClip,
  readers: readonly ChoiceReader[],
  fromFrame: number,
  strict: boolean,
  asStored: boolean,
) {
  const { passthrough } = await findFfmpeg();
  const strictness = [...(strict ? ["-xerror", "-err_detect", "explode"] : []), ...(asStored ? ["-noautorotate"] : [])];
  return argumentsOf({
    inputs: [
      {
        options: [...strictness, ...inputRules("video"), "-threads", "2", "-copyts", ...seekTo(clip, fromFrame)],
        url: fileUrl(clip.path),
      },
    ],
    filterGraph: filterGraph(clip, clip.stream, readers, asStored),
    output: {
      options: [
        ...readers.flatMap((_, i) => ["-map", `[out${i}]`]),
        ...passthrough,
        ...["-enc_time_base", "1:1000000", "-c:v", "rawvideo", "-f", "matroska", "-allow_raw_vfw", "1"],
        ...["-avoid_negative_ts", "disabled", "-max_muxing_queue_size", "4096"],
      ],
      url: "pipe:1",
    },
  });
}

/** A seek to half a frame before the wanted one: ffmpeg decodes from the key frame before and drops what lies earlier. */
function seekTo({ frameTimes, firstFrameSeconds, stream }: ProbedClip, frame: number): string[] {
  if (frame <= 0) return [];
  const middle = (frameTimes[frame - 1]! + frameTimes[frame]!) / 2;
  return ["-ss", (firstFrameSeconds + middle - stream.containerStartSeconds).toFixed(6)];
}

/** The program's output, as long as all waiting for it stays under a limit; the time a slow consumer takes does not count. */
async function* patiently(tool: RunningTool, limitSeconds: number): AsyncGenerator<Uint8Array> {
  const source = (tool.stdout as Readable)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let leftMs = limitSeconds * 1000;
  for (;;) {
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, leftMs, "late");
    });
    const next = await Promise.race([source.next(), late]).finally(() => clearTimeout(timer));
    if (next === "late") throw damaged(`nothing from the decoder in ${Math.round(limitSeconds)} s`);
    if (next.done) return;
    leftMs -= performance.now() - since;
    yield next.value;
  }
}

interface ChoiceReader extends Branch {
  /** Index of the clip's frame that is wanted next; null when all are delivered. */
  wanted(): number | null;
  /** The first picture of a run came after the one that is wanted: the seek went too far. */
  startsAfter(ticks: number): boolean;
  /** A picture at its time in the pipe; gives every position of the choice that is now settled. */
  take(ticks: number, pixels: Uint8Array): Generator<Frame>;
  /** No more pictures come: what is left holds the last one. */
  end(): Generator<Frame>;
  /** Anything of it was delivered. */
  started(): boolean;
  /** Time of the last picture that came, seconds after the first frame. */
  seenSeconds(): number;
  /** Positions whose own picture never came. */
  readonly lost: number;
  readonly missingTailSeconds: number;
}

const pictureBytes = ({ width, height }: ClipFacts, picture: PictureSpec): number =>
  picture.exact ? width * height * 3 : picture.width * picture.height * (picture.color === "luma" ? 1 : 3);

function createChoiceReader(kind: Frame["kind"], branch: Branch, clip: ClipFacts, bytes: number): ChoiceReader {
  const { frames } = branch.choice;
  const ticksAt = (position: number) => pipeTicks(clip.frameTimes[frames[position]!]!);
  let position = 0;
  let held: { ticks: number; pixels: Uint8Array } | null = null;
  const reader = {
    ...branch,
    lost: 0,
    missingTailSeconds: 0,
    wanted: () => (position < frames.length ? frames[position]! : null),
    startsAfter: (ticks: number) => held === null && position < frames.length && ticks > ticksAt(position) + 1,
    started: () => position > 0,
    seenSeconds: () => (held ? secondsOfPipe(held.ticks) : 0),
    *take(ticks: number, pixels: Uint8Array): Generator<Frame> {
      if (pixels.length !== bytes) throw new RangeError(`expected ${bytes} bytes a picture, came ${pixels.length}`);
      // A pass that starts again brings frames that were seen.
      if (held && ticks <= held.ticks) return;
      // Moments whose own picture is absent show the one before; at the very start the one after.
      while (position < frames.length && ticksAt(position) < ticks - 1) {
        reader.lost += 1;
        yield { kind, index: position++, pixels: held?.pixels ?? pixels };
      }
      held = { ticks, pixels };
      while (position < frames.length && Math.abs(ticksAt(position) - ticks) <= 1)
        yield { kind, index: position++, pixels };
    },
    *end(): Generator<Frame> {
      if (position >= frames.length) return;
      if (!held) throw damaged("no picture that can be decoded in the range");
      reader.missingTailSeconds = clip.frameTimes[frames.at(-1)!]! - secondsOfPipe(held.ticks);
      reader.lost += frames.length - position;
      while (position < frames.length) yield { kind, index: position++, pixels: held.pixels };
    },
  };
  return reader;
}

function* endOf(readers: readonly ChoiceReader[]): Generator<Frame> {
  for (const reader of readers) yield* reader.end();
}

function assertSalvaged(readers: readonly ChoiceReader[], failure: string | null): void {
  for (const { lost, choice } of readers) {
    if (lost <= MOST_LOST * choice.frames.length && failure === null) continue;
    throw damaged(failure ?? `${lost} of ${choice.frames.length} pictures of the range unreadable`);
  }
}

const damaged = (came: string) =>
  new UserError("damaged", "a picture that can be decoded", came, "copy or export the clip again, or convert it");
