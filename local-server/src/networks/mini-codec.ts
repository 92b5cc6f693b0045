import { createGraph, type Graph, type Tensors, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { linear, stored } from "./stored.ts";

/**
 * foley-mini's codec (models/foley-mini/training/codec_model.py and codec_features.py): latents are measured, not learned
 * (log-mel at two resolutions and a fine envelope, rotated by PCA); the decoder is ConvNeXt blocks and inverse Fourier
 * transforms (Vocos; Siuzdak 2023, arXiv 2306.00814) of tone, noise and clicks, then a gain every 30 samples. L latents of 960
 * samples, T = 4 L frames.
 */
const HOP = 960;
const EPSILON = 1e-5;
/** Samples a frame, four of which make a window; samples of a click's step; samples a gain holds for. */
const STEP = 240;
const CLICK_STEP = 60;
const GAIN_STEP = 30;
const GAIN_LIMIT_NEPERS = 4;
/** Largest logarithm of a magnitude, and how far the three kinds lie under it. */
const MOST_LOG = 6;
const UNDER = { tone: -1, hiss: -3, click: -6 };
const POWER_FLOOR = 3e-9;
/** log-mel bands of a long window, of four short ones, and log energies of sixteen steps of 60 samples in two signals. */
const LONG = { window: 2048, hop: HOP };
const SHORT = { window: 512, hop: 240 };

/** latents f32 [1,64,L] -> audio [1,1,960 L] */
export function buildMiniDecoder(tensors: Tensors): Graph {
  const g = createGraph("decoder");
  const latents = g.input("latents", "f32", [1, tensors.dims("first.weight")[1]!, "L"]);
  const first = op.conv(g, latents, stored(g, tensors, "first.weight"), stored(g, tensors, "first.bias"), {
    pads: [3, 3],
  });
  let x = blocks(g, byTime(g, first), tensors, "slow"); // [1,L,C]
  const spread = linear(g, x, tensors, "spread");
  x = op.reshape(g, spread, [1, "L*4", op.widthOf(spread) / 4]);
  x = blocks(g, x, tensors, "fast");
  x = op.layerNorm(g, x, stored(g, tensors, "norm.weight"), stored(g, tensors, "norm.bias"), EPSILON);
  const bins = 2 * STEP + 1;
  const clickBins = 2 * CLICK_STEP + 1;
  const sizes = [bins, bins, bins, STEP / GAIN_STEP, (2 * clickBins * STEP) / CLICK_STEP];
  const [tone, phase, hiss, gains, clicks] = op.split(g, linear(g, x, tensors, "head"), sizes, 2);
  const bases = fourierBases(g, 4 * STEP);
  const window = stored(g, tensors, "window");
  const noise = g.scope("noise", () => noiseSpectrum(g, latents, tensors, window, bases));
  const loudness = magnitude(g, hiss!, UNDER.hiss);
  const turned = turnedBy(g, magnitude(g, tone!, UNDER.tone), phase!);
  const spectrum = {
    re: op.add(g, turned.re, op.mul(g, loudness, noise.re)),
    im: op.add(g, turned.im, op.mul(g, loudness, noise.im)),
  };
  const sustained = g.scope("sustained", () => overlapAdd(g, spectrum, window, bases, "L*4"));
  const each = op.reshape(g, clicks!, [1, `L*${HOP / CLICK_STEP}`, 2 * clickBins]);
  const [click, turn] = op.split(g, each, [clickBins, clickBins], 2);
  const snap = turnedBy(g, magnitude(g, click!, UNDER.click), turn!);
  const short = stored(g, tensors, "click_window");
  const sharp = g.scope("clicks", () =>
    overlapAdd(g, snap, short, fourierBases(g, 4 * CLICK_STEP), `L*${HOP / CLICK_STEP}`),
  );
  const audio = op.mul(g, op.add(g, sustained, sharp), gain(g, gains!, tensors));
  g.output(op.unsqueeze(g, audio, 1), "audio");
  return g;
}

/** audio f32 [1,1,S], S a whole number of hops -> latents [1,64,L] */
export function buildMiniEncoder(tensors: Tensors): Graph {
  const g = createGraph("encoder");
  const audio = op.squeeze(g, g.input("audio", "f32", [1, 1, "S"]), 1); // [1,S]
  const long = logMel(g, audio, tensors, "long", LONG, "L");
  const short = logMel(g, audio, tensors, "short", SHORT, "L*4");
  const fine = g.scope("envelope", () => envelope(g, audio)); // [1,L,32]
  const together = op.reshape(g, short, [1, "L", 4 * op.widthOf(short)]);
  const features = op.mul(g, op.concat(g, [long, together, fine], 2), stored(g, tensors, "features.weights"));
  const centred = op.sub(g, features, stored(g, tensors, "mean"));
  g.output(byTime(g, op.matMul(g, centred, stored(g, tensors, "rotation"))), "latents");
  return g;
}

const byTime = (g: Graph, x: Value): Value => op.transpose(g, x, [0, 2, 1]);

/** ConvNeXt (Liu et al. 2022, arXiv 2201.03545), x [1,T,C]. */
function blocks(g: Graph, x: Value, tensors: Tensors, name: string): Value {
  let y = x;
  for (let i = 0; tensors.has(`${name}.${i}.scale`); i++) {
    const own = (part: string) => stored(g, tensors, `${name}.${i}.${part}`);
    y = g.scope(`${name}_${i}`, () => {
      const around = { pads: [3, 3], group: op.widthOf(y) };
      const near = byTime(g, op.conv(g, byTime(g, y), own("near.weight"), own("near.bias"), around));
      const normed = op.layerNorm(g, near, own("norm.weight"), own("norm.bias"), EPSILON);
      const wide = op.geluTanh(g, linear(g, normed, tensors, `${name}.${i}.up`));
      return op.add(g, y, op.mul(g, linear(g, wide, tensors, `${name}.${i}.down`), own("scale")));
    });
  }
  return y;
}

interface Complex {
  readonly re: Value;
  readonly im: Value;
}

const magnitude = (g: Graph, log: Value, under: number): Value =>
  op.exp(g, op.add(g, op.atMost(g, log, MOST_LOG), g.constant(under)));
const turnedBy = (g: Graph, size: Value, angle: Value): Complex => ({
  re: op.mul(g, size, op.cos(g, angle)),
  im: op.mul(g, size, op.sin(g, angle)),
});

/** cos and sin of 2π n k / N, each [N,N/2+1]: worked out when the graph is loaded, from 4 N bytes. Products stay exact below 2^24. */
function fourierBases(g: Graph, size: number): Complex {
  const counts = Float32Array.from({ length: size }, (_, n) => n);
  const rows = g.constant(counts, [size, 1]);
  const columns = g.constant(counts.subarray(0, size / 2 + 1), [1, size / 2 + 1]);
  const turns = op.mul(g, op.mod(g, op.mul(g, rows, columns), g.constant(size)), g.constant((2 * Math.PI) / size));
  return { re: op.cos(g, turns), im: op.sin(g, turns) };
}

/** White noise that is a function of the latents, so that chunks agree: its spectrum a frame, [1,T,bins]. */
function noiseSpectrum(g: Graph, latents: Value, tensors: Tensors, window: Value, bases: Complex): Complex {
  const mixed = op.matMul(g, byTime(g, latents), stored(g, tensors, "hash_weight"));
  const noise = op.sin(g, op.add(g, mixed, stored(g, tensors, "hash_phase"))); // [1,L,960]
  const edge = (3 * STEP) / 2;
  const padded = op.pad(g, op.reshape(g, noise, [1, `L*${HOP}`]), 1, edge, edge);
  const steps = op.reshape(g, padded, [1, "L*4+3", STEP]);
  const four = [0, 1, 2, 3].map((i) => op.slice(g, steps, 1, i, i === 3 ? null : i - 3, "L*4"));
  const framed = op.mul(g, op.concat(g, four, 2), window);
  const part = (basis: Value, factor: number) => op.mul(g, op.matMul(g, framed, basis), g.constant(factor / 13));
  return { re: part(bases.re, 1), im: part(bases.im, -1) };
}

/** Spectra [1,frames,bins] -> [1,S] by inverse transforms, windowed and added up, a quarter of a window apart. */
function overlapAdd(g: Graph, { re, im }: Complex, window: Value, bases: Complex, frames: string): Value {
  const size = op.widthOf(window);
  const [step, bins] = [size / 4, size / 2 + 1];
  const twice = g.constant(Float32Array.from({ length: bins }, (_, k) => (k === 0 || k === bins - 1 ? 1 : 2) / size));
  const back = (part: Value, basis: Value) => op.matMul(g, op.mul(g, part, twice), op.transpose(g, basis, [1, 0]));
  const scaled = op.mul(g, window, g.constant(size / 64 / 1.5));
  const framed = op.mul(g, op.sub(g, back(re, bases.re), back(im, bases.im)), scaled);
  const quarters = op.split(g, framed, [step, step, step, step], 2);
  const total = quarters
    .map((quarter, i) => op.pad(g, quarter, 1, i, 3 - i, `${frames}+3`))
    .reduce((a, b) => op.add(g, a, b));
  const edge = (3 * step) / 2;
  return op.slice(g, op.reshape(g, total, [1, `${frames}*${step}+${3 * step}`]), 1, edge, -edge, `L*${HOP}`);
}

/** Logarithms [1,T,8] -> factors [1,S], straight lines between them. */
function gain(g: Graph, raw: Value, tensors: Tensors): Value {
  const limit = g.constant(GAIN_LIMIT_NEPERS);
  const held = op.mul(g, op.tanh(g, op.div(g, raw, limit)), limit);
  const count = `L*${HOP / GAIN_STEP}`;
  const now = op.reshape(g, held, [1, count]);
  const first = op.slice(g, now, 1, 0, 1);
  const last = op.slice(g, now, 1, -1, null, 1);
  const past = op.slice(g, op.concat(g, [first, now], 1), 1, 0, -1, count);
  const next = op.slice(g, op.concat(g, [now, last], 1), 1, 1, null, count);
  const three = op.concat(
    g,
    [past, now, next].map((one) => op.unsqueeze(g, one, 2)),
    2,
  );
  return op.reshape(g, op.exp(g, op.matMul(g, three, stored(g, tensors, "ramp"))), [1, `L*${HOP}`]);
}

const log = (g: Graph, power: Value): Value => op.log(g, op.add(g, power, g.constant(POWER_FLOOR)));

/** audio [1,S] -> natural log of the power in each band, [1,frames,bands] */
function logMel(g: Graph, audio: Value, tensors: Tensors, name: string, size: typeof LONG, frames: string): Value {
  const edge = (size.window - size.hop) / 2;
  const padded = op.unsqueeze(g, op.pad(g, audio, 1, edge, edge), 2); // [1,S,1]
  const spectrum = op.stft(g, padded, size.hop, stored(g, tensors, `features.window_${name}`), frames); // [1,frames,bins,2]
  const power = op.reduceSum(g, op.mul(g, spectrum, spectrum), [3]);
  return log(g, op.matMul(g, power, stored(g, tensors, `features.mel_${name}`)));
}

/** Log energy of the signal and of its difference in windows of 120 samples every 60: [1,L,32]. */
function envelope(g: Graph, audio: Value): Value {
  const before = op.slice(g, op.pad(g, audio, 1, 1, 0, "S+1"), 1, 0, -1, "S");
  const pair = op.concat(
    g,
    [audio, op.sub(g, audio, before)].map((one) => op.unsqueeze(g, one, 1)),
    1,
  ); // [1,2,S]
  const padded = op.pad(g, op.mul(g, pair, pair), 2, CLICK_STEP / 2, CLICK_STEP / 2);
  const means = op.averagePool(g, padded, [2 * CLICK_STEP], [CLICK_STEP], ["L*16"]); // [1,2,16 L]
  return op.reshape(g, log(g, byTime(g, means)), [1, "L", 32]);
}
