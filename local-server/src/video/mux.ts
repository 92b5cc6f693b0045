import { rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type Credit, creditLines, SAMPLE_RATE_HZ } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import type { ClipFacts } from "../pipeline/types.ts";
import { fileError, isTaken, publish, syncFolder, taken, withTempFolder } from "../takes/temp.ts";
import { argumentsOf, fileUrl, findFfmpeg, inputRules, runFfmpeg } from "./ffmpeg.ts";
import { type ProbedClip, probeClip } from "./probe.ts";

export interface MuxRequest {
  readonly clip: ClipFacts;
  /** The take: a WAV that starts at `fromSeconds` after the clip's first frame. */
  readonly wav: string;
  /** A new .mp4 or .mov file. */
  readonly out: string;
  readonly fromSeconds: number;
  /** Length of the take. */
  readonly seconds: number;
  /** Whom to name for the take: in the file's copyright field, after what the clip says of its own rights. */
  readonly credits?: readonly Credit[];
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
}

/**
 * The whole clip with the take under its range, sample on frame, everything else silent. The picture is copied where an
 * MP4 can hold it and browsers play it, else converted to H.264 and the user is told. Never over an existing file.
 * @throws UserError bad_value, target_exists, target_not_writable, disk_full, damaged; the typed cancel error
 */
export async function muxTake(request: MuxRequest): Promise<void> {
  const { out, signal, onNote } = request;
  const format = FORMATS[extname(out).toLowerCase()];
  if (!format)
    throw new UserError("bad_value", "a file name ending in .mp4 or .mov", basename(out), "name it like clip.mp4");
  if (isTaken(out)) throw taken(out);
  const clip = "stream" in request.clip ? (request.clip as ProbedClip) : await probeClip(request.clip.path, signal);
  await withTempFolder(dirname(out), async (folder) => {
    const temp = join(folder, basename(out));
    const job: MuxJob = { ...request, clip, format, temp };
    const obstacle = whyNotCopy(clip, format);
    if (obstacle !== null || !(await copied(job))) {
      const encoder = await convert(job);
      onNote(
        `the muxed picture is converted to ${encoder}: ${obstacle ?? "a copy did not keep every frame in its place"}`,
      );
    }
    throwIfCancelled(signal);
    publish(folder, [basename(out)], dirname(out));
    await syncFolder(dirname(out));
  });
}

type Format = "mp4" | "mov";
const FORMATS: Readonly<Record<string, Format>> = { ".mp4": "mp4", ".mov": "mov" };

interface MuxJob extends MuxRequest {
  readonly clip: ProbedClip;
  readonly format: Format;
  readonly temp: string;
}

/** What Chromium plays from the container; null where it is this. */
function whyNotCopy({ codec, stream, container }: ProbedClip, format: Format): string | null {
  if (!stream.timed) return `${container} gives its frames no times`;
  const codecs = format === "mp4" ? ["h264", "vp9", "av1"] : ["h264"];
  if (!codecs.includes(codec)) return `${codec} does not play everywhere`;
  if (!/^yuvj?420p$/.test(stream.pixelFormat)) return `${codec} with ${stream.pixelFormat} does not play everywhere`;
  return null;
}

/** Copies the picture, and looks whether every frame is where it was: edit lists of the source may not survive a copy. */
async function copied(job: MuxJob): Promise<boolean> {
  const { code, stderr } = await run(job, ["-c:v", "copy"]);
  if (code !== 0) {
    assertWritable(stderr, job.out);
    await discard(job);
    return false;
  }
  const made = await probeClip(job.temp, job.signal).catch((error) => {
    throwIfCancelled(job.signal);
    if (error instanceof UserError) return null;
    throw error;
  });
  const wanted = job.clip.frameTimes;
  const kept =
    made !== null &&
    made.frameTimes.length === wanted.length &&
    Math.abs(made.firstFrameSeconds) < 5e-4 &&
    made.frameTimes.every((time, i) => Math.abs(time - wanted[i]!) < 1.5e-3);
  if (!kept) await discard(job);
  return kept;
}

async function convert(job: MuxJob): Promise<string> {
  const deinterlace = job.clip.stream.interlaced ? ["bwdif=mode=send_frame:deint=interlaced"] : [];
  // Even sizes: 4:2:0 halves them.
  const filters = [...deinterlace, "scale=trunc(iw/2)*2:trunc(ih/2)*2:flags=bicubic+accurate_rnd", "format=yuv420p"];
  const { passthrough } = await findFfmpeg();
  const common = ["-vf", filters.join(","), ...passthrough, "-enc_time_base", "-1"];
  const x264 = await run(job, [...common, "-c:v", "libx264", "-preset", "veryfast", "-crf", "18"]);
  if (x264.code === 0) return "H.264";
  assertWritable(x264.stderr, job.out);
  await discard(job);
  if (/Unknown encoder/.test(x264.stderr)) {
    const mpeg4 = await run(job, [...common, "-c:v", "mpeg4", "-q:v", "2"]);
    if (mpeg4.code === 0) return "MPEG-4 (this ffmpeg has no libx264; not every browser plays it)";
    assertWritable(mpeg4.stderr, job.out);
  }
  const came = x264.stderr.trim().split("\n").at(-1) ?? "";
  throw new UserError("damaged", "a picture that can be converted", came, "leave out --mux, or convert the clip first");
}

/**
 * Both streams on a clock whose zero is the clip's first frame: the picture is moved there, the sound is led in by counted
 * silence, which every player keeps to the sample (an edit list would be up to the player).
 */
async function run(job: MuxJob, video: readonly string[]): Promise<{ code: number; stderr: string }> {
  const { clip, wav, fromSeconds, signal, format, temp } = job;
  const lead = Math.round(fromSeconds * SAMPLE_RATE_HZ);
  const toZero = clip.stream.containerStartSeconds - clip.firstFrameSeconds;
  const offset = Math.abs(toZero) > 1e-6 ? ["-itsoffset", toZero.toFixed(6)] : [];
  const args = argumentsOf({
    inputs: [
      { options: [...inputRules("video"), ...offset], url: fileUrl(clip.path) },
      { options: inputRules("audio"), url: fileUrl(wav) },
    ],
    output: {
      options: [
        ...["-map", "0:V:0", "-map", "1:a:0", ...video],
        ...(lead > 0 ? ["-af", `adelay=delays=${lead}S:all=1`] : []),
        ...["-c:a", "aac", "-b:a", "256k", ...rightsOf(job), "-movflags", "+faststart", "-f", format],
      ],
      url: fileUrl(temp),
    },
  });
  const timeoutSeconds = 10 + 4 * clip.durationSeconds + clip.bytes / 20e6;
  const tool = await runFfmpeg(args, { signal, timeoutSeconds });
  tool.stdout.resume();
  return tool.done;
}

/** ffmpeg hands the clip's own on where nothing is to be added. */
function rightsOf({ clip, credits = [] }: MuxJob): string[] {
  if (credits.length === 0) return [];
  const { copyright } = clip.stream;
  const lines = [...(copyright === null ? [] : [copyright]), ...creditLines(credits)];
  return ["-metadata", `copyright=${lines.join("; ")}`];
}

const discard = ({ temp }: MuxJob): Promise<void> => rm(temp, { force: true });

/** ffmpeg's complaints about the target, in our codes. */
function assertWritable(stderr: string, out: string): void {
  const code = /No space left/.test(stderr) ? "ENOSPC" : /Read-only file system/.test(stderr) ? "EROFS" : null;
  if (code) throw fileError(Object.assign(new Error(code), { code }), out);
}
