import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeSchema } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { decodeSafetensors } from "../../local-server/src/takes/latents.ts";
import { foley } from "../support/cli.ts";

const CLIP = new URL("../fixtures/walk-wood-floor.mp4", import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "foley-regenerate-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const take = (name: string) => join(folder, `${name}.wav`);
const samplesOf = async (name: string) => decodeWav(await readFile(take(name)));
const recordOf = async (name: string) =>
  takeSchema.parse(JSON.parse(await readFile(join(folder, `${name}.take.json`), "utf8")));
const latentsOf = async (name: string) =>
  decodeSafetensors(await readFile(join(folder, `${name}.latents.safetensors`)))["latents.0"]!;
const run = async (...args: string[]) => {
  const { code, stderr } = await foley(args);
  expect(stderr.includes("error") ? stderr : "", args.join(" ")).toBe("");
  expect(code).toBe(0);
};

/** Outside [from, to) seconds all bytes equal; inside, most differ. */
async function expectOnlyPartDiffers(a: string, b: string, from: number, to: number) {
  const [old, fresh] = [await samplesOf(a), await samplesOf(b)];
  const frame = old.sampleBytes.length / old.waveform.channels[0]!.length;
  const [start, end] = [Math.round(from * 48_000) * frame, Math.round(to * 48_000) * frame];
  expect(fresh.sampleBytes.length).toBe(old.sampleBytes.length);
  expect(Buffer.compare(fresh.sampleBytes.subarray(0, start), old.sampleBytes.subarray(0, start))).toBe(0);
  expect(Buffer.compare(fresh.sampleBytes.subarray(end), old.sampleBytes.subarray(end))).toBe(0);
  expect(Buffer.compare(fresh.sampleBytes.subarray(start, end), old.sampleBytes.subarray(start, end))).not.toBe(0);
  return { old, fresh };
}

describe.each([
  { how: "a performance", name: "performed", options: ["--guide-strength", "0"], bits: "16" },
  { how: "a denoised take", name: "denoised", options: ["--guide-strength", "0.8"], bits: "24" },
])("a part of $how made anew", ({ name, options, bits }) => {
  beforeAll(
    () => run("generate", CLIP, "--prompt", "footsteps on wood", ...options, "--bit-depth", bits, "-o", take(name)),
    60_000,
  );

  test("leaves every byte outside the part as it was, joins without a step, keeps its history", async () => {
    await run("regenerate", take(name), "--from", "1", "--to", "2.2", "-o", take(`${name}2`));
    const { fresh } = await expectOnlyPartDiffers(name, `${name}2`, 1, 2.2);
    await run(
      ...["regenerate", take(`${name}2`), "--from", "1.8", "--to", "3", "--prompt", "glass breaking"],
      ...["--seed", "9", "-o", take(`${name}3`)],
    );
    await expectOnlyPartDiffers(`${name}2`, `${name}3`, 1.8, 3);
    const record = await recordOf(`${name}3`);
    expect(record.history?.map(({ file, seed }) => [file, seed])).toEqual([
      [`${name}.wav`, 1],
      [`${name}2.wav`, 2],
    ]);
    // A step at the joins would stand out against the sound's own steepest slope.
    for (const channel of fresh.waveform.channels) {
      const slope = (n: number) => Math.abs(channel[n]! - channel[n - 1]!);
      let steepest = 0;
      for (let n = 1; n < channel.length; n++) steepest = Math.max(steepest, slope(n));
      for (const join of [48_000, 105_600]) expect(slope(join)).toBeLessThan(Math.max(0.3 * steepest, 2e-3));
    }
  });

  test("keeps events and latents outside the part", async () => {
    const [old, fresh] = [await recordOf(name), await recordOf(`${name}2`)];
    const outside = ({ time }: { time: number }) => time < 1 || time >= 2.2;
    expect(fresh.events.filter(outside)).toEqual(old.events.filter(outside));
    const [before, after] = [await latentsOf(name), await latentsOf(`${name}2`)];
    expect(after.dims).toEqual(before.dims);
    const [, channels, length] = before.dims as [number, number, number];
    const changed: number[] = [];
    for (let l = 0; l < length; l++) {
      let far = 0;
      for (let c = 0; c < channels; c++) {
        far = Math.max(far, Math.abs(after.data[c * length + l]! - before.data[c * length + l]!));
      }
      if (far > 1e-5) changed.push(l);
    }
    // 50 latents a second; between two steps there is silence in both.
    expect(changed.length).toBeGreaterThan(10);
    expect(changed[0]).toBeGreaterThanOrEqual(1 * 50);
    expect(changed.at(-1)).toBeLessThan(2.2 * 50);
  });
});

test.each([
  { why: "an end past the take", args: ["--from", "1", "--to", "99"], code: "range_outside_clip" },
  { why: "an empty part", args: ["--from", "2", "--to", "2"], code: "empty_range" },
  { why: "no range", args: [], code: "usage" },
])("$why is refused and writes nothing", async ({ args, code }) => {
  const { code: exit, stderr } = await foley(["regenerate", take("performed"), ...args, "-o", take("never")]);
  expect(stderr).toContain(`error ${code}:`);
  expect(exit).toBe(2);
  await expect(readFile(take("never"))).rejects.toThrow();
});

test("a WAV without its record says so", async () => {
  const { code, stderr } = await foley(["regenerate", CLIP, "--from", "0", "--to", "1", "-o", take("never")]);
  expect(stderr).toContain("error not_found:");
  expect(code).toBe(2);
});
