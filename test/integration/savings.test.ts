import { beforeEach, expect, test, vi } from "vitest";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";
import { type Tensor, tensor } from "../../local-server/src/onnx/tensor.ts";
import { createRandom } from "../../local-server/src/random.ts";
import { openPrepared } from "../../local-server/src/stages/denoiser.ts";
import { distinctSync } from "../../local-server/src/stages/positions.ts";
import { maxRelativeError } from "../../local-server/src/verify/compare.ts";
import { tempFolder } from "../support/cli.ts";
import { importTiny, publishedFolder } from "../support/published.ts";

const random = createRandom(3);
const noise = (...dims: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
    dims,
  );

beforeEach(() => {
  vi.stubEnv("FOLEY_MODELS", tempFolder());
  vi.stubEnv("FOLEY_PROVIDERS", "cpu");
  return () => vi.unstubAllEnvs();
});

test("what is worked out once for all steps is what a job of that one step works out", {
  timeout: 120_000,
}, async () => {
  await importTiny(publishedFolder(), { dtype: "fp32" });
  const bundle = await loadBundle("tiny");
  const given = { text: noise(2, 7, 24), semantic: noise(2, 8, 30), sync: noise(2, 16, 36) };
  const latents = noise(2, 12, 50);
  const velocity = async (timesteps: readonly number[], step: number): Promise<Float32Array> => {
    await using model = await openPrepared(bundle, timesteps);
    return (await model.velocity(await model.condition(given, 50), latents, step)).data;
  };
  const steps = [1000, 730, 120];
  const alone = await Promise.all(steps.map((step) => velocity([step], 0)));
  for (const [i, wanted] of alone.entries()) {
    expect(maxRelativeError(await velocity(steps, i), wanted)).toBeLessThan(1e-5);
  }
  // The steps differ, so that equal ones mean something.
  expect(maxRelativeError(alone[0]!, alone[2]!)).toBeGreaterThan(1e-2);
});

test("equal sync rows are kept once, and every latent still hears its own row and place", () => {
  const [batch, length, width, latents, phases] = [2, 24, 5, 50, 8];
  const sync = noise(batch, length, width);
  // The unconditional half: one learned row everywhere.
  for (let row = 1; row < length; row++) sync.data.set(sync.data.subarray(0, width), row * width);
  const { rows, phase, index } = distinctSync(sync, latents, phases);
  expect(rows.dims).toEqual([phases + length, width]);
  for (let b = 0; b < batch; b++) {
    for (let l = 0; l < latents; l++) {
      // torch.nn.functional.interpolate, "nearest-exact".
      const source = Math.floor(((l + 0.5) * length) / latents);
      const at = Number(index[b * latents + l]);
      const from = (b * length + source) * width;
      expect([...rows.data.subarray(at * width, (at + 1) * width)]).toEqual([
        ...sync.data.subarray(from, from + width),
      ]);
      expect(Number(phase[at])).toBe(source % phases);
    }
  }
});
