import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { stored } from "./stored.ts";

/**
 * What a picture shows: EfficientNet-Lite0, that is EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946, table 1) without
 * squeeze-and-excitation and with ReLU6. Tensors as lukemelas/EfficientNet-PyTorch names them.
 */
interface Stage {
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number;
  readonly outputs: number;
  readonly repeats: number;
}

const STAGES: readonly Stage[] = [
  { kernel: 3, stride: 1, expansion: 1, outputs: 16, repeats: 1 },
  { kernel: 3, stride: 2, expansion: 6, outputs: 24, repeats: 2 },
  { kernel: 5, stride: 2, expansion: 6, outputs: 40, repeats: 2 },
  { kernel: 3, stride: 2, expansion: 6, outputs: 80, repeats: 3 },
  { kernel: 5, stride: 1, expansion: 6, outputs: 112, repeats: 3 },
  { kernel: 5, stride: 2, expansion: 6, outputs: 192, repeats: 4 },
  { kernel: 3, stride: 1, expansion: 6, outputs: 320, repeats: 1 },
];
const SIDE = 224;
const EPSILON = 1e-3;

/** pixels f32 [N,3,224,224], RGB, (v - 127) / 128 -> semantic f32 [N,1000], shares of the ImageNet labels, sum 1. */
export function buildEfficientNetLite(tensors: Tensors): Graph {
  const g = createGraph("semantic");
  let x = relu6(g, normed(g, g.input("pixels", "f32", ["N", 3, SIDE, SIDE]), tensors, "_conv_stem", "_bn0", 2));
  let index = 0;
  for (const { kernel, stride, expansion, outputs, repeats } of STAGES) {
    for (let i = 0; i < repeats; i++) {
      const block = `_blocks.${index++}`;
      x = g.scope(block, () => invertedResidual(g, x, tensors, block, i === 0 ? stride : 1, expansion > 1));
      const [, channels] = x.dims;
      const [, , taps] = tensors.dims(`${block}._depthwise_conv.weight`);
      if (channels !== outputs || taps !== kernel)
        throw new Error(`expected ${outputs} channels and ${kernel} taps in ${block}, came ${channels} and ${taps}`);
    }
  }
  x = relu6(g, normed(g, x, tensors, "_conv_head", "_bn1", 1));
  const seen = op.reduceMean(g, x, [2, 3]); // [N,1280]
  const weight = op.transpose(g, stored(g, tensors, "_fc.weight"), [1, 0]);
  const logits = op.add(g, op.matMul(g, seen, weight), stored(g, tensors, "_fc.bias"));
  g.output(op.softmax(g, logits), "semantic");
  return g;
}

/** Expand 1x1, depthwise, project 1x1 without a bend; x is added where the shape stays. */
function invertedResidual(g: Graph, x: Value, tensors: Tensors, name: string, stride: number, expands: boolean): Value {
  const wide = expands ? relu6(g, normed(g, x, tensors, `${name}._expand_conv`, `${name}._bn0`, 1)) : x;
  const deep = relu6(g, normed(g, wide, tensors, `${name}._depthwise_conv`, `${name}._bn1`, stride));
  const y = normed(g, deep, tensors, `${name}._project_conv`, `${name}._bn2`, 1);
  return y.dims.join() === x.dims.join() ? op.add(g, x, y) : y;
}

const relu6 = (g: Graph, x: Value): Value => op.clip(g, x, 0, 6);

/**
 * A convolution with its batch norm folded in: W g/√(var+ε), β - mean g/√(var+ε). Padded as TensorFlow's SAME does for even
 * sizes: at stride 2 one more behind than before.
 */
function normed(g: Graph, x: Value, tensors: Tensors, conv: string, norm: string, stride: number): Value {
  const [outputs, inputs, kernel] = tensors.dims(`${conv}.weight`) as [number, number, number];
  const gains = async () => {
    const [scale, variance] = [await tensors.floats(`${norm}.weight`), await tensors.floats(`${norm}.running_var`)];
    return Float64Array.from(scale, (value, i) => value / Math.sqrt(variance[i]! + EPSILON));
  };
  const weight = stored(g, tensors, `${conv}.weight`, async (values) => {
    const gain = await gains();
    return values.map((value, i) => value * gain[Math.floor(i / (values.length / outputs))]!);
  });
  const bias = stored(g, tensors, `${norm}.bias`, async (values) => {
    const [gain, mean] = [await gains(), await tensors.floats(`${norm}.running_mean`)];
    return values.map((value, i) => value - mean[i]! * gain[i]!);
  });
  const before = Math.floor((kernel - stride) / 2);
  const behind = kernel - stride - before;
  const pads = [before, before, behind, behind];
  const group = inputs === 1 ? outputs : 1;
  return op.conv(g, x, weight, bias, { strides: [stride, stride], pads, group });
}
