import fc from "fast-check";
import { expect, test } from "vitest";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../local-server/src/takes/latents.ts";

test("the bytes of a file: header length, JSON padded to 8 bytes, little-endian floats", () => {
  const bytes = Buffer.from(encodeSafetensors({ a: tensor(Float32Array.of(1, -2), [1, 2]) }));
  const json = '{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  expect(bytes.readBigUInt64LE(0)).toBe(BigInt(Math.ceil(json.length / 8) * 8));
  expect(bytes.subarray(8, -8).toString().trimEnd()).toBe(json);
  expect(bytes.subarray(-8).toString("hex")).toBe("0000803f" + "000000c0");
});

test("any tensors come back bit for bit, from an unaligned place in a bigger buffer too", () => {
  const values = fc.array(fc.float(), { maxLength: 50 });
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), values), (named) => {
      const entries = Object.entries(named).filter(([name]) => name !== "__metadata__" && name !== "__proto__");
      const tensors = Object.fromEntries(
        entries.map(([name, list]) => [name, tensor(Float32Array.from(list), [1, list.length])]),
      );
      const bytes = encodeSafetensors(tensors);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      expect(decodeSafetensors(shifted.subarray(3))).toEqual(tensors);
    }),
  );
});

test("a file that is cut, or lies about itself, is refused with the reason", () => {
  const good = encodeSafetensors({ latents: tensor(new Float32Array(6), [1, 2, 3]) });
  const withHeader = (json: string) => {
    const bytes = new Uint8Array(8 + json.length + 24);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(new TextEncoder().encode(json), 8);
    return bytes;
  };
  expect(() => decodeSafetensors(new Uint8Array(3))).toThrow("came 3 bytes");
  expect(() => decodeSafetensors(good.subarray(0, 20))).toThrow("header inside the file");
  expect(() => decodeSafetensors(good.subarray(0, good.length - 1))).toThrow("inside the file for");
  expect(() => decodeSafetensors(withHeader("{nonsense"))).toThrow("JSON header");
  expect(() => decodeSafetensors(withHeader("null"))).toThrow("header of tensors");
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  expect(() => decodeSafetensors(withHeader(entry("F16", "[6]", "[0,24]")))).toThrow("expected an F32 tensor");
  expect(() => decodeSafetensors(withHeader(entry("F32", "[5]", "[0,24]")))).toThrow("inside the file");
  expect(() => decodeSafetensors(withHeader(entry("F32", "[6]", "[-8,16]")))).toThrow("whole numbers");
  expect(Object.keys(decodeSafetensors(withHeader(entry("F32", "[6]", "[0,24]"))))).toEqual(["x"]);
});
