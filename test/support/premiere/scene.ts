import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Engine, startEngine } from "./engine.ts";
import { hostScript } from "./script.ts";
import {
  type ClipState,
  type ItemState,
  newItem,
  type ProjectState,
  QUIRKS,
  type Quirks,
  type SequenceState,
  type TrackState,
  UNSET,
  type World,
} from "./state.ts";

/** Ticks of a frame at the broadcast rates. */
export const TIMEBASE = {
  "23.976": 10_594_584_000,
  "24": 10_584_000_000,
  "25": 10_160_640_000,
  "29.97": 8_475_667_200,
  "30": 8_467_200_000,
  "50": 5_080_320_000,
  "59.94": 4_237_833_600,
  "60": 4_233_600_000,
} as const;
export const SAMPLE = 5_292_000;

const script = hostScript();

export interface Scene {
  readonly engine: Engine;
  readonly world: World;
  readonly folder: string;
  readonly project: ProjectState;
  readonly sequence: SequenceState;
}

export const pinOf = ({ project, sequence }: Scene): { documentId: string; sequenceId: string } => ({
  documentId: project.documentId,
  sequenceId: sequence.id,
});

const track = (media: "Video" | "Audio", index: number, fields: Partial<TrackState> = {}): TrackState => ({
  id: (media === "Video" ? 100 : 200) + index,
  name: `${media} ${index + 1}`,
  media,
  channels: "standard",
  locked: false,
  muted: false,
  targeted: media === "Audio",
  clips: [],
  transitions: [],
  visibleFromCall: 0,
  ...fields,
});

export const newSequence = (id: string, fields: Partial<SequenceState> = {}): SequenceState => ({
  id,
  name: `Sequence ${id}`,
  timebase: TIMEBASE["25"],
  zeroPoint: 0,
  displayFormat: 101,
  mixType: 1,
  inTicks: UNSET,
  outTicks: UNSET,
  video: [track("Video", 0), track("Video", 1)],
  audio: [track("Audio", 0), track("Audio", 1), track("Audio", 2)],
  ...fields,
});

/** A saved project with one empty sequence in front, and an engine that holds the delivered script. */
export function scene(
  quirks: Partial<Quirks> = {},
  sequenceFields: Partial<SequenceState> = {},
  folder: string = folderOfTest(),
): Scene {
  for (const name of ["program", "user", "documents", "temp"]) mkdirSync(join(folder, name), { recursive: true });
  const sequence = newSequence("seq-1", sequenceFields);
  const project: ProjectState = {
    documentId: "doc-1",
    path: join(folder, "film.prproj"),
    root: newItem("film.prproj", { type: 3 }),
    sequences: [sequence],
    active: sequence,
  };
  const world: World = {
    quirks: { ...QUIRKS, ...quirks },
    version: "25.6.0",
    projects: [project],
    front: project,
    call: 0,
    growing: null,
    timesRead: 0,
    itemsRead: 0,
    changes: [],
    events: [],
    bound: new Map(),
    nextId: 1,
    program: join(folder, "program"),
    userData: join(folder, "user"),
    documents: join(folder, "documents"),
    temp: join(folder, "temp"),
  };
  return { engine: startEngine(world, script), world, folder, project, sequence };
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), "foley-premiere-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface ClipFields extends Partial<Omit<ClipState, "item">> {
  readonly item?: Partial<ItemState> | null;
}

/** Lays a clip on a track, times in frames of the sequence. */
export function lay(
  { sequence, project }: Pick<Scene, "sequence" | "project">,
  media: "Video" | "Audio",
  index: number,
  [startFrame, endFrame]: readonly [number, number],
  { item, ...fields }: ClipFields = {},
): ClipState {
  const name = fields.name ?? `${media} clip ${startFrame}`;
  const source =
    item === null
      ? null
      : newItem(name, { path: `/media/${name.replaceAll(" ", "-")}.mov`, parent: project.root, ...item });
  if (source !== null) project.root.children.push(source);
  const clip: ClipState = {
    nodeId: null,
    name,
    media,
    start: startFrame * sequence.timebase,
    end: endFrame * sequence.timebase,
    in: 0,
    disabled: false,
    selected: false,
    speed: 1,
    reversed: false,
    adjustment: false,
    components: 2,
    linked: [],
    ...fields,
    item: source,
  };
  const lane = (media === "Video" ? sequence.video : sequence.audio)[index]!;
  lane.clips.push(clip);
  lane.clips.sort((a, b) => a.start - b.start);
  return clip;
}

/** A real stereo WAV of 48 kHz, 16 bit, silent. */
export function writeWav(path: string, samples: number): string {
  const bytes = Buffer.alloc(44 + samples * 4);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(48_000, 24);
  bytes.writeUInt32LE(192_000, 28);
  bytes.writeUInt16LE(4, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(samples * 4, 40);
  writeFileSync(path, bytes);
  return path;
}

/** What a Failure or a Success says, without looking twice. */
export function dataOf<Data>(result: { ok: true; data: Data } | { ok: false; code: string; message: string }): Data {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.data;
}
export const codeOf = (result: { ok: boolean; code?: string }): string | undefined => (result.ok ? "ok" : result.code);

/** Every clip that lies anywhere, as text: what must be the same before and after. */
export const timelineOf = ({ video, audio }: SequenceState): string[] =>
  [...video, ...audio].flatMap((lane) =>
    lane.clips.map((clip) => `${lane.media} ${lane.id} ${clip.name} ${clip.start} ${clip.end} ${clip.in}`),
  );

/** Every rate that Premiere counts in, with both counts of timecode where it has two. */
export const RATES: { rate: keyof typeof TIMEBASE; dropFrame: boolean; displayFormat: number }[] = [
  { rate: "23.976", dropFrame: false, displayFormat: 110 },
  { rate: "24", dropFrame: false, displayFormat: 100 },
  { rate: "25", dropFrame: false, displayFormat: 101 },
  { rate: "29.97", dropFrame: true, displayFormat: 102 },
  { rate: "29.97", dropFrame: false, displayFormat: 103 },
  { rate: "30", dropFrame: false, displayFormat: 104 },
  { rate: "50", dropFrame: false, displayFormat: 105 },
  { rate: "59.94", dropFrame: true, displayFormat: 106 },
  { rate: "59.94", dropFrame: false, displayFormat: 107 },
  { rate: "60", dropFrame: false, displayFormat: 108 },
];
