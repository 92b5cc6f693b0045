import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { PictureSpec } from "../../local-server/protocol/index.ts";

/** Clips made by ffmpeg's own sources, whose every frame says which one it is. */

const execute = promisify(execFile);

/** Raw ffmpeg for fixtures: `ffmpeg -v error -y ARGUMENTS`. */
export const makeWithFfmpeg = async (...args: string[]): Promise<void> => {
  await execute("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
};

/** Bits of the frame number, Gray-coded, left to right: a blend of neighbours can only be wrong by one frame. */
const BITS = 10;

export interface FlashClip {
  readonly fps?: string;
  readonly frames: number;
  /** Multiples of 10 keep the code's columns even; others are scaled there. */
  readonly width?: number;
  readonly height?: number;
  /** Encoder and container options. */
  readonly output?: readonly string[];
  /** More filters behind the picture. */
  readonly filters?: readonly string[];
  /** A 1 ms, 2 kHz beep at the start of every `flashEvery`-th frame; the lower half is white in it. */
  readonly sound?: boolean;
  readonly flashEvery?: number;
  /** Options in front of the input. */
  readonly input?: readonly string[];
}

/** Writes `path`: frame n shows n in Gray code in its upper half. */
export async function flashClip(path: string, clip: FlashClip): Promise<string> {
  const { fps = "25", frames, width = 160, height = 96, flashEvery = 25 } = clip;
  const bit = `floor(X*${BITS}/160)`;
  const gray = `mod(floor(N/pow(2,${bit}))+floor(N/pow(2,${bit}+1)),2)`;
  const luma = `16+219*if(lt(Y,48),${gray},eq(mod(N,${flashEvery}),0))`;
  const picture = [
    `color=black:s=160x96:r=${fps},format=yuv420p,geq=lum='${luma}':cb=128:cr=128`,
    ...(width === 160 && height === 96 ? [] : [`scale=${width}:${height}`]),
    ...(clip.filters ?? []),
  ].join(",");
  const sound = `aevalsrc='0.8*sin(2*PI*2000*t)*lt(mod(t,${flashEvery}/(${fps})),0.001)':s=48000`;
  await makeWithFfmpeg(
    ...(clip.input ?? []),
    ...["-f", "lavfi", "-i", picture],
    ...(clip.sound ? ["-f", "lavfi", "-i", sound, "-shortest"] : []),
    ...[
      "-frames:v",
      String(frames),
      "-pix_fmt",
      "yuv420p",
      ...(clip.output ?? ["-c:v", "libx264", "-preset", "ultrafast"]),
    ],
    path,
  );
  return path;
}

/** A picture that a code can be read from. */
export const codePicture = (color: PictureSpec["color"], width = 80, height = 48): PictureSpec => ({
  width,
  height,
  fit: "squash",
  filter: "area",
  color,
  mean: color === "luma" ? [0] : [0, 0, 0],
  std: color === "luma" ? [1] : [1, 1, 1],
});

/** The frame number in a delivered picture. `along` y: the picture was turned by 90 degrees clockwise. */
export function readCode(pixels: Uint8Array, { width, height, color }: PictureSpec, along: "x" | "y" = "x"): number {
  const channels = color === "luma" ? 1 : 3;
  const at = (x: number, y: number) => pixels[(Math.floor(y) * width + Math.floor(x)) * channels]!;
  let number = 0;
  let upper = 0;
  for (let bit = BITS - 1; bit >= 0; bit--) {
    const place = (bit + 0.5) / BITS;
    const value = along === "x" ? at(place * width, height / 4) : at((width * 3) / 4, place * height);
    upper ^= value > 127 ? 1 : 0;
    number |= upper << bit;
  }
  return number;
}

/** Marks an MP4 or MOV as filmed with the camera upright: players turn it by 90 degrees clockwise (track header matrix). */
export async function turnClockwise(path: string): Promise<string> {
  const data = await readFile(path);
  const matrix = data.indexOf("tkhd") + 4 + 40;
  [0, 0x10000, 0, -0x10000, 0, 0].forEach((value, i) => {
    data.writeInt32BE(value, matrix + 4 * i);
  });
  await writeFile(path, data);
  return path;
}
