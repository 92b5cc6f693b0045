import {
  type ClipState,
  type ItemState,
  newId,
  newTrack,
  type SequenceState,
  type TrackState,
  type World,
} from "./state.ts";

/** Cuts away what lies in [start, end): covered clips go, others are trimmed, one that spans it becomes two. */
function clear(world: World, track: TrackState, start: number, end: number): void {
  const kept: ClipState[] = [];
  for (const clip of track.clips) {
    if (clip.end <= start || clip.start >= end) {
      kept.push(clip);
      continue;
    }
    if (clip.start < start && clip.end > end) {
      kept.push({ ...clip, start: end, in: clip.in + end - clip.start, nodeId: newId(world) });
    }
    if (clip.start < start) {
      clip.end = start;
      kept.push(clip);
    } else if (clip.end > end) {
      clip.in += end - clip.start;
      clip.start = end;
      kept.push(clip);
    }
  }
  track.clips = kept.sort((a, b) => a.start - b.start);
  track.transitions = track.transitions.filter((transition) => transition.end <= start || transition.start >= end);
}

const channelsOf = (item: ItemState): "mono" | "stereo" => (item.audioClips > 1 ? "mono" : "stereo");
const takes = (track: TrackState, item: ItemState): boolean =>
  track.channels === "standard" || (track.channels === "mono" && channelsOf(item) === "mono");

/** Where Premiere would really put it; -1 for nowhere. */
function destination(world: World, sequence: SequenceState, addressed: number, item: ItemState): number {
  if (world.quirks.placesNothing) return -1;
  const index = world.quirks.targetingDecides ? sequence.audio.findIndex(({ targeted }) => targeted) : addressed;
  const track = sequence.audio[index];
  if (track === undefined) return -1;
  if (takes(track, item)) return index;
  return sequence.audio.findIndex((other) => takes(other, item) && !other.locked);
}

/** The answer is always true: nobody may believe it. */
export function overwrite(
  world: World,
  sequence: SequenceState,
  addressed: number,
  item: ItemState,
  ticks: number,
): true {
  const index = destination(world, sequence, addressed, item);
  const track = sequence.audio[index];
  if (track === undefined) return true;
  if (track.locked) {
    if (world.quirks.locked === "throws") throw new Error("Track is locked");
    return true;
  }
  const round = world.quirks.roundsUp ? Math.ceil : Math.round;
  const start = round(ticks / sequence.timebase) * sequence.timebase;
  const end = start + (item.outTicks ?? item.duration) - item.inTicks;
  world.changes.push(`overwrite ${item.name} on A${index + 1} at ${start}`);
  for (let clip = 0; clip < item.audioClips; clip++) {
    // A second mono clip that finds no track gets one.
    if (sequence.audio.length <= index + clip)
      sequence.audio.push({ ...newTrack(world, sequence), visibleFromCall: 0 });
    const lane = sequence.audio[index + clip]!;
    if (lane.locked) continue;
    clear(world, lane, start, end);
    lane.clips.push({
      nodeId: null,
      name: item.name,
      media: "Audio",
      start,
      end,
      in: item.inTicks,
      item,
      disabled: false,
      selected: false,
      speed: 1,
      reversed: false,
      adjustment: false,
      components: 2,
      linked: [],
    });
    lane.clips.sort((a, b) => a.start - b.start);
  }
  return true;
}
