import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { bmpOf, spectrogram } from "./spectrogram.ts";

/** Pictures for pages that show sound under picture; all as small data addresses. */

const ffmpeg = (args: readonly string[], input?: Uint8Array): Buffer =>
  execFileSync("ffmpeg", ["-v", "error", ...args], { maxBuffer: 1 << 28, ...(input ? { input } : {}) });
const address = (kind: string, bytes: Uint8Array): string =>
  `data:${kind};base64,${Buffer.from(bytes).toString("base64")}`;

/** `count` frames of a clip side by side, each `height` pixels high. */
export function frameStrip(clip: string, seconds: number, count: number, height: number): string {
  const tiles = `fps=${count / seconds}:start_time=0,scale=-2:${height}:flags=area,tile=${count}x1`;
  return address(
    "image/jpeg",
    ffmpeg(["-i", clip, "-t", `${seconds}`, "-frames:v", "1", "-vf", tiles, "-q:v", "4", "-f", "mjpeg", "-"]),
  );
}

/** The sound of any file, mono at 48 kHz, at most `seconds`. */
export function soundOf(path: string, seconds: number): Float32Array {
  const bytes = ffmpeg([
    "-i",
    path,
    "-t",
    `${seconds}`,
    "-map",
    "0:a:0",
    "-ac",
    "1",
    "-ar",
    "48000",
    "-f",
    "f32le",
    "-",
  ]);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 4)));
}

/** A take's channels together. */
export function takeSound(wav: string): Float32Array {
  const { channels } = decodeWav(readFileSync(wav)).waveform;
  return channels[0]!.map((_, n) => channels.reduce((sum, one) => sum + one[n]!, 0) / channels.length);
}

/** Spectrogram over `seconds`, the sound brought to one level first so that pictures can be compared. */
export function spectrumStrip(sound: Float32Array, seconds: number, width: number, height: number): string {
  const samples = new Float32Array(Math.round(seconds * 48_000));
  samples.set(sound.subarray(0, samples.length));
  const peak = samples.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6);
  for (let n = 0; n < samples.length; n++) samples[n]! *= 0.5 / peak;
  const size = { width, height, minHz: 60, maxHz: 16_000, minDb: -95, maxDb: -20 };
  const bitmap = Buffer.from(bmpOf(spectrogram(samples, size)).split(",")[1]!, "base64");
  return address("image/jpeg", ffmpeg(["-f", "bmp_pipe", "-i", "-", "-q:v", "3", "-f", "mjpeg", "-"], bitmap));
}

/** A clip as small as a page wants it, with a take's sound or none. */
export function smallVideo(clip: string, wav: string | null, out: string): string {
  const sound = wav ? ["-i", wav, "-map", "0:v:0", "-map", "1:a:0", "-c:a", "aac", "-b:a", "96k"] : ["-an"];
  const video = ["-vf", "scale=480:-2", "-c:v", "libx264", "-crf", "29", "-preset", "veryfast", "-pix_fmt", "yuv420p"];
  ffmpeg(["-y", "-i", clip, ...sound, ...video, "-movflags", "+faststart", out]);
  return address("video/mp4", readFileSync(out));
}
