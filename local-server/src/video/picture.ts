import type { PictureSpec } from "../../protocol/index.ts";
import type { ClipFacts, FrameChoice } from "../pipeline/types.ts";
import type { StreamFacts } from "./probe.ts";

/**
 * The filter graph of one decoding pass. Pixels count as square whatever the file's aspect flag says: models see the stored
 * picture, turned upright.
 */

/** Time in the pipe runs at a tenth: Matroska counts whole milliseconds, so a tick is 0.1 ms. Frames before time 0 stay positive. */
const PIPE_OFFSET_SECONDS = 1;
const PIPE_STRETCH = 10;
/** A frame's time in seconds after the first frame -> ticks in the pipe. */
export const pipeTicks = (seconds: number): number => (seconds + PIPE_OFFSET_SECONDS) * PIPE_STRETCH * 1000;
export const secondsOfPipe = (ticks: number): number => ticks / (PIPE_STRETCH * 1000) - PIPE_OFFSET_SECONDS;

export interface Branch {
  readonly choice: FrameChoice;
  readonly picture: PictureSpec;
}

/** [0:V:0] -> one output per branch, [out0], [out1], with times as `pipeTicks` has them. */
export function filterGraph(
  clip: ClipFacts,
  stream: StreamFacts,
  branches: readonly Branch[],
  asStored = false,
): string {
  const deinterlace = stream.interlaced && !asStored ? ["bwdif=mode=send_frame:deint=interlaced"] : [];
  const start = Math.round(clip.firstFrameSeconds * 1e6);
  const common = [...deinterlace, "settb=1/1000000", `setpts=PTS-(${start})`];
  const split = branches.length > 1 ? [`split=${branches.length}`] : [];
  const heads = branches.map((_, i) => `[in${i}]`).join("");
  const tails = branches.map(({ choice, picture }, i) => {
    const chain = [
      ...selection(clip, choice),
      ...resize(clip, picture),
      ...(asStored ? [] : tone(stream, picture)),
      `setpts=(PTS+${PIPE_OFFSET_SECONDS * 1e6})*${PIPE_STRETCH}`,
    ];
    return `[in${i}]${chain.join(",")}[out${i}]`;
  });
  return [`[0:V:0]${[...common, ...split].join(",")}${heads}`, ...tails].join(";");
}

/**
 * A choice at a constant rate lets pass only the frames that are shown at one of its moments (and a few more: the reader
 * picks by time), so that the rest need not be resized. A frame is needed if it starts no earlier before the next moment
 * than any chosen frame does.
 */
function selection({ frameTimes }: ClipFacts, { frames, times }: FrameChoice): string[] {
  const [origin, next] = [times[0] ?? 0, times[1]];
  if (next === undefined) return [];
  const step = next - origin;
  const uniform = times.every((time, k) => Math.abs(time - origin - k * step) < 1e-6);
  let wait = 0;
  times.forEach((time, k) => {
    if (k === 0 || frames[k] !== frames[k - 1]) wait = Math.max(wait, time - frameTimes[frames[k]!]!);
  });
  if (!uniform || wait + 2e-3 >= step) return [];
  const [o, s, w] = [origin, step, wait + 2e-3].map((value) => value.toFixed(9));
  return [`select='lt(t,0.001)+lte((${o})+ceil((t-(${o}))/${s}-0.0001)*${s}-t,${w})'`];
}

const QUALITY = "accurate_rnd+full_chroma_int+full_chroma_inp";

/** Squash: the whole picture. Crop: the short side fitted, then the centre cut out (as torchvision's Resize and CenterCrop). */
function resize(clip: ClipFacts, picture: PictureSpec): string[] {
  // Resized after ffmpeg, to the bit as the model's own code: here only the colours are made.
  if (picture.exact) return ["format=rgb24"];
  const format = picture.color === "luma" ? "gray" : "rgb24";
  const { width, height } = picture;
  const scale = (w: number, h: number) =>
    `scale=${w}:${h}:flags=${picture.filter}+${QUALITY}:out_range=pc,format=${format}`;
  if (picture.fit === "squash") return [scale(width, height)];
  const turned = clip.rotation % 180 !== 0;
  const [w, h] = turned ? [clip.height, clip.width] : [clip.width, clip.height];
  const short = picture.shortSide ?? Math.min(width, height);
  const ratio = short / Math.min(w, h);
  const [fitW, fitH] = w <= h ? [short, Math.floor(h * ratio)] : [Math.floor(w * ratio), short];
  const [outW, outH] = [Math.max(fitW, width), Math.max(fitH, height)];
  return [
    scale(outW, outH),
    `crop=${width}:${height}:${Math.round((outW - width) / 2)}:${Math.round((outH - height) / 2)}`,
  ];
}

/**
 * HDR: a plain stretch, no tone map: the signal that stands for about twice a paper's white (PQ 0.65, HLG 0.85) becomes
 * white. Unstretched, PQ pictures look like fog to nets that were trained on ordinary video.
 */
const HDR_WHITE: Readonly<Record<string, number>> = { smpte2084: 0.65, "arib-std-b67": 0.85 };

function tone({ transfer }: StreamFacts, { color }: PictureSpec): string[] {
  const white = HDR_WHITE[transfer];
  if (white === undefined) return [];
  const curve = `'clip(val/${white},0,255)'`;
  return [color === "luma" ? `lut=c0=${curve}` : `lutrgb=r=${curve}:g=${curve}:b=${curve}`];
}
