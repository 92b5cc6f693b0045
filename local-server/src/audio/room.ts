const SAMPLE_RATE_HZ = 48_000;

/** A space that one-shots stand in: how long it rings, how dark, how far under the direct sound it lies. */
export interface Room {
  /** Time in which it falls by 60 dB. */
  readonly seconds: number;
  /** Its highest frequencies die above this one. */
  readonly dampHz: number;
  /** Level of all that comes back, against the direct sound, dB. */
  readonly levelDb: number;
  /** Before the first of it comes back. */
  readonly preSeconds: number;
}

/** A furnished room; open air with something far off that answers faintly. */
export const ROOMS = {
  in: { seconds: 0.35, dampHz: 4500, levelDb: -19, preSeconds: 0.006 },
  out: { seconds: 0.5, dampHz: 2200, levelDb: -30, preSeconds: 0.045 },
} as const satisfies Record<string, Room>;

/** Delays of the four lines, in samples at 48 kHz: primes, so that no two repeat together. */
const LINES = [1153, 1511, 1801, 2203];
/** Reflections that thicken the start of each line: all-pass delays, per output. */
const DIFFUSERS = [
  [241, 557],
  [263, 599],
];
const DIFFUSION = 0.6;

/**
 * What a room gives back of a mono sound [n], in two versions that do not resemble each other: a small feedback delay
 * network, four lines through a Hadamard matrix. Only what comes back: the direct sound is not in it.
 */
export function reverberate(sound: Float32Array, room: Room): [Float32Array, Float32Array] {
  const pre = Math.round(room.preSeconds * SAMPLE_RATE_HZ);
  const buffers = LINES.map((length) => new Float32Array(length));
  const gains = LINES.map((length) => 10 ** ((-3 * length) / (room.seconds * SAMPLE_RATE_HZ)));
  const damp = Math.exp((-2 * Math.PI * room.dampHz) / SAMPLE_RATE_HZ);
  const states = [0, 0, 0, 0];
  const out: [Float32Array, Float32Array] = [new Float32Array(sound.length), new Float32Array(sound.length)];
  const at = [0, 0, 0, 0];
  for (let n = 0; n < sound.length; n++) {
    const input = n >= pre ? sound[n - pre]! : 0;
    for (let i = 0; i < 4; i++) {
      const value = buffers[i]![at[i]!]!;
      states[i] = value + damp * (states[i]! - value);
    }
    const [a, b, c, d] = states as [number, number, number, number];
    out[0][n] = a + c;
    out[1][n] = b + d;
    const mixed = [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d];
    for (let i = 0; i < 4; i++) {
      buffers[i]![at[i]!] = input + 0.5 * gains[i]! * mixed[i]!;
      at[i] = (at[i]! + 1) % LINES[i]!;
    }
  }
  const wanted = 10 ** (room.levelDb / 20) * rms(sound);
  for (const [i, side] of out.entries()) {
    for (const delay of DIFFUSERS[i]!) diffuse(side, delay);
    const level = rms(side);
    const gain = level > 0 ? wanted / level : 0;
    for (let n = 0; n < side.length; n++) side[n]! *= gain;
  }
  return out;
}

/** An all-pass in place: every frequency stays as loud, its beginning is spread. */
function diffuse(samples: Float32Array, delay: number): void {
  const buffer = new Float32Array(delay);
  for (let n = 0; n < samples.length; n++) {
    const late = buffer[n % delay]!;
    const value = samples[n]! + DIFFUSION * late;
    samples[n] = late - DIFFUSION * value;
    buffer[n % delay] = value;
  }
}

function rms(samples: Float32Array): number {
  let power = 0;
  for (const value of samples) power += value * value;
  return Math.sqrt(power / Math.max(1, samples.length));
}
