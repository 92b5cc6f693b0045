import type { PictureSpec } from "../../protocol/index.ts";

/**
 * u8 pixels [H,W,C] -> normalised f32 [C,H,W], as the manifest says: (value / 255 - mean) / std per channel.
 * Writes into `out` at `offset`.
 */
export function normalise(pixels: Uint8Array, spec: PictureSpec, out: Float32Array, offset: number): void {
  const channels = spec.color === "luma" ? 1 : 3;
  const area = spec.width * spec.height;
  for (let channel = 0; channel < channels; channel++) {
    const scale = 1 / (255 * spec.std[channel]!);
    const shift = -spec.mean[channel]! / spec.std[channel]!;
    const plane = offset + channel * area;
    for (let i = 0; i < area; i++) out[plane + i] = pixels[i * channels + channel]! * scale + shift;
  }
}

/** Values of one normalised picture. */
export const pictureSize = (spec: PictureSpec): number => spec.width * spec.height * (spec.color === "luma" ? 1 : 3);
