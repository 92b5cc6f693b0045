import type { Waveform } from "../pipeline/types.ts";
import type { Biquad } from "./biquad.ts";
import { truePeakDb } from "./true-peak.ts";

/** Integrated loudness after ITU-R BS.1770-4 (mono and stereo: both channels weigh 1), gates as in EBU R 128. */
const BLOCK_SECONDS = 0.4;
const HOP_SECONDS = 0.1;
const ABSOLUTE_GATE_LUFS = -70;
const RELATIVE_GATE_LU = -10;

/**
 * The two K-weighting filters. BS.1770 prints them for 48 kHz only; these are the analogue prototypes behind them
 * (constants as in libebur128), which give the printed coefficients at 48 kHz to nine places.
 */
export function kWeighting(sampleRate: number): readonly [Biquad, Biquad] {
  const headQ = 0.7071752369554196;
  const headK = Math.tan((Math.PI * 1681.974450955533) / sampleRate);
  const high = 10 ** (3.999843853973347 / 20);
  const band = high ** 0.4996667741545416;
  const headA0 = 1 + headK / headQ + headK * headK;
  const lowQ = 0.5003270373238773;
  const lowK = Math.tan((Math.PI * 38.13547087602444) / sampleRate);
  const lowA0 = 1 + lowK / lowQ + lowK * lowK;
  return [
    {
      b0: (high + (band * headK) / headQ + headK * headK) / headA0,
      b1: (2 * (headK * headK - high)) / headA0,
      b2: (high - (band * headK) / headQ + headK * headK) / headA0,
      a1: (2 * (headK * headK - 1)) / headA0,
      a2: (1 - headK / headQ + headK * headK) / headA0,
    },
    { b0: 1, b1: -2, b2: 1, a1: (2 * (lowK * lowK - 1)) / lowA0, a2: (1 - lowK / lowQ + lowK * lowK) / lowA0 },
  ];
}

/** K-weighted energy of each 100 ms hop of one channel, added to `hops`: [floor(n / hop)]. One pass, f64 state. */
function addHopEnergies(samples: Float32Array, sampleRate: number, hopSamples: number, hops: Float64Array): void {
  const [head, low] = kWeighting(sampleRate);
  let h1 = 0;
  let h2 = 0;
  let l1 = 0;
  let l2 = 0;
  for (let hop = 0; hop < hops.length; hop++) {
    let energy = 0;
    for (let n = hop * hopSamples; n < (hop + 1) * hopSamples; n++) {
      const x = samples[n]!;
      const y = head.b0 * x + h1;
      h1 = head.b1 * x - head.a1 * y + h2;
      h2 = head.b2 * x - head.a2 * y;
      const z = low.b0 * y + l1;
      l1 = low.b1 * y - low.a1 * z + l2;
      l2 = low.b2 * y - low.a2 * z;
      energy += z * z;
    }
    hops[hop] = hops[hop]! + energy;
  }
}

/**
 * Mean square of each 400 ms block (75 % overlap), summed over the channels: [blocks]. A last block that is not
 * full is dropped, as BS.1770 says; so is everything where the waveform is shorter than one block.
 */
function blockPowers({ channels, sampleRate }: Waveform): Float64Array {
  const hopSamples = Math.round(HOP_SECONDS * sampleRate);
  const hopsPerBlock = Math.round(BLOCK_SECONDS / HOP_SECONDS);
  const hops = new Float64Array(Math.floor((channels[0]?.length ?? 0) / hopSamples));
  for (const samples of channels) addHopEnergies(samples, sampleRate, hopSamples, hops);
  const powers = new Float64Array(Math.max(0, hops.length - hopsPerBlock + 1));
  for (let block = 0; block < powers.length; block++) {
    let energy = 0;
    for (let hop = block; hop < block + hopsPerBlock; hop++) energy += hops[hop]!;
    powers[block] = energy / (hopsPerBlock * hopSamples);
  }
  return powers;
}

const lufsOfPower = (power: number): number => -0.691 + 10 * Math.log10(power);

/** Gated loudness of block powers after a gain; null when no block passes the gates. */
function gatedLufs(powers: Float64Array, gainDb = 0): number | null {
  const gain = 10 ** (gainDb / 10);
  const meanAbove = (gateLufs: number): number | null => {
    let sum = 0;
    let count = 0;
    for (const power of powers) {
      if (power === 0 || lufsOfPower(power * gain) <= gateLufs) continue;
      sum += power * gain;
      count++;
    }
    return count === 0 ? null : lufsOfPower(sum / count);
  };
  const ungated = meanAbove(ABSOLUTE_GATE_LUFS);
  return ungated === null ? null : meanAbove(Math.max(ABSOLUTE_GATE_LUFS, ungated + RELATIVE_GATE_LU));
}

/**
 * Integrated loudness in LUFS; null for silence, for what lies wholly under -70 LUFS and for less than 400 ms, which
 * has no BS.1770 loudness.
 */
export const integratedLoudness = (waveform: Waveform): number | null => gatedLufs(blockPowers(waveform));

/** The static gain of a take, and the levels after it. */
export interface Level {
  readonly gainDb: number;
  /** LUFS after the gain, null where there is none (see `integratedLoudness`). */
  readonly lufs: number | null;
  /** dBTP after the gain, null for digital silence. */
  readonly truePeakDb: number | null;
  /** `peak`: the ceiling made the gain lower than the target (or 0 dB) asks for. */
  readonly limitedBy: "none" | "peak";
}

/**
 * The one gain that brings a waveform to a loudness without passing the true-peak ceiling: peaks are never squashed.
 * Without a target, or where the waveform has no loudness, the gain only ever lowers.
 */
export function levelGain(options: { waveform: Waveform; lufs?: number; truePeakCeilingDb: number }): Level {
  const { waveform, lufs: target, truePeakCeilingDb } = options;
  const peakDb = truePeakDb(waveform);
  const powers = blockPowers(waveform);
  const before = gatedLufs(powers);
  if (peakDb === Number.NEGATIVE_INFINITY) return { gainDb: 0, lufs: null, truePeakDb: null, limitedBy: "none" };
  let wantedDb = 0;
  if (target !== undefined && before !== null) {
    wantedDb = target - before;
    // A gain can carry quiet blocks over the absolute gate: once more on what it makes of the blocks.
    wantedDb += target - (gatedLufs(powers, wantedDb) ?? target);
  }
  const roomDb = truePeakCeilingDb - peakDb;
  const gainDb = Math.min(wantedDb, roomDb);
  return {
    gainDb,
    lufs: gatedLufs(powers, gainDb),
    truePeakDb: peakDb + gainDb,
    limitedBy: roomDb < wantedDb ? "peak" : "none",
  };
}

/** Multiplies all channels in place. */
export function applyGain({ channels }: Waveform, gainDb: number): void {
  const gain = 10 ** (gainDb / 20);
  if (gain === 1) return;
  for (const samples of channels) for (let n = 0; n < samples.length; n++) samples[n] = samples[n]! * gain;
}
