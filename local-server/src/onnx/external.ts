import { readFile } from "node:fs/promises";

/**
 * Files that the weights of an ONNX file lie in, as it names them: every "location" of its external data, wherever in the
 * graph it stands. Reads the protobuf by its wire format alone: an entry is a message of key (1) and value (2).
 * @throws RangeError where the file is cut off or no protobuf
 */
export async function externalFiles(path: string): Promise<Set<string>> {
  const found = new Set<string>();
  collect(await readFile(path), MODEL, found);
  return found;
}

/** Fields that lead to tensors: of a message, the message that each holds. */
interface Fields {
  readonly [field: number]: Fields | "entry";
}
const TENSOR: Fields = { 13: "entry" };
const SPARSE: Fields = { 1: TENSOR, 2: TENSOR };
const GRAPH: Record<number, Fields> = { 5: TENSOR, 15: SPARSE };
const ATTRIBUTE: Fields = { 5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE };
const NODE: Fields = { 5: ATTRIBUTE };
GRAPH[1] = NODE;
const FUNCTION: Fields = { 7: NODE, 11: ATTRIBUTE };
const TRAINING: Fields = { 1: GRAPH, 2: GRAPH };
const MODEL: Fields = { 7: GRAPH, 20: TRAINING, 25: FUNCTION };

function collect(bytes: Uint8Array, fields: Fields, found: Set<string>): void {
  for (const [field, content] of messagesOf(bytes)) {
    const kind = fields[field];
    if (kind === "entry") {
      const [key, value] = entryOf(content);
      if (key === "location") found.add(value);
    } else if (kind) collect(content, kind, found);
  }
}

function entryOf(bytes: Uint8Array): [string, string] {
  const parts: Record<number, string> = {};
  for (const [field, content] of messagesOf(bytes)) parts[field] = new TextDecoder().decode(content);
  return [parts[1] ?? "", parts[2] ?? ""];
}

/** The fields of a message that have a length (wire type 2); numbers are passed over. */
function* messagesOf(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63)
        throw new RangeError("expected a whole protobuf, came one that is cut");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      if (length > bytes.length - at) throw new RangeError("expected a whole protobuf, came one that is cut");
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new RangeError(`expected protobuf, came wire type ${type}`);
  }
}
