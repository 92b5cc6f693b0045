import { type Bytes, bytes, float, int, join, message, text } from "./wire.ts";

/**
 * A size, or the name of one known only at run time ("L"). "L+T" is a sum; products and quotients of a term go from left to
 * right, quotients rounded up: "L/2*2" is L made even.
 */
export type Dim = number | string;
export type DType = "f32" | "f16" | "i64" | "i32" | "u8" | "i8" | "bool";

/** ONNX's element type codes and the bytes of one element. */
const TYPES: Record<DType, { readonly code: number; readonly bytes: number }> = {
  f32: { code: 1, bytes: 4 },
  u8: { code: 2, bytes: 1 },
  i8: { code: 3, bytes: 1 },
  i32: { code: 6, bytes: 4 },
  i64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  f16: { code: 10, bytes: 2 },
};

/** An edge of the graph: what a node (or an input, or a weight) gives. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}
export type Shape = Pick<Value, "dtype" | "dims">;

export type Attribute = number | string | readonly number[] | { readonly float: number };
/** Numbers are INT attributes, `{float}` are FLOAT, arrays INTS, strings STRING. */
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly op: string;
  readonly domain: "" | "com.microsoft";
  /** Empty where an optional input is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  readonly name: string;
}

/** A tensor stored beside the nodes: its bytes are made when they are written, one tensor at a time. */
export interface Weight extends Value {
  readonly dims: readonly number[];
  readonly bytes: () => Promise<Bytes>;
  /** Small ones lie in the graph itself. */
  readonly inline: boolean;
}

/** What networks are read from: a checkpoint of any format. */
export interface Tensors {
  names(): readonly string[];
  has(name: string): boolean;
  /** Throws an error that names the tensor and its file where it is missing. */
  dims(name: string): readonly number[];
  floats(name: string): Promise<Float32Array>;
}

/** A network under construction. Opset 18 and com.microsoft 1: kernels of the GPU providers match these versions. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly weights: readonly Weight[];
  input(name: string, dtype: DType, dims: readonly Dim[]): Value;
  output(value: Value, name: string): void;
  constant(data: Float32Array | BigInt64Array | number, dims?: readonly number[]): Value;
  weight(name: string, dtype: DType, dims: readonly number[], bytes: () => Promise<Bytes>): Value;
  /** Only ops.ts calls it: it knows the shapes. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly Shape[],
    attributes?: Attributes,
    domain?: Node["domain"],
  ): Value[];
  /** Names of nodes made in `build` begin with `name/`: errors and profiles say where they are. */
  scope<T>(name: string, build: () => T): T;
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
export const byteLength = (dtype: DType, dims: readonly number[]): number => sizeOf(dims) * TYPES[dtype].bytes;

/** What a dim is where the names in it have these sizes; throws for a name without one. */
export function dimOf(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === "number") return dim;
  const one = (word: string): number => {
    const size = /^\d+$/.test(word) ? Number(word) : sizes[word];
    if (size === undefined) throw new Error(`expected a size for ${word} of ${dim}, came [${Object.keys(sizes)}]`);
    return size;
  };
  return dim.split("+").reduce((sum, term) => {
    const [first, ...rest] = term.split(/(?=[*/])/);
    const apply = (size: number, factor: string) =>
      factor[0] === "*" ? size * one(factor.slice(1)) : Math.ceil(size / one(factor.slice(1)));
    return sum + rest.reduce(apply, one(first!));
  }, 0);
}

export function createGraph(name: string): Graph {
  const nodes: Node[] = [];
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const weights = new Map<string, Weight>();
  const names = new Set<string>();
  const scopes: string[] = [];
  let counter = 0;
  const unique = (wanted: string): string => {
    if (names.has(wanted)) throw new Error(`expected a new name in ${name}, came ${wanted}; name it otherwise`);
    names.add(wanted);
    return wanted;
  };
  const here = (op: string): string => [...scopes, `${op}_${counter++}`].join("/");
  const addWeight = (weight: Weight): Value => {
    weights.set(unique(weight.name), weight);
    return weight;
  };
  const constants = new Map<string, Value>();
  const graph: Graph = {
    name,
    nodes,
    inputs,
    outputs,
    get weights() {
      return [...weights.values()];
    },
    input(inputName, dtype, dims) {
      const value = { name: unique(inputName), dtype, dims };
      inputs.push(value);
      return value;
    },
    output(value, outputName) {
      const [named] = graph.node("Identity", [value], [value]);
      const renamed = { ...named!, name: unique(outputName) };
      nodes[nodes.length - 1] = { ...nodes.at(-1)!, outputs: [renamed] };
      outputs.push(renamed);
    },
    constant(data, dims) {
      const values = typeof data === "number" ? Float32Array.of(data) : data;
      const shape = dims ?? (typeof data === "number" ? [] : [data.length]);
      const dtype = values instanceof Float32Array ? ("f32" as const) : ("i64" as const);
      if (sizeOf(shape) !== values.length)
        throw new Error(`expected ${sizeOf(shape)} values for [${shape}], came ${values.length}`);
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      const key = `${dtype}[${shape}]${raw.length <= 256 ? raw.join() : `#${counter++}`}`;
      const known = constants.get(key);
      if (known) return known;
      const value = addWeight({
        name: here("constant"),
        dtype,
        dims: shape,
        bytes: async () => raw,
        inline: raw.length <= 4096,
      });
      constants.set(key, value);
      return value;
    },
    weight(weightName, dtype, dims, produce) {
      return addWeight({ name: weightName, dtype, dims, bytes: produce, inline: false });
    },
    node(op, nodeInputs, shapes, attributes = {}, domain = "") {
      const nodeName = here(op);
      const made = shapes.map(
        ({ dtype, dims }, i): Value => ({ name: unique(i === 0 ? nodeName : `${nodeName}.${i}`), dtype, dims }),
      );
      nodes.push({ op, domain, inputs: nodeInputs, outputs: made, attributes, name: nodeName });
      return made;
    },
    scope(scopeName, build) {
      scopes.push(scopeName);
      try {
        return build();
      } finally {
        scopes.pop();
      }
    },
  };
  return graph;
}

/** Bytes of a weight, held to what its shape says. */
export async function bytesOf(weight: Weight): Promise<Bytes> {
  const data = await weight.bytes();
  const wanted = byteLength(weight.dtype, weight.dims);
  if (data.length !== wanted) {
    throw new Error(
      `expected ${wanted} bytes for ${weight.name} ${weight.dtype} [${weight.dims}], came ${data.length}`,
    );
  }
  return data;
}

export interface Sink {
  write(bytes: Bytes): Promise<void>;
}

/** ONNX Runtime maps external data; kernels want it on cache lines. */
const ALIGNMENT = 64;

/**
 * Writes the weights to `sink`, one after another, and hands back the .onnx file that points at them under `dataFile`.
 * Needs memory for one weight.
 */
export async function saveGraph(
  graph: Graph,
  dataFile: string,
  sink: Sink,
  onBytes: (bytes: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const initializers: Bytes[] = [];
  let at = 0;
  for (const weight of graph.weights) {
    if (weight.inline) {
      initializers.push(inlineTensor(weight, await bytesOf(weight)));
      continue;
    }
    const gap = (ALIGNMENT - (at % ALIGNMENT)) % ALIGNMENT;
    if (gap > 0) await sink.write(new Uint8Array(gap));
    at += gap;
    const data = await bytesOf(weight);
    await sink.write(data);
    const entry = (key: string, value: string) => message(13, [text(1, key), text(2, value)]);
    initializers.push(
      join([
        ...tensorHead(weight),
        entry("location", dataFile),
        entry("offset", String(at)),
        entry("length", String(data.length)),
        int(14, 1),
      ]),
    );
    at += data.length;
    onBytes(data.length);
  }
  return modelBytes(graph, initializers);
}

/** The .onnx file with all weights inside: for graphs below 2 GB. */
export async function saveInline(graph: Graph): Promise<Uint8Array<ArrayBuffer>> {
  const initializers: Bytes[] = [];
  for (const weight of graph.weights) initializers.push(inlineTensor(weight, await bytesOf(weight)));
  return modelBytes(graph, initializers);
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9, external_data 13, data_location 14. */
const tensorHead = ({ name, dtype, dims }: Weight): Bytes[] => [
  ...dims.map((dim) => int(1, dim)),
  int(2, TYPES[dtype].code),
  text(8, name),
];
const inlineTensor = (weight: Weight, data: Bytes): Bytes => join([...tensorHead(weight), bytes(9, data)]);

/** ValueInfoProto: name 1, type 2 (tensor 1: element 1, shape 2, dimension 1: value 1 or name 2). */
const valueInfo = ({ name, dtype, dims }: Value): Bytes[] => [
  text(1, name),
  message(2, [
    message(1, [
      int(1, TYPES[dtype].code),
      message(
        2,
        dims.map((dim) => message(1, [typeof dim === "number" ? int(1, dim) : text(2, dim)])),
      ),
    ]),
  ]),
];

/** AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20 (1 FLOAT, 2 INT, 3 STRING, 7 INTS). */
function attribute(name: string, value: Attribute): Bytes {
  const head = text(1, name);
  if (typeof value === "number") return message(5, [head, int(3, value), int(20, 2)]);
  if (typeof value === "string") return message(5, [head, text(4, value), int(20, 3)]);
  if ("float" in value) return message(5, [head, float(2, value.float), int(20, 1)]);
  return message(5, [head, ...value.map((one) => int(8, one)), int(20, 7)]);
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7. */
const nodeBytes = ({ op, domain, inputs, outputs, attributes, name }: Node): Bytes =>
  message(1, [
    ...inputs.map((value) => text(1, value?.name ?? "")),
    ...outputs.map((value) => text(2, value.name)),
    text(3, name),
    text(4, op),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(domain === "" ? [] : [text(7, domain)]),
  ]);

/** ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8. GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
function modelBytes(graph: Graph, initializers: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  return join([
    int(1, 10),
    text(2, "foley-in-the-editor"),
    message(7, [
      ...graph.nodes.map(nodeBytes),
      text(2, graph.name),
      ...initializers.map((tensor) => bytes(5, tensor)),
      ...graph.inputs.map((value) => message(11, valueInfo(value))),
      ...graph.outputs.map((value) => message(12, valueInfo(value))),
    ]),
    message(8, [text(1, ""), int(2, 18)]),
    message(8, [text(1, "com.microsoft"), int(2, 1)]),
  ]);
}
