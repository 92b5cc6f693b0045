import type { EventKind, SoundEvent, SyncEvents } from "../../protocol/index.ts";

/** What the sync net says of its frames: [T,4] (probability, intensity, x, y) and, where it tells kinds, their shares [T,kinds]. */
export interface Activity {
  readonly activations: Float32Array;
  readonly kinds: { readonly names: readonly EventKind[]; readonly shares: Float32Array } | null;
}

/**
 * Peaks of the onset probability as events; activity at `times` [T] seconds.
 * A peak is a local maximum above the threshold; the higher of two closer than the gap wins; the time is refined by the
 * parabola through the peak and its neighbours, so it is finer than a frame, and moved by the net's measured latency.
 * Mirrors models/foley-mini/training/sync_peaks.py.
 */
export function findEvents(activity: Activity, times: Float64Array, peaks: SyncEvents["peaks"]): SoundEvent[] {
  const { activations } = activity;
  const count = times.length;
  const probability = (i: number) => activations[4 * i]!;
  const candidates: number[] = [];
  for (let i = 0; i < count; i++) {
    const rising = i === 0 || probability(i) >= probability(i - 1);
    const falling = i === count - 1 || probability(i) > probability(i + 1);
    if (probability(i) >= peaks.threshold && rising && falling) candidates.push(i);
  }
  candidates.sort((a, b) => probability(b) - probability(a));
  const kept: number[] = [];
  for (const i of candidates) {
    if (kept.every((other) => Math.abs(times[i]! - times[other]!) >= peaks.minGapSeconds)) kept.push(i);
  }
  return kept.sort((a, b) => a - b).map((i) => eventAt(activity, times, i, peaks.latencySeconds));
}

/**
 * The events, or none where it is likelier that nothing hits at all: what their confidences leave open, multiplied, is more
 * than a half. One doubtful moment by itself is a camera put at rest or a flicker as often as a hit.
 */
export function likelyEvents(events: readonly SoundEvent[]): readonly SoundEvent[] {
  const nothing = events.reduce((open, { confidence }) => open * (1 - confidence), 1);
  return nothing > 0.5 ? [] : events;
}

/** Below this a moment is no candidate, however much the words want one. */
const LEAST_PROBABILITY = 0.1;

/**
 * The likelier moments inside the range: peaks of at least half the height of the highest. For words that name a sound when
 * no event is sure: faint footsteps still rise over the stillness between them.
 */
export function unsureEvents(
  activity: Activity,
  times: Float64Array,
  peaks: SyncEvents["peaks"],
  seconds: number,
): SoundEvent[] {
  const inside = (time: number) => time >= 0 && time < seconds;
  const all = findEvents(activity, times, { ...peaks, threshold: LEAST_PROBABILITY });
  const candidates = all.filter(({ time }) => inside(time));
  const highest = Math.max(...candidates.map(({ confidence }) => confidence));
  return candidates.filter(({ confidence }) => confidence >= highest / 2);
}

function eventAt(activity: Activity, times: Float64Array, i: number, latencySeconds: number): SoundEvent {
  const { activations, kinds } = activity;
  const [probability, intensity, x] = activations.subarray(4 * i, 4 * i + 3);
  return {
    time: times[i]! + parabolicShift(activations, times, i) + latencySeconds,
    strength: Math.min(1, Math.max(0, intensity!)),
    confidence: probability!,
    x: Math.min(1, Math.max(-1, x!)),
    ...(kinds ? { kind: likeliest(kinds.names, kinds.shares, i) } : {}),
    sound: null,
  };
}

/** The name with the largest share at frame i. */
function likeliest(names: readonly EventKind[], shares: Float32Array, i: number): EventKind {
  const own = shares.subarray(i * names.length, (i + 1) * names.length);
  return names[own.indexOf(Math.max(...own))]!;
}

/** Offset of the parabola's top from frame i, in seconds; at most half a frame either way. */
function parabolicShift(activations: Float32Array, times: Float64Array, i: number): number {
  if (i === 0 || i === times.length - 1) return 0;
  const before = activations[4 * (i - 1)]!;
  const here = activations[4 * i]!;
  const after = activations[4 * (i + 1)]!;
  const curvature = before - 2 * here + after;
  if (curvature >= 0) return 0;
  const shift = Math.max(-0.5, Math.min(0.5, (0.5 * (before - after)) / curvature));
  return shift >= 0 ? shift * (times[i + 1]! - times[i]!) : shift * (times[i]! - times[i - 1]!);
}
