import { createGraph, type Dim, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import { assertSize, vector } from "../graph/linear.ts";
import * as op from "../graph/ops.ts";

/**
 * The sound codec of HunyuanVideo-Foley: DAC (Kumar et al. 2023, arXiv 2306.06546) with a continuous, Gaussian latent space
 * (models/dac_vae/model/dac.py of the public code). C latent channels, one latent every `hop` samples.
 */
export interface DacShape {
  /** Factors of the decoder, first to last; the encoder's are their mirror. */
  readonly decoderRates: readonly number[];
  readonly encoderRates: readonly number[];
  readonly channels: number;
  readonly hop: number;
  readonly sampleRate: number;
}

/** `kwargs` is the checkpoint's metadata.kwargs; throws where it or the tensors say something else than this network. */
export function dacShape(tensors: Tensors, kwargs: unknown): DacShape {
  const {
    encoder_rates: encoderRates,
    decoder_rates: decoderRates,
    sample_rate: sampleRate,
    continuous,
  } = (kwargs ?? {}) as Record<string, unknown>;
  const isRates = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one) && one >= 1);
  if (!isRates(encoderRates) || !isRates(decoderRates) || continuous !== true || sampleRate !== 48_000) {
    const came = JSON.stringify(kwargs, (_, value) => (typeof value === "bigint" ? String(value) : value));
    throw new Error(`expected metadata.kwargs of a continuous codec at 48 kHz, came ${came}; use vae_128d_48k.pth`);
  }
  const hop = decoderRates.reduce((a, b) => a * b);
  if (encoderRates.reduce((a, b) => a * b) !== hop) {
    throw new Error(`expected encoder and decoder of one hop, came [${encoderRates}] and [${decoderRates}]`);
  }
  return { encoderRates, decoderRates, channels: tensors.dims("post_quant_conv.weight")[0]!, hop, sampleRate };
}

/** latents [B,C,L] -> audio [B,1,hop L] */
export function buildDacDecoder(tensors: Tensors, { channels, decoderRates }: DacShape): Graph {
  const g = createGraph("decoder");
  let x = g.input("latents", "f32", ["B", channels, "L"]);
  x = plainConv(g, x, tensors, "post_quant_conv");
  x = normedConv(g, x, tensors, "decoder.model.0", { pad: 3 });
  let length: Dim = "L";
  for (const [i, stride] of decoderRates.entries()) {
    const block = `decoder.model.${i + 1}.block`;
    length = `${length}*${stride}`;
    x = snake(g, x, tensors, `${block}.0`);
    x = upsampled(g, x, tensors, `${block}.1`, stride, length);
    for (const [k, dilation] of DILATIONS.entries())
      x = residualUnit(g, x, tensors, `${block}.${k + 2}.block`, dilation);
  }
  const last = decoderRates.length + 1;
  x = snake(g, x, tensors, `decoder.model.${last}`);
  x = normedConv(g, x, tensors, `decoder.model.${last + 1}`, { pad: 3 });
  g.output(op.tanh(g, x), "audio");
  return g;
}

/** audio [B,1,S], S a whole number of hops -> latents [B,C,S/hop], the mean, and logvar, the logarithm of its variance. */
export function buildDacEncoder(tensors: Tensors, { channels, encoderRates }: DacShape): Graph {
  const g = createGraph("encoder");
  let x = g.input("audio", "f32", ["B", 1, "S"]);
  x = normedConv(g, x, tensors, "encoder.block.0", { pad: 3 });
  let length = "S";
  for (const [i, stride] of encoderRates.entries()) {
    const block = `encoder.block.${i + 1}.block`;
    for (const [k, dilation] of DILATIONS.entries()) x = residualUnit(g, x, tensors, `${block}.${k}.block`, dilation);
    x = snake(g, x, tensors, `${block}.3`);
    length = `${length}/${stride}`;
    x = normedConv(g, x, tensors, `${block}.4`, { pad: Math.ceil(stride / 2), stride, length });
  }
  const last = encoderRates.length + 1;
  x = snake(g, x, tensors, `encoder.block.${last}`);
  x = normedConv(g, x, tensors, `encoder.block.${last + 1}`, { pad: 1 });
  const [mean, logvar] = op.split(g, plainConv(g, x, tensors, "quant_conv"), [channels, channels], 1);
  g.output(mean!, "latents");
  g.output(op.clip(g, logvar!, -30, 20), "logvar");
  return g;
}

const DILATIONS = [1, 3, 9];
/** What three residual units see to each side: kernels of 7 at dilations 1, 3 and 9. */
const UNITS_REACH = 39;

/** Latents to each side that a piece needs to be equal to the whole. */
export function dacContext({ decoderRates, encoderRates, hop }: DacShape): { decoder: number; encoder: number } {
  // A latent sees three to each side; every further reach counts in latents of its own rate.
  let decoder = 3;
  let rate = 1;
  for (const stride of decoderRates) {
    decoder += 1 / rate;
    rate *= stride;
    decoder += UNITS_REACH / rate;
  }
  let samples = 3;
  let step = 1;
  for (const stride of encoderRates) {
    samples += UNITS_REACH * step + 2 * stride * step;
    step *= stride;
  }
  return { decoder: Math.ceil(decoder + 3 / rate), encoder: Math.ceil((samples + hop) / hop) };
}

/** x + conv1(snake(conv7(snake(x)))) */
function residualUnit(g: Graph, x: Value, tensors: Tensors, prefix: string, dilation: number): Value {
  let y = snake(g, x, tensors, `${prefix}.0`);
  y = normedConv(g, y, tensors, `${prefix}.1`, { pad: 3 * dilation, dilation });
  y = snake(g, y, tensors, `${prefix}.2`);
  return op.add(g, x, normedConv(g, y, tensors, `${prefix}.3`, { pad: 0 }));
}

/** x + sin²(αx) / α, α a channel (Ziyin et al. 2020). */
function snake(g: Graph, x: Value, tensors: Tensors, prefix: string): Value {
  const name = `${prefix}.alpha`;
  const channels = x.dims[1] as number;
  assertSize(tensors, name, channels);
  const weight = (suffix: string, of: (alpha: number) => number) =>
    g.weight(name + suffix, "f32", [1, channels, 1], async () => bytesOf((await tensors.floats(name)).map(of)));
  const wave = op.sin(
    g,
    op.mul(
      g,
      x,
      weight("", (alpha) => alpha),
    ),
  );
  return op.add(
    g,
    x,
    op.mul(
      g,
      op.mul(g, wave, wave),
      weight(".inverse", (alpha) => 1 / (alpha + 1e-9)),
    ),
  );
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const biasOf = (g: Graph, tensors: Tensors, prefix: string, size: number): Value =>
  vector(g, tensors, `${prefix}.bias`, size);

function plainConv(g: Graph, x: Value, tensors: Tensors, prefix: string): Value {
  const dims = tensors.dims(`${prefix}.weight`);
  const weight = g.weight(`${prefix}.weight`, "f32", dims, async () =>
    bytesOf(await tensors.floats(`${prefix}.weight`)),
  );
  return op.conv(g, x, weight, biasOf(g, tensors, prefix, dims[0]!));
}

/** Weight norm folded: w = g v / |v|, the norm over all axes but the first (Salimans & Kingma 2016). */
function foldedWeight(g: Graph, tensors: Tensors, prefix: string): Value {
  const dims = tensors.dims(`${prefix}.weight_v`);
  assertSize(tensors, `${prefix}.weight_g`, dims[0]!);
  return g.weight(`${prefix}.weight`, "f32", dims, async () => {
    const scale = await tensors.floats(`${prefix}.weight_g`);
    const out = (await tensors.floats(`${prefix}.weight_v`)).slice();
    const per = out.length / dims[0]!;
    for (let row = 0; row < dims[0]!; row++) {
      let power = 0;
      for (let i = row * per; i < (row + 1) * per; i++) power += out[i]! * out[i]!;
      const factor = scale[row]! / Math.sqrt(power);
      for (let i = row * per; i < (row + 1) * per; i++) out[i] = out[i]! * factor;
    }
    return bytesOf(out);
  });
}

function normedConv(
  g: Graph,
  x: Value,
  tensors: Tensors,
  prefix: string,
  { pad, dilation = 1, stride = 1, length }: { pad: number; dilation?: number; stride?: number; length?: Dim },
): Value {
  const weight = foldedWeight(g, tensors, prefix);
  const bias = biasOf(g, tensors, prefix, weight.dims[0] as number);
  const options = { pads: [pad, pad], dilations: [dilation], strides: [stride] };
  return op.conv(g, x, weight, bias, options, length === undefined ? undefined : [length]);
}

/** [B,C,L] -> [B,C/2,stride L] */
function upsampled(g: Graph, x: Value, tensors: Tensors, prefix: string, stride: number, length: Dim): Value {
  const weight = foldedWeight(g, tensors, prefix);
  const pad = Math.ceil(stride / 2);
  const options = { stride, pads: [pad, pad] as const, outputPadding: stride % 2 };
  return op.convTranspose(g, x, weight, biasOf(g, tensors, prefix, weight.dims[1] as number), options, length);
}
