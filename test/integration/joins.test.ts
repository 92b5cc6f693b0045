import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { generateRequestSchema } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";
import { planWindows } from "../../local-server/src/pipeline/windows.ts";
import { tempFolder } from "../support/cli.ts";

const engine = createEngine();
afterAll(() => engine.kill());

const BLOCK = 480;
const SECONDS = 30;

/** Change of level from each 10 ms block to the next, in dB, and of the waveform's slope: [blocks - 1]. */
function changes(samples: Float32Array): { level: number[]; click: number[] } {
  const levels: number[] = [];
  const edges: number[] = [];
  for (let start = 0; start + BLOCK <= samples.length; start += BLOCK) {
    const block = samples.subarray(start, start + BLOCK);
    levels.push(10 * Math.log10(block.reduce((sum, value) => sum + value * value, 1e-9) / BLOCK));
    let edge = 0;
    for (let n = 2; n < BLOCK; n++) edge = Math.max(edge, Math.abs(block[n]! - 2 * block[n - 1]! + block[n - 2]!));
    edges.push(edge / (10 ** (levels.at(-1)! / 20) + 1e-6));
  }
  return { level: levels.slice(1).map((value, i) => Math.abs(value - levels[i]!)), click: edges };
}

const quantile = (values: number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]!;

test("windows and chunks join unheard: neither level nor slope changes more there than elsewhere", async () => {
  const { manifest } = await loadBundle("foley-mini");
  const { denoiser, decoder } = manifest.roles;
  const target = join(tempFolder(), "rain.wav");
  const request = generateRequestSchema.parse({
    prompt: "steady rain",
    toTicks: String(BigInt(SECONDS) * 254_016_000_000n),
    guideStrength: 1,
    channels: "mono",
    bitDepth: "32f",
  });
  await engine.run(
    { request, targets: [target] },
    { signal: new AbortController().signal, onProgress() {}, onNote() {} },
  );
  const samples = decodeWav(readFileSync(target)).waveform.channels[0]!;
  const latents = (SECONDS * decoder.sampleRate) / decoder.hop;
  const windows = planWindows(latents, denoiser.windowLatents, denoiser.overlapLatents, []);
  expect(windows.length).toBeGreaterThan(3);
  const blocksPerLatent = decoder.hop / BLOCK;
  /** Both ends of every overlap, and every chunk of the decoder. */
  const joins = windows.slice(1).flatMap(({ start }, i) => [start, windows[i]!.start + denoiser.windowLatents]);
  for (let chunk = decoder.chunkLatents; chunk < latents; chunk += decoder.chunkLatents) joins.push(chunk);
  const atJoin = new Set(joins.flatMap((latent) => [-2, -1, 0, 1].map((off) => latent * blocksPerLatent + off)));
  const { level, click } = changes(samples);
  for (const values of [level, click]) {
    const here = values.filter((_, i) => atJoin.has(i));
    const elsewhere = values.filter((_, i) => !atJoin.has(i));
    expect(here.length).toBeGreaterThan(40);
    expect(quantile(here, 0.5)).toBeLessThan(1.3 * quantile(elsewhere, 0.5));
    expect(quantile(here, 1)).toBeLessThanOrEqual(1.2 * quantile(elsewhere, 0.999));
  }
});
