import type { Rational } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import type { ClipFacts } from "../pipeline/types.ts";
import { fileUrl, inputRules, linesOf, MAX_PIXELS, runFfprobe, textOf, VIDEO_CODECS } from "./ffmpeg.ts";
import { guessRate } from "./rate.ts";
import { checkSource } from "./source.ts";

/** What reading the frames needs to know besides the clip's facts. */
export interface StreamFacts {
  /** Start of the container's clock, seconds: what a seek counts from. */
  readonly containerStartSeconds: number;
  readonly interlaced: boolean;
  readonly pixelFormat: string;
  /** Transfer characteristics by ffmpeg's name, e.g. "smpte2084" (PQ), "arib-std-b67" (HLG), "bt709". */
  readonly transfer: string;
  /** The container gives every frame its presentation time, so a seek lands where it says. */
  readonly timed: boolean;
  /** What the file says of its rights. */
  readonly copyright: string | null;
}

export interface ProbedClip extends ClipFacts {
  readonly stream: StreamFacts;
}

/** What ffprobe's JSON holds of interest; everything may be missing. */
interface Stream {
  codec_type?: string;
  codec_name?: string;
  codec_tag_string?: string;
  width?: number;
  height?: number;
  pix_fmt?: string;
  field_order?: string;
  color_transfer?: string;
  time_base?: string;
  r_frame_rate?: string;
  nb_frames?: string;
  disposition?: Record<string, number>;
  tags?: Record<string, string>;
  side_data_list?: { side_data_type?: string; rotation?: number }[];
}
interface Header {
  streams?: Stream[];
  format?: { format_name?: string; start_time?: string; tags?: Record<string, string> };
}

/** Files are read whole once (their packets, not their pictures): 10 s, and at least 20 MB/s. */
const timeoutOf = (bytes: number): number => 10 + bytes / 20e6;

/**
 * Everything about a clip that decisions rest on, from its video stream and its packets; what the container claims about
 * its length is not believed.
 * @throws UserError for every file that is no video we can read; the typed cancel error
 */
export async function probeClip(path: string, signal: AbortSignal): Promise<ProbedClip> {
  const source = await checkSource(path);
  const refused = new AbortController();
  const limits = { signal: AbortSignal.any([signal, refused.signal]), timeoutSeconds: timeoutOf(source.bytes) };
  const reading = readPackets(source.path, limits);
  reading.catch(() => {});
  const header = await readHeader(source.path, limits).catch((error) => {
    refused.abort();
    throw error;
  });
  const video = pickVideo(header);
  const packets = await reading;
  assertWhole(video, packets);
  const base = rational(video.time_base);
  if (packets.times.length === 0 || base === null) throw noFrames();
  const timed = packets.untimed === 0 && video.codec_name !== "vp8";
  const timeline = timed ? timelineOf(packets) : { times: await listFrames(source.path, limits), lastDuration: 0 };
  if (timed && packets.startsBroken) await dropUndecodable(timeline, source.path, limits);
  const first = timeline.times[0];
  if (first === undefined) throw noFrames();
  // One division: 1/30000 times 30030 is not 1.001, 30030/30000 is.
  const seconds = (units: number) => (units * base.num) / base.den;
  const frameTimes = Float64Array.from(timeline.times, (time) => seconds(time - first));
  const frameRate = guessRate(frameTimes, rational(video.r_frame_rate), seconds(1));
  const durationSeconds =
    timeline.lastDuration > 0
      ? seconds(timeline.times.at(-1)! - first + timeline.lastDuration)
      : frameTimes.at(-1)! + frameRate.den / frameRate.num;
  return {
    ...source,
    container: header.format?.format_name ?? "",
    codec: video.codec_name ?? "",
    width: video.width!,
    height: video.height!,
    rotation: rotationOf(video),
    frameRate,
    frameTimes,
    firstFrameSeconds: seconds(first),
    durationSeconds,
    timecode: timecodeOf(header),
    hasAudio: header.streams!.some(({ codec_type }) => codec_type === "audio"),
    stream: {
      containerStartSeconds: Number(header.format?.start_time ?? 0) || 0,
      interlaced: /^(tt|bb|tb|bt)$/.test(video.field_order ?? ""),
      pixelFormat: video.pix_fmt ?? "",
      transfer: video.color_transfer ?? "",
      timed,
      copyright: copyrightOf(header),
    },
  };
}

interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
}

async function readHeader(path: string, limits: Limits): Promise<Header> {
  const args = ["-v", "error", ...inputRules("video"), "-show_streams", "-show_format", "-of", "json", fileUrl(path)];
  const tool = await runFfprobe(args, limits);
  const text = await textOf(tool.stdout);
  const { code, stderr } = await tool.done;
  if (/Format not on whitelist/.test(stderr)) {
    const demuxer = /\[(\S+) @/.exec(stderr)?.[1] ?? "another kind of file";
    throw new UserError(
      "unsupported_container",
      "MP4, MOV, MKV, WebM, AVI, MXF or MPEG-TS",
      demuxer,
      "convert it to MP4 or MOV",
    );
  }
  const refusedCodec = /Codec \((\S+)\) not on whitelist/.exec(stderr)?.[1];
  const header = code === 0 ? (JSON.parse(text) as Header) : {};
  if (refusedCodec && !header.streams?.length) throw unsupportedCodec(refusedCodec);
  if (!header.streams?.length)
    throw unreadable(stderr.trim().split("\n").at(-1)?.replace(fileUrl(path), "the file") ?? "");
  return header;
}

const unreadable = (came: string) =>
  new UserError(
    "unsupported_or_damaged",
    "a video file",
    came || "nothing that can be read",
    "convert it to MP4 or MOV, or copy it again",
  );
const unsupportedCodec = (came: string) =>
  new UserError(
    "unsupported_codec",
    "a common video codec (H.264, HEVC, ProRes, DNxHD, ...)",
    came,
    "convert it to H.264 or ProRes",
  );
const noFrames = () =>
  new UserError("no_frames", "at least one frame", "a video track without frames", "export the clip again");

/** The first video track that is a moving picture, and one we read. Cover art is none. */
function pickVideo({ streams = [] }: Header): Stream {
  const still = ({ disposition = {} }: Stream) => Boolean(disposition.attached_pic || disposition.timed_thumbnails);
  const video = streams.find((stream) => stream.codec_type === "video" && !still(stream));
  if (!video) {
    if (streams.every(({ codec_name = "unknown" }) => codec_name === "unknown"))
      throw unreadable("tracks without content");
    const kinds = [
      ...new Set(streams.map((stream) => (still(stream) ? "cover art" : (stream.codec_type ?? "unknown")))),
    ];
    throw new UserError("no_video", "a video track", kinds.join(", "), "choose a file with a picture");
  }
  const codec = video.codec_name ?? "unknown";
  const encrypted = video.codec_tag_string === "encv";
  if (encrypted || !VIDEO_CODECS.includes(codec)) {
    throw unsupportedCodec(encrypted ? `encrypted ${codec}` : codec);
  }
  const { width = 0, height = 0 } = video;
  if (width < 1 || height < 1) throw unreadable("a picture without a size");
  if (width * height > MAX_PIXELS) {
    throw new UserError(
      "too_large",
      "a picture of at most 8192 x 4320",
      `${width} x ${height}`,
      "make a smaller proxy of it",
    );
  }
  return video;
}

interface Packets {
  /** Presentation times of the packets that show a frame, in time base units, unordered; decode times where there are none. */
  readonly times: number[];
  readonly durations: number[];
  /** All packets, those that are only decoded and never shown included. */
  count: number;
  untimed: number;
  /** The stream begins in the middle of something: its first frames may be undecodable. */
  startsBroken: boolean;
  truncated: boolean;
}

async function readPackets(path: string, limits: Limits): Promise<Packets> {
  const entries = "packet=pts,dts,duration,size,flags";
  const tool = await runFfprobe(
    [
      "-v",
      "error",
      ...inputRules("video"),
      "-select_streams",
      "V:0",
      "-show_entries",
      entries,
      "-of",
      "compact=p=0",
      fileUrl(path),
    ],
    limits,
  );
  const packets: Packets = { times: [], durations: [], count: 0, untimed: 0, startsBroken: false, truncated: false };
  let firstKey = Number.NaN;
  for await (const line of linesOf(tool.stdout)) {
    const match = /^pts=(\S+?)\|dts=(\S+?)\|duration=(\S+?)\|size=(\d+)\|flags=([^|]*)/.exec(line);
    if (!match) continue;
    packets.count += 1;
    const [pts, dts, duration] = [Number(match[1]), Number(match[2]), Number(match[3])];
    const flags = match[5]!;
    // A packet outside the edit list is decoded and not shown; an empty one repeats the picture before it.
    if (flags.includes("D") || match[4] === "0") continue;
    if (Number.isNaN(pts)) packets.untimed += 1;
    if (Number.isNaN(firstKey) && flags.includes("K")) firstKey = pts;
    if (packets.times.length < 64 && !(pts >= firstKey)) packets.startsBroken = true;
    packets.times.push(Number.isNaN(pts) ? dts : pts);
    packets.durations.push(Number.isNaN(duration) ? 0 : duration);
  }
  throwIfCancelled(limits.signal);
  const { stderr } = await tool.done;
  packets.truncated = /partial file|ended prematurely|[Tt]runcat/.test(stderr);
  return packets;
}

/**
 * A file cut short still tells the length it once had (a fast-start MP4 cut in half probes as whole): the packets it
 * promises must be there. Containers made for being cut (MPEG-TS) promise none.
 */
function assertWhole({ nb_frames }: Stream, { count, truncated }: Packets): void {
  const promised = Number(nb_frames) || 0;
  // Edit lists and AVI headers may count a few more than are there.
  if (!truncated && count >= promised / 2) return;
  const came = promised > count ? `${count} of ${promised} frames` : "a file that ends too early";
  throw new UserError("damaged", "a whole file", came, "copy or export it again: it was cut short");
}

interface Timeline {
  /** In time base units, ascending, each once. */
  times: number[];
  lastDuration: number;
}

function timelineOf({ times, durations }: Packets): Timeline {
  const last = times.reduce((best, time, i) => (time >= times[best]! ? i : best), 0);
  return { times: ascending(times), lastDuration: durations[last]! };
}

function ascending(values: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from(sorted).filter((value, i) => Number.isFinite(value) && (i === 0 || value > sorted[i - 1]!));
}

const FRAME_LIST = ["-select_streams", "V:0", "-show_entries", "frame=best_effort_timestamp", "-of", "compact=p=0"];

/** Frames that decoding really yields, for streams whose packets do not say (AVI with B-frames, hidden frames of VP8). */
async function listFrames(path: string, limits: Limits, interval: readonly string[] = []): Promise<number[]> {
  const tool = await runFfprobe(["-v", "error", ...inputRules("video"), ...interval, ...FRAME_LIST, fileUrl(path)], {
    ...limits,
    timeoutSeconds: limits.timeoutSeconds * 10,
  });
  const times: number[] = [];
  for await (const line of linesOf(tool.stdout)) {
    const match = /best_effort_timestamp=(-?\d+|N\/A)/.exec(line);
    if (!match) continue;
    // The last frames out of the decoder may have no time: ffmpeg lets them follow at the pace of those before.
    const [before = 0, last = -1] = times.slice(-2);
    times.push(match[1] === "N/A" ? 2 * last - before : Number(match[1]));
  }
  throwIfCancelled(limits.signal);
  await tool.done;
  return ascending(times);
}

/** A stream cut out of another begins with frames whose references are missing: time 0 is the first one that is shown. */
async function dropUndecodable(timeline: Timeline, path: string, limits: Limits): Promise<void> {
  const shown = await listFrames(path, limits, ["-read_intervals", "%+#300"]);
  const first = shown[0];
  if (first !== undefined) timeline.times = timeline.times.filter((time) => time >= first);
}

/** Display matrix: ffprobe counts counter-clockwise, we clockwise. */
function rotationOf({ side_data_list = [] }: Stream): number {
  const degrees = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
  return (((Math.round(-degrees / 90) * 90) % 360) + 360) % 360;
}

/** The file's own, the video track's, or that of a timecode track (tmcd). */
function timecodeOf({ streams = [], format }: Header): string | null {
  const tagged = [pickVideo({ streams }), format, ...streams].find((part) => part?.tags?.timecode);
  return tagged?.tags?.timecode ?? null;
}

/** Matroska writes its names in capitals. */
const copyrightOf = ({ format }: Header): string | null =>
  Object.entries(format?.tags ?? {}).find(([name]) => name.toLowerCase() === "copyright")?.[1] ?? null;

function rational(text: string | undefined): Rational | null {
  const [num = 0, den = 0] = (text ?? "").split("/").map(Number);
  return num > 0 && den > 0 ? { num, den } : null;
}
