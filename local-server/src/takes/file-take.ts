import { basename } from "node:path";
import {
  creditLines,
  type GenerateRequest,
  parseTimecode,
  samplesOfTicks,
  type TakeRecord,
  timecodeToSamples,
} from "../../protocol/index.ts";
import { encodeWav } from "../audio/wav.ts";
import type { ClipFacts, FinishedTake } from "../pipeline/types.ts";
import { hashOfHead, type OldTake } from "./old-take.ts";
import { takePaths, writeTake } from "./write.ts";

const PRODUCT = "Foley in the editor 0.1.0";

/** What made the take, as the record tells it. */
export interface Maker {
  readonly manifest: { readonly id: string; readonly version: string };
  readonly sha256: string;
  readonly provider: string;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Files a take: the WAV with its production metadata, take.json and latents beside it. The record names everything that is
 * needed to make the same bits again; nothing in the files depends on the clock.
 */
export async function fileTake(
  take: FinishedTake,
  wavPath: string,
  maker: Maker,
  notes: readonly string[],
  parent: OldTake | null = null,
): Promise<TakeRecord> {
  const record = await recordOf(take, wavPath, maker, notes, parent);
  const { clip, request } = take.plan;
  const rate = clip?.frameRate ?? { num: 25, den: 1 };
  const start = clip?.timecode ? timecodeToSamples(clip.timecode, rate) : null;
  const timeReference = (start ?? 0n) + BigInt(samplesOfTicks(take.plan.fromTicks));
  // Not the file's own name: the same take is the same bytes wherever it is written.
  const project = clip ? basename(clip.path) : "text only";
  const note = `${request.prompt || "no prompt"} | ${maker.manifest.id} ${maker.manifest.version} | seed ${take.seed}`;
  const wav = encodeWav({
    waveform: take.waveform,
    bitDepth: request.bitDepth,
    ditherSeed: take.seed,
    bext: {
      description: note,
      originator: PRODUCT,
      originatorReference: `FOLEY${maker.sha256.slice(0, 8)}${take.seed.toString(16).padStart(8, "0")}`,
      originationDate: "",
      originationTime: "",
      timeReference,
      lufs: take.lufs,
      truePeakDb: take.truePeakDb,
    },
    ixml: {
      project,
      take: String(take.seed),
      note,
      timecodeRate: rate,
      dropFrame: clip?.timecode ? (parseTimecode(clip.timecode, rate)?.dropFrame ?? false) : false,
      timeReference,
    },
    info: {
      INAM: `${project}, seed ${take.seed}`,
      ISFT: PRODUCT,
      ICMT: note,
      // Players and editors show it as copyright; the format parts several by a semicolon.
      ...(take.credits.length > 0 ? { ICOP: creditLines(take.credits).join("; ") } : {}),
    },
    ...(parent ? { keep: { bytes: parent.sampleBytes, ...parent.kept.part } } : {}),
  });
  await writeTake({ wavPath, wav, record, latents: take.latents });
  return record;
}

async function recordOf(
  take: FinishedTake,
  wavPath: string,
  maker: Maker,
  notes: readonly string[],
  parent: OldTake | null,
): Promise<TakeRecord> {
  const { plan } = take;
  const name = basename(wavPath);
  return {
    format: 1,
    createdBy: PRODUCT,
    file: name,
    latentsFile: take.latents ? basename(takePaths(wavPath).latents) : null,
    request: shortened(plan.request),
    source: plan.clip && (await sourceOf(plan.clip)),
    seed: take.seed,
    sampleRate: 48_000,
    channels: plan.channels,
    sampleCount: plan.sampleCount,
    seconds: plan.sampleCount / 48_000,
    lufs: take.lufs,
    truePeakDb: take.truePeakDb,
    gainDb: take.gainDb,
    events: [...take.events],
    recordings: [...take.recordings],
    credits: [...take.credits],
    ...(parent ? { history: parent.history } : {}),
    chosen: take.chosen.map(({ class: id, score, mode }) => ({ class: id, score, mode })),
    guideStrength: plan.guideStrength,
    steps: plan.steps,
    guidance: plan.guidance,
    windows: take.windows,
    cuts: [...take.cuts],
    notes: [...notes],
    bundle: { id: maker.manifest.id, version: maker.manifest.version, sha256: maker.sha256 },
    provider: maker.provider,
    versions: { ...maker.versions },
  };
}

/** Names of files, not where they lie: the source says that, once. */
const shortened = ({ video, regenerate, ...request }: GenerateRequest): GenerateRequest => ({
  ...request,
  ...(video === undefined ? {} : { video: basename(video) }),
  ...(regenerate ? { regenerate: { ...regenerate, take: basename(regenerate.take) } } : {}),
});

/** Enough to know the clip again: name, place, size, hash of its first MiB. */
async function sourceOf({ path, bytes, frameRate, timecode }: ClipFacts): Promise<NonNullable<TakeRecord["source"]>> {
  return { name: basename(path), path, bytes, sha256Head: await hashOfHead(path), frameRate, timecode };
}
