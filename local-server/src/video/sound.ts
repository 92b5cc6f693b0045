import { SAMPLE_RATE_HZ } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import { argumentsOf, fileUrl, inputRules, runFfmpeg } from "./ffmpeg.ts";
import { checkSource } from "./source.ts";

/** An hour of mono: more is no guide but an archive. */
const MAX_SAMPLES = 3600 * SAMPLE_RATE_HZ;

export interface SoundOptions {
  readonly signal: AbortSignal;
  /** First sample wanted, at 48 kHz. */
  readonly startSample?: number;
  /** How many; all to the end when absent. Fewer come back where the file ends earlier. */
  readonly samples?: number;
}

/**
 * Any sound (the first audio stream of any file) as mono 48 kHz in -1..1. To the sample for FLAC and WAV at 48 kHz: it is
 * decoded from the start and trimmed by counting.
 * @throws UserError bad_guide when there is no sound in it; not_found and its kin for the path
 */
export async function decodeSound(path: string, options: SoundOptions): Promise<Float32Array> {
  const { signal, startSample = 0 } = options;
  const source = await checkSource(path);
  const samples = Math.min(options.samples ?? MAX_SAMPLES, MAX_SAMPLES);
  const filters = [
    "aresample=48000:resampler=swr",
    "aformat=sample_fmts=flt:channel_layouts=mono",
    `atrim=start_sample=${startSample}:end_sample=${startSample + samples}`,
  ];
  const args = argumentsOf({
    inputs: [{ options: inputRules("audio"), url: fileUrl(source.path) }],
    output: { options: ["-map", "0:a:0", "-vn", "-af", filters.join(","), "-f", "f32le"], url: "pipe:1" },
  });
  const tool = await runFfmpeg(args, { signal, timeoutSeconds: 60 });
  const parts: Buffer[] = [];
  for await (const part of tool.stdout) parts.push(part as Buffer);
  throwIfCancelled(signal);
  const { code, stderr } = await tool.done;
  const bytes = Buffer.concat(parts);
  if (code !== 0 || bytes.length < 4) {
    const came = stderr.trim().split("\n").at(-1) ?? "";
    throw new UserError(
      "bad_guide",
      "a file with sound",
      came || "no sound",
      "give a WAV, FLAC, AIFF, MP3, OGG or video file",
    );
  }
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 4)));
}
