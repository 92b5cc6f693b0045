import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { foley, tempFolder } from "../support/cli.ts";
import { weightsOf } from "../support/onnx-weights.ts";

const shipped = resolve(import.meta.dirname, "../../models/foley-mini/encoder.onnx");

/** The shipped encoder's weights as a .safetensors file. */
async function weightsFile(folder: string): Promise<string> {
  const weights = weightsOf(shipped);
  const header: Record<string, object> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const name of weights.names()) {
    const { buffer, byteOffset, byteLength } = await weights.floats(name);
    header[name] = { dtype: "F32", shape: weights.dims(name), data_offsets: [at, at + byteLength] };
    parts.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    at += byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, "encoder.safetensors");
  writeFileSync(path, Buffer.concat([length, text, ...parts]));
  return path;
}

test("a graph is written of its trained weights, whole, and never over them", async () => {
  const folder = tempFolder();
  const weights = await weightsFile(folder);
  const write = (...args: string[]) => foley(["models", "write", ...args], { cwd: folder });
  expect(await write("encoder", weights, "encoder.onnx")).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "encoder.onnx")).equals(readFileSync(shipped))).toBe(true);

  const before = readFileSync(weights);
  expect((await write("encoder", weights, weights)).stderr).toContain("error bad_value:");
  expect(readFileSync(weights).equals(before)).toBe(true);
  expect((await write("encoder", weights, "nowhere/encoder.onnx")).stderr).toContain("error target_not_writable:");
  expect((await write("decoder", weights, "decoder.onnx")).stderr).toContain("error bad_weights:");
  expect(existsSync(join(folder, "decoder.onnx"))).toBe(false);
});
