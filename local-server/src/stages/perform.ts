import type { SoundClass, SoundEvent } from "../../protocol/index.ts";
import { applyBiquad, highShelf, lowShelf } from "../audio/biquad.ts";
import { resample } from "../audio/resample.ts";
import { createRandom, type Random } from "../random.ts";
import type { Recording } from "./bank.ts";

const SAMPLE_RATE_HZ = 48_000;
/** Loudest 50 ms of a full-strength hit, dBFS. */
export const HIT_LEVEL_DB = -20;
/** A light touch against a full blow; narrow, because strength is only guessed from the motion. */
const STRENGTH_RANGE_DB = 8;
/** Seeded variation that stays believable. */
const TIME_JITTER_SECONDS = 0.003;
const PITCH_JITTER_SEMITONES = 0.3;
const LEVEL_JITTER_DB = 1;
const TONE_JITTER_DB = 3;
/** A light touch has so much less above 4 kHz than a full blow, besides being softer. */
const DULLER_DB = 6;
const CHOKE_SECONDS = 0.008;

/** The stretch to fill: its start on the range's clock and its length. */
export interface Span {
  readonly startSeconds: number;
  readonly sampleCount: number;
}

/** Where a recording sounds, seconds of the range. */
export interface Sounding {
  readonly recording: string;
  readonly from: number;
  readonly to: number;
}

/** A recording with what its class says of its tail. */
export interface Voice {
  readonly recording: Recording;
  readonly tail: SoundClass["tail"];
}

/**
 * Lays one-shots on events so that each recording's attack falls on its event. Level, brightness and weight follow the
 * strength; no recording is used twice in a row; time, pitch, level and tone vary a little by the event's own seed. An event
 * that names its sound gets that one where `known` has it; a muted one stays in the list and is not heard.
 */
export function performAction(
  events: readonly SoundEvent[],
  recordings: readonly Recording[],
  tail: SoundClass["tail"],
  span: Span,
  random: Random,
  known: ReadonlyMap<string, Voice> = new Map(),
): { sound: Float32Array; events: SoundEvent[]; soundings: Sounding[] } {
  const out = new Float32Array(span.sampleCount);
  const pick = alternate(recordings, random);
  const performed: SoundEvent[] = [];
  const soundings: Sounding[] = [];
  for (const [i, event] of events.entries()) {
    const drawn = random.bits();
    const named = event.sound === null ? undefined : known.get(event.sound);
    if (!named && recordings.length === 0) continue;
    const voice = named ?? { recording: pick(event.strength), tail };
    const variation = event.variation ?? drawn;
    performed.push({ ...event, sound: voice.recording.id, variation });
    if (event.muted) continue;
    const own = createRandom(variation);
    const shot = vary(voice.recording, event.strength, event.gainDb ?? 0, own);
    const jitter = (2 * own.next() - 1) * TIME_JITTER_SECONDS;
    const start = Math.round((event.time + jitter - span.startSeconds) * SAMPLE_RATE_HZ) - shot.onset;
    const next = events.slice(i + 1).find(({ muted }) => !muted);
    const limit =
      next && voice.tail === "choke"
        ? Math.round((next.time - span.startSeconds) * SAMPLE_RATE_HZ) - start
        : Number.POSITIVE_INFINITY;
    mixChoked(out, shot.samples, start, limit);
    const from = span.startSeconds + start / SAMPLE_RATE_HZ;
    const to = from + Math.min(shot.samples.length, limit) / SAMPLE_RATE_HZ;
    soundings.push({ recording: voice.recording.id, from, to });
  }
  return { sound: out, events: performed, soundings };
}

/** Round robin in seeded order: of the next three, the one whose weight suits the strength best. */
function alternate(recordings: readonly Recording[], random: Random): (strength: number) => Recording {
  const queue = [...recordings];
  for (let i = queue.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [queue[i], queue[j]] = [queue[j]!, queue[i]!];
  }
  const heaviness = { light: 0.2, medium: 0.5, heavy: 0.9 };
  return (strength) => {
    // The one just played stands last; with four or more it is never among the next three.
    const ahead = queue.slice(0, Math.max(1, Math.min(3, queue.length - 1)));
    const misfit = ({ weight }: Recording) => Math.abs(heaviness[weight] - strength);
    const chosen = ahead.reduce((a, b) => (misfit(b) < misfit(a) - 0.25 ? b : a));
    queue.splice(queue.indexOf(chosen), 1);
    queue.push(chosen);
    return chosen;
  };
}

/** A recording as performed once: level and brightness by strength, small seeded changes of pitch and tone. */
function vary(
  recording: Recording,
  strength: number,
  gainDb: number,
  random: Random,
): { samples: Float32Array; onset: number } {
  const around = (range: number) => (2 * random.next() - 1) * range;
  const ratio = 2 ** (-around(PITCH_JITTER_SEMITONES) / 12);
  const low = lowShelf(250, SAMPLE_RATE_HZ, around(TONE_JITTER_DB));
  const high = highShelf(4000, SAMPLE_RATE_HZ, around(TONE_JITTER_DB) - DULLER_DB * (1 - strength));
  const levelDb =
    HIT_LEVEL_DB - recording.loudnessDb - STRENGTH_RANGE_DB * (1 - strength) + around(LEVEL_JITTER_DB) + gainDb;
  const gain = 10 ** (levelDb / 20);
  const samples = applyBiquad(applyBiquad(resample(recording.samples, ratio), low), high);
  for (let n = 0; n < samples.length; n++) samples[n]! *= gain;
  return { samples, onset: Math.round(recording.onset * ratio) };
}

/** Adds a sound at a sample (which may lie before 0), cut short by a fade that ends at `limit` samples after its start. */
function mixChoked(out: Float32Array, sound: Float32Array, start: number, limit: number): void {
  const length = Math.min(sound.length, limit);
  const fade = length < sound.length ? Math.min(length, Math.round(CHOKE_SECONDS * SAMPLE_RATE_HZ)) : 0;
  for (let n = Math.max(0, -start); n < length && start + n < out.length; n++) {
    const left = length - n;
    const gain = left < fade ? 0.5 - 0.5 * Math.cos((Math.PI * left) / fade) : 1;
    out[start + n]! += gain * sound[n]!;
  }
}
