import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSafetensors } from "../../../local-server/src/weights/safetensors.ts";
import { safetensorsOf, withHeader } from "../../support/checkpoints.ts";
import { tempFolder } from "../../support/cli.ts";

const opened = (bytes: Uint8Array) => {
  const path = join(tempFolder(), "model.safetensors");
  writeFileSync(path, bytes);
  return openSafetensors(path);
};
const header = (tensors: unknown, bytes = 16) => opened(withHeader(JSON.stringify(tensors), Buffer.alloc(bytes)));
const f32 = (shape: unknown, offsets: unknown) => ({ dtype: "F32", shape, data_offsets: offsets });

test("tensors come as they were, in every type of the published files", async () => {
  const data = Float32Array.of(1, -2, 0.5, 96);
  await using file = await opened(
    safetensorsOf(
      { a: { dims: [2, 2], data }, b: { dims: [4], data, type: "F16" }, c: { dims: [4], data, type: "BF16" } },
      { format: "pt" },
    ),
  );
  expect(file.names()).toEqual(["a", "b", "c"]);
  for (const name of file.names()) expect([...(await file.floats(name))]).toEqual([...data]);
  expect(file.metadata).toEqual({ format: "pt" });
});

describe("what is refused", () => {
  const length = (bytes: bigint) => {
    const out = Buffer.alloc(64);
    out.writeBigUInt64LE(bytes);
    return out;
  };
  const refused: Record<string, [() => Promise<unknown>, RegExp]> = {
    "an empty file": [() => opened(Buffer.alloc(0)), /a safetensors header/],
    "a header longer than the file": [() => opened(length(1000n)), /inside the file/],
    "a header of 2^63 bytes": [() => opened(length(1n << 63n)), /at most 16777216 bytes/],
    "a header above 16 MiB": [() => opened(Buffer.concat([length(17n << 20n), Buffer.alloc(18 << 20)])), /at most/],
    "a header that is no JSON": [() => opened(withHeader("{nonsense", Buffer.alloc(8))), /a JSON header/],
    "a header that is a list": [() => header([1, 2]), /no object/],
    "no tensor": [() => header({ __metadata__: {} }, 0), /1 to 100000 tensors/],
    "a type of no standing": [() => header({ a: { dtype: "I4", shape: [4], data_offsets: [0, 16] } }), /the type I4/],
    "a type named like a method": [
      () => header({ a: { dtype: "toString", shape: [], data_offsets: [0, 16] } }),
      /toString/,
    ],
    "a shape that is no list": [() => header({ a: f32("4", [0, 16]) }), /no shape/],
    "a negative size": [() => header({ a: f32([-4], [0, 16]) }), /no shape/],
    "more values than bytes": [() => header({ a: f32([5], [0, 16]) }), /inside the file for a/],
    "offsets backwards": [() => header({ a: f32([4], [16, 0]) }), /inside the file for a/],
    "offsets past the end": [() => header({ a: f32([8], [0, 32]) }), /inside the file for a/],
    "a product that is too large for a number": [
      () => header({ a: f32([2 ** 30, 2 ** 30], [0, 16]) }),
      /inside the file/,
    ],
    "tensors that overlap": [() => header({ a: f32([3], [0, 12]), b: f32([2], [8, 16]) }), /a hole or an overlap/],
    "a hole between tensors": [() => header({ a: f32([1], [0, 4]), b: f32([2], [8, 16]) }), /a hole or an overlap/],
    "bytes that no tensor owns": [() => header({ a: f32([3], [0, 12]) }), /a file of/],
  };
  test.each(Object.keys(refused))("%s", async (name) => {
    const [open, message] = refused[name]!;
    const error = await open().then(
      () => null,
      (reason: unknown) => reason as { code?: string; message: string },
    );
    expect(error?.message).toMatch(message);
    expect(error?.code).toBe("bad_weights");
  });
});
