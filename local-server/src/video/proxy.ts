import { basename, dirname, join } from "node:path";
import { throwIfCancelled, UserError } from "../errors.ts";
import { publish, withTempFolder } from "../takes/temp.ts";
import { argumentsOf, fileUrl, findFfmpeg, inputRules, runFfmpeg } from "./ffmpeg.ts";
import type { ProbedClip } from "./probe.ts";

/** Wide enough to see when a foot lands; small enough to be made many times faster than it plays. */
const WIDTH = 960;

/** Whether a `<video>` of Chromium shows it: the container, the codec, and 8 bits of 4:2:0. */
export const playsInBrowsers = ({ container, codec, stream }: ProbedClip): boolean =>
  /mp4|matroska|webm/.test(container) &&
  ["h264", "vp8", "vp9", "av1"].includes(codec) &&
  /^yuvj?420p$/.test(stream.pixelFormat);

/**
 * A small H.264 copy of a clip to look at, its first frame at zero and every frame at its own time, with the clip's own
 * sound. A new file at `out`. @throws UserError damaged, disk_full; the typed cancel error
 */
export async function makeProxy(clip: ProbedClip, out: string, signal: AbortSignal): Promise<void> {
  const { passthrough } = await findFfmpeg();
  const toZero = clip.stream.containerStartSeconds - clip.firstFrameSeconds;
  const filters = [
    ...(clip.stream.interlaced ? ["bwdif=mode=send_frame:deint=interlaced"] : []),
    `scale=trunc(min(iw\\,${WIDTH})/2)*2:-2:flags=fast_bilinear`,
    "format=yuv420p",
  ];
  await withTempFolder(dirname(out), async (folder) => {
    const args = argumentsOf({
      inputs: [
        {
          options: [...inputRules("video"), ...(Math.abs(toZero) > 1e-6 ? ["-itsoffset", toZero.toFixed(6)] : [])],
          url: fileUrl(clip.path),
        },
      ],
      output: {
        options: [
          ...["-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn", "-vf", filters.join(","), ...passthrough],
          ...["-enc_time_base", "-1", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "25"],
          ...["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart", "-f", "mp4"],
        ],
        url: fileUrl(join(folder, basename(out))),
      },
    });
    const tool = await runFfmpeg(args, { signal, timeoutSeconds: 10 + 4 * clip.durationSeconds + clip.bytes / 20e6 });
    tool.stdout.resume();
    const { code, stderr } = await tool.done;
    throwIfCancelled(signal);
    if (code !== 0) {
      const came = stderr.trim().split("\n").at(-1)?.replace(fileUrl(clip.path), "the clip") ?? "";
      throw new UserError("damaged", "a picture that can be shown", came, "convert the clip to H.264 first");
    }
    publish(folder, [basename(out)], dirname(out));
  });
}
