import type { Graph, Tensors, Value } from "../graph/graph.ts";
import { assertSize, linear, type Matrix, matrixOf, type Precision, project, vector } from "../graph/linear.ts";
import * as op from "../graph/ops.ts";

/** Parts that the three encoders share. All take and give f32 [B,S,D]. */

export function layerNorm(g: Graph, x: Value, tensors: Tensors, prefix: string, epsilon: number): Value {
  const width = op.widthOf(x);
  return op.layerNorm(
    g,
    x,
    vector(g, tensors, `${prefix}.weight`, width),
    vector(g, tensors, `${prefix}.bias`, width),
    epsilon,
  );
}

export const mlp = (
  g: Graph,
  x: Value,
  tensors: Tensors,
  [first, second]: readonly [string, string],
  activation: (g: Graph, x: Value) => Value,
  precision: Precision,
): Value => linear(g, activation(g, linear(g, x, tensors, first, precision)), tensors, second, precision);

/** A parameter as it is, with its own dims. */
export function parameter(g: Graph, tensors: Tensors, name: string): Value {
  return g.weight(name, "f32", tensors.dims(name), async () => {
    const values = await tensors.floats(name);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  });
}

/** nn.MultiheadAttention's fused projection `in_proj_weight` [3D,D]: rows [from, to) of its three parts on x. */
export function inProjection(
  g: Graph,
  x: Value,
  tensors: Tensors,
  prefix: string,
  parts: { readonly from: number; readonly to: number },
  precision: Precision,
): Value {
  const whole = matrixOf(tensors, `${prefix}.in_proj_weight`);
  const width = whole.rows / 3;
  assertSize(tensors, `${prefix}.in_proj_bias`, whole.rows);
  const rows = [parts.from * width, parts.to * width] as const;
  const name = `${prefix}.in_proj.${parts.from}`;
  const matrix: Matrix = {
    name,
    rows: rows[1] - rows[0],
    columns: whole.columns,
    read: async () => (await whole.read()).slice(rows[0] * whole.columns, rows[1] * whole.columns),
  };
  const bias = g.weight(`${name}.bias`, "f32", [matrix.rows], async () => {
    const values = (await tensors.floats(`${prefix}.in_proj_bias`)).slice(...rows);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  });
  return project(g, x, matrix, bias, precision);
}

/** Number of entries of a list of modules: `prefix.0`, `prefix.1`, … */
export const depthOf = (tensors: Tensors, prefix: string): number =>
  1 +
  Math.max(
    -1,
    ...tensors
      .names()
      .map((name) => (name.startsWith(`${prefix}.`) ? Number.parseInt(name.slice(prefix.length + 1), 10) : -1))
      .filter((index) => Number.isInteger(index)),
  );

/** A count from a config.json; throws where it is missing or no whole number. */
export function countOf(config: unknown, key: string, file: string): number {
  const value = (config as Record<string, unknown> | null)?.[key];
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new Error(
    `expected ${key} as a whole number in ${file}, came ${JSON.stringify(value)}; use the model's own file`,
  );
}

/** Width that the heads divide. */
export function headsFit(width: number, heads: number, what: string): number {
  if (width % heads === 0) return heads;
  throw new Error(`expected ${what} with heads that divide ${width}, came ${heads}; use the model's own config`);
}
