import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";

const main = resolve(import.meta.dirname, "../../local-server/src/main.ts");
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("foley-bench-"));

interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly gflop: number | null;
  readonly shareOfPeak: number | null;
}
interface Run {
  readonly way: string;
  readonly stages: readonly Row[];
  readonly graphs: readonly (Row & { readonly runs: number })[];
}

test("bench times both ways of one second, counts the arithmetic of every graph, and leaves nothing", {
  timeout: 180_000,
}, async () => {
  const before = leftovers();
  const args = [main, "bench", "--rounds", "1", "--seconds", "1", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tmpdir() });
  const { peak, runs } = JSON.parse(stdout) as { peak: { gflopPerSecond: number }; runs: Run[] };
  expect(peak.gflopPerSecond).toBeGreaterThan(0.1);
  expect(runs.map(({ way }) => way)).toEqual(["performed", "denoised"]);

  const { roles } = (await loadBundle("foley-mini")).manifest;
  const [performed, denoised] = runs as [Run, Run];
  const graph = (run: Run, name: string) => run.graphs.find((row) => row.name === name);
  // Two pictures a second; the denoiser runs once a step from the guide's noise level on, one window of eight seconds.
  expect(graph(performed, "semantic")!.gflop).toBeCloseTo(roles.semantic.fps * roles.semantic.cost!.gflop, 3);
  expect(graph(performed, "denoiser")).toBeUndefined();
  const { runs: steps, gflop } = graph(denoised, "denoiser")!;
  expect(steps).toBeGreaterThanOrEqual(1);
  expect(gflop! / steps).toBeCloseTo(roles.denoiser.cost!.gflop, 1);

  for (const { stages } of runs) {
    // Two pictures are less than a batch: they are run once the last frame is there.
    const features = stages.find(({ name }) => name === "visual features")!;
    expect(features.seconds).toBeGreaterThan(0);
    expect(features.shareOfPeak).toBeGreaterThan(0);
  }
  const named = (run: Run) => run.stages.map(({ name }) => name);
  expect(named(denoised)).toEqual(expect.arrayContaining(["plan", "frames", "guide", "denoise", "decode", "finish"]));
  expect(leftovers()).toEqual(before);
});
