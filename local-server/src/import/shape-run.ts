import { readFile } from "node:fs/promises";
import { type Dim, type DType, dimOf } from "../graph/graph.ts";
import { measureMatMul } from "../onnx/peak.ts";
import { sessionThreads } from "../onnx/providers.ts";
import { type Feed, openSession } from "../onnx/session.ts";
import { sizeOf, tensor } from "../onnx/tensor.ts";
import { createRandom } from "../random.ts";

export interface ShapeOrder {
  readonly path: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: DType; readonly dims: readonly Dim[] }[];
  readonly sizes: Readonly<Record<string, number>> & { readonly U: number };
  readonly runs: number;
}

export interface ShapeTimes {
  /** Seconds by the clock, and of all cores together: neighbours on the machine lengthen the first, hardly the second. */
  readonly runs: readonly number[];
  readonly cpuSeconds: readonly number[];
  readonly openSeconds: number;
  /** Best speed at a large plain product, measured before and after the runs. */
  readonly peakGflopPerSecond: number;
  readonly peakMemoryMiB: number;
  readonly threads: number;
}

/** Large enough for the best speed of a product whose operands do not fit the caches, as the denoiser's do not. */
const PEAK_SIZE = 2048;

/** The process that `benchShape` starts: one order, one answer. */
process.once("message", (order: ShapeOrder) => {
  run(order).then((times) => process.send!(times, undefined, {}, () => process.exit(0)));
});

async function run({ path, inputs, sizes, runs }: ShapeOrder): Promise<ShapeTimes> {
  const threads = sessionThreads();
  const before = await measureMatMul("cpu", PEAK_SIZE, 2);
  const started = performance.now();
  await using session = await openSession([{ provider: "cpu", graph: path }], threads);
  const openSeconds = (performance.now() - started) / 1000;
  const feeds = feedsOf(inputs, sizes);
  const times: number[] = [];
  const cpuSeconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const used = process.cpuUsage();
    const began = performance.now();
    await session.run(feeds);
    times.push((performance.now() - began) / 1000);
    const { user, system } = process.cpuUsage(used);
    cpuSeconds.push((user + system) / 1e6);
  }
  const peakMemoryMiB = Math.round((await peakMemoryBytes()) / 2 ** 20);
  const after = await measureMatMul("cpu", PEAK_SIZE, 2);
  const peakGflopPerSecond = Math.max(before.gflopPerSecond, after.gflopPerSecond);
  return { runs: times, cpuSeconds, openSeconds, peakGflopPerSecond, peakMemoryMiB, threads };
}

function feedsOf(inputs: ShapeOrder["inputs"], sizes: ShapeOrder["sizes"]): Record<string, Feed> {
  const random = createRandom(2);
  const feeds: Record<string, Feed> = {};
  for (const { name, dtype, dims } of inputs) {
    const known = dims.map((dim) => dimOf(dim, sizes));
    const count = sizeOf(known);
    feeds[name] =
      dtype === "i64"
        ? { data: BigInt64Array.from({ length: count }, (_, i) => BigInt(i % sizes.U)), dims: known }
        : tensor(
            Float32Array.from({ length: count }, () => random.next() - 0.5),
            known,
          );
  }
  return feeds;
}

/** Linux counts a child's parent into the usual number. */
async function peakMemoryBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(status)?.[1];
  return 1024 * (kilobytes ? Number(kilobytes) : process.resourceUsage().maxRSS);
}
