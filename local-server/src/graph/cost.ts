import { type Dim, dimOf, type Graph } from "./graph.ts";

/**
 * Arithmetic of a graph in GFLOP for given sizes of its named dims: what its matrix products, convolutions and attentions
 * cost (a multiply and an add are two); everything else is small beside them.
 */
export function gflopOf(graph: Graph, sizes: Readonly<Record<string, number>>): number {
  const size = (dim: Dim): number => dimOf(dim, sizes);
  const all = (dims: readonly Dim[]): number => dims.reduce<number>((product, dim) => product * size(dim), 1);
  let flop = 0;
  for (const { op, inputs, outputs } of graph.nodes) {
    const out = outputs[0]!.dims;
    if (op === "MatMul" || op === "DynamicQuantizeMatMul" || op === "MatMulNBits") {
      flop += 2 * all(out) * size(inputs[0]!.dims.at(-1)!);
    } else if (op === "Conv" || op === "ConvTranspose") {
      flop += (2 * all(out) * all(inputs[1]!.dims)) / size(inputs[1]!.dims[op === "Conv" ? 0 : 1]!);
    } else if (op === "MultiHeadAttention") {
      flop += 4 * all(out) * size(inputs[1]!.dims[1]!);
    }
  }
  return flop / 1e9;
}
