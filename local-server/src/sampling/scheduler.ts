import { type Tensor, tensor } from "../onnx/tensor.ts";

/**
 * Owns the noise levels and the step. Rectified flow: x(sigma) = (1 - sigma) data + sigma noise, velocity = noise - data,
 * sigma 1 is noise, 0 is data. Source: Liu et al. 2022; the shift warp is Esser et al. 2024, eq. 23.
 */
export interface Scheduler {
  /** Noise levels from the start to 0: steps + 1 values. */
  readonly sigmas: readonly number[];
  /** What the model is fed at each step: steps values. */
  readonly timesteps: readonly number[];
  step(velocity: Tensor, index: number, latents: Tensor): Tensor;
}

const warp = (u: number, shift: number): number => (shift * u) / (1 + (shift - 1) * u);
const unwarp = (sigma: number, shift: number): number => sigma / (shift - (shift - 1) * sigma);

/**
 * Euler schedule. `startSigma` below 1 starts from a guide at that noise level and keeps the same step size, so that it
 * runs fewer steps (at least one).
 */
export function eulerScheduler(steps: number, shift: number, timestepScale: number, startSigma = 1): Scheduler {
  const start = unwarp(startSigma, shift);
  const count = Math.max(1, Math.round(steps * start));
  const sigmas = Array.from({ length: count + 1 }, (_, i) => warp(start * (1 - i / count), shift));
  return {
    sigmas,
    timesteps: sigmas.slice(0, count).map((sigma) => sigma * timestepScale),
    step(velocity, index, latents) {
      const delta = sigmas[index + 1]! - sigmas[index]!;
      const next = new Float32Array(latents.data.length);
      for (let i = 0; i < next.length; i++) next[i] = latents.data[i]! + delta * velocity.data[i]!;
      return tensor(next, latents.dims);
    },
  };
}

/** The noise level mixed into a known signal: (1 - sigma) data + sigma noise. */
export function noised(data: Tensor, noise: Tensor, sigma: number): Tensor {
  const mixed = new Float32Array(data.data.length);
  for (let i = 0; i < mixed.length; i++) mixed[i] = (1 - sigma) * data.data[i]! + sigma * noise.data[i]!;
  return tensor(mixed, data.dims);
}
