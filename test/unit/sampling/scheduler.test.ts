import { expect, test } from "vitest";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { guide } from "../../../local-server/src/sampling/guidance.ts";
import { eulerScheduler, noised } from "../../../local-server/src/sampling/scheduler.ts";

test("without shift the noise levels are even", () => {
  expect(eulerScheduler(4, 1, 1).sigmas).toEqual([1, 0.75, 0.5, 0.25, 0]);
});

test("shift 3 warps the middle up: 3/2 / (1 + 2/2) = 0.75", () => {
  const { sigmas, timesteps } = eulerScheduler(2, 3, 1000);
  expect(sigmas).toEqual([1, 0.75, 0]);
  expect(timesteps).toEqual([1000, 750]);
});

test("a start below 1 runs fewer steps and begins exactly there", () => {
  const { sigmas } = eulerScheduler(10, 1, 1, 0.3);
  expect(sigmas.length).toBe(4);
  expect(sigmas[0]).toBeCloseTo(0.3, 12);
  expect(eulerScheduler(10, 1, 1, 0.01).sigmas).toHaveLength(2);
});

test("with the true velocity, Euler lands on the data from any start", () => {
  const data = tensor(Float32Array.of(1, -2, 0.5), [1, 1, 3]);
  const noise = tensor(Float32Array.of(0.3, 0.1, -1), [1, 1, 3]);
  const velocity = tensor(
    noise.data.map((value, i) => value - data.data[i]!),
    [1, 1, 3],
  );
  for (const start of [1, 0.6]) {
    const scheduler = eulerScheduler(7, 5, 1, start);
    let latents = noised(data, noise, start);
    for (let i = 0; i < scheduler.timesteps.length; i++) latents = scheduler.step(velocity, i, latents);
    for (const [i, value] of data.data.entries()) expect(latents.data[i]).toBeCloseTo(value, 5);
  }
});

test("guidance 1 is the positive half, 2 goes as far again beyond it", () => {
  const batch = tensor(Float32Array.of(1, 1, 2, 3), [2, 1, 2]);
  expect([...guide(batch, 1).data]).toEqual([2, 3]);
  expect([...guide(batch, 2).data]).toEqual([3, 5]);
});
