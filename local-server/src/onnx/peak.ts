import { createGraph, saveInline } from "../graph/graph.ts";
import { matMul } from "../graph/ops.ts";
import { sessionThreads } from "./providers.ts";
import { openSession } from "./session.ts";
import { tensor } from "./tensor.ts";

/**
 * The machine's best speed at a square matrix product y = a b, [size, size] each, through ONNX Runtime with the threads our
 * sessions use: what the graphs of a bundle are compared with. Repeats for `seconds` (three times at least) and takes the
 * quickest, so that a neighbour on the machine does not lower it. On a GPU the copies to and from the device count too.
 * @throws UserError broken_bundle when the provider does not load.
 */
export async function measureMatMul(
  provider: string,
  size: number,
  seconds: number,
): Promise<{ readonly provider: string; readonly gflopPerSecond: number; readonly threads: number }> {
  const threads = sessionThreads();
  await using session = await openSession([{ provider, graph: await matMulGraph(size) }], threads);
  const values = Float32Array.from({ length: size * size }, (_, i) => ((i * 31) % 17) / 17 - 0.5);
  const operand = tensor(values, [size, size]);
  const timeOne = async () => {
    const started = performance.now();
    await session.run({ a: operand, b: operand });
    return (performance.now() - started) / 1000;
  };
  let best = await timeOne();
  const until = performance.now() + seconds * 1000;
  for (let run = 1; run < 3 || performance.now() < until; run++) best = Math.min(best, await timeOne());
  return { provider: session.provider, gflopPerSecond: (2 * size ** 3) / 1e9 / best, threads };
}

/** The product as an ONNX file: f32 a, b [size, size] -> y. */
export function matMulGraph(size: number): Promise<Uint8Array<ArrayBuffer>> {
  const g = createGraph("matmul");
  const operand = (name: string) => g.input(name, "f32", [size, size]);
  g.output(matMul(g, operand("a"), operand("b")), "y");
  return saveInline(g);
}
