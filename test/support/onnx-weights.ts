import { readFileSync } from "node:fs";
import type { Tensors } from "../../local-server/src/graph/graph.ts";

/** Fields of a protobuf message, in order: numbers of varints, bytes of the rest. */
function* fields(bytes: Buffer): Generator<[field: number, value: number | Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = (tag & 7) === 0 ? null : (tag & 7) === 5 ? 4 : varint();
    yield [Math.floor(tag / 8), length === null ? varint() : bytes.subarray(at, at + length)];
    at += length ?? 0;
  }
}

function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** The named weights that an .onnx file holds (ModelProto.graph 7, GraphProto.initializer 5), those of 16 bits under their own name. */
export function weightsOf(path: string): Tensors {
  const found = new Map<string, { dims: number[]; values: Float32Array }>();
  const only = (bytes: Buffer, wanted: number) =>
    [...fields(bytes)].filter(([field]) => field === wanted).map(([, value]) => value as Buffer);
  for (const tensor of only(only(readFileSync(path), 7)[0]!, 5)) {
    const dims: number[] = [];
    let [type, name, raw] = [0, "", Buffer.alloc(0)];
    for (const [field, value] of fields(tensor)) {
      if (field === 1) dims.push(value as number);
      else if (field === 2) type = value as number;
      else if (field === 8) name = String(value);
      else if (field === 9) raw = Buffer.from(value as Buffer);
    }
    const f32 = () => new Float32Array(raw.buffer, raw.byteOffset, raw.length / 4);
    if (type === 1) found.set(name, { dims, values: f32() });
    if (type === 10) {
      const bits = new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2);
      found.set(name.replace(/\.f16$/, ""), { dims, values: Float32Array.from(bits, half) });
    }
  }
  return {
    names: () => [...found.keys()],
    has: (name) => found.has(name),
    dims: (name) => found.get(name)!.dims,
    floats: async (name) => found.get(name)!.values,
  };
}
