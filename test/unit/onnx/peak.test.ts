import { expect, test } from "vitest";
import { matMulGraph, measureMatMul } from "../../../local-server/src/onnx/peak.ts";
import { openSession } from "../../../local-server/src/onnx/session.ts";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";

// Read when the addon loads, which is when the first session opens.
process.env.ORT_DISABLE_TELEMETRY = "1";

test("the graph multiplies matrices", async () => {
  await using session = await openSession([{ provider: "cpu", graph: await matMulGraph(2) }], 1);
  const a = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const b = tensor(Float32Array.of(5, 6, 7, 8), [2, 2]);
  const { y } = await session.run({ a, b });
  expect([...y!.data]).toEqual([19, 22, 43, 50]);
});

test("a size above 127 takes two bytes: 300 = 0xac 0x02", async () => {
  const bytes = Buffer.from(await matMulGraph(300)).toString("hex");
  const dimension = "0a03" + "08ac02";
  // Two operands and the result, two dims each.
  expect(bytes.split(dimension)).toHaveLength(7);
});

test("the measured speed is a number, and the provider the one that ran", async () => {
  const { provider, gflopPerSecond, threads } = await measureMatMul("cpu", 64, 0);
  expect(provider).toBe("cpu");
  expect(threads).toBeGreaterThanOrEqual(1);
  expect(gflopPerSecond).toBeGreaterThan(0.01);
});

test("a provider that this package does not hold is refused, by name", async () => {
  await expect(measureMatMul("abacus", 2, 0)).rejects.toMatchObject({
    code: "broken_bundle",
    came: expect.stringContaining("abacus"),
  });
});
