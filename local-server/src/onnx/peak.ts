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
  await using session = await openSession([{ provider, graph: matMulGraph(size) }], threads);
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

/**
 * The product as an ONNX file: f32 a, b [size, size] -> y. Field numbers are those of onnx.proto (IR version 10, opset 17);
 * one node needs no library.
 */
export function matMulGraph(size: number): Uint8Array<ArrayBuffer> {
  const dimension = message(1, number(1, size));
  const type = message(1, [...number(1, FLOAT), ...message(2, [...dimension, ...dimension])]);
  const value = (name: string) => [...text(1, name), ...message(2, type)];
  const node = [...text(1, "a"), ...text(1, "b"), ...text(2, "y"), ...text(4, "MatMul")];
  const graph = [
    ...message(1, node),
    ...text(2, "matmul"),
    ...message(11, value("a")),
    ...message(11, value("b")),
    ...message(12, value("y")),
  ];
  return Uint8Array.from([...number(1, 10), ...message(7, graph), ...message(8, number(2, 17))]);
}

const FLOAT = 1;

/** Protocol buffers: a field is its number and wire type (0 varint, 2 length-delimited), then the value. */
const number = (field: number, value: number): number[] => [field << 3, ...varint(value)];
const message = (field: number, bytes: readonly number[]): number[] => [
  (field << 3) | 2,
  ...varint(bytes.length),
  ...bytes,
];
const text = (field: number, value: string): number[] => message(field, [...new TextEncoder().encode(value)]);

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
