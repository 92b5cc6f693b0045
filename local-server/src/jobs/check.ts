import { stat } from "node:fs/promises";
import type { GenerateRequest } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { readManifest } from "../onnx/bundle.ts";
import { makePlan } from "../pipeline/plan.ts";
import type { ClipFacts, Plan } from "../pipeline/types.ts";
import { checkPart } from "../takes/old-take.ts";
import { probeClip } from "../video/probe.ts";
import { checkSource } from "../video/source.ts";
import type { Facts } from "./read.ts";

const PROBES_KEPT = 16;
const BYTES_PER_SAMPLE = { "16": 2, "24": 3, "32f": 4 } as const;
/** Latents are smaller than the sound they stand for, taken as floats. */
const LATENT_BYTES = 4;
/** A take's record, and what else is not counted by the second. */
const RECORD_BYTES = 2 ** 20;

/**
 * Answers a request that cannot succeed before it is queued: model, clip, range, guide and part are looked at as the engine
 * will, only no picture is decoded. A clip is probed once as long as its file stays as it is.
 * @throws UserError as a generation does
 */
export function createCheck(): (request: GenerateRequest) => Promise<Facts> {
  const probes = new Map<string, Promise<ClipFacts>>();
  async function probe(path: string): Promise<ClipFacts> {
    const { bytes, modifiedMs } = await checkSource(path);
    const name = `${path}\0${bytes}\0${modifiedMs}`;
    const known = probes.get(name);
    if (known) return known;
    const probed = probeClip(path, new AbortController().signal);
    probes.set(name, probed);
    probed.catch(() => probes.delete(name));
    for (const old of [...probes.keys()].slice(0, -PROBES_KEPT)) probes.delete(old);
    return probed;
  }
  return async (request) => {
    const manifest = await readManifest(request.model);
    const clip = request.video === undefined ? null : await probe(request.video);
    const part = request.regenerate;
    if (part) await checkPart(part.take, part.fromTicks, part.toTicks);
    await checkGuide(request.guide);
    const plan = makePlan(request, clip, manifest);
    return {
      seconds: plan.seconds,
      steps: plan.guideStrength === 0 ? 0 : plan.steps,
      kind: kindOf(plan, manifest.id),
      bytesPerTake:
        plan.sampleCount * plan.channels * (BYTES_PER_SAMPLE[request.bitDepth] + LATENT_BYTES) + RECORD_BYTES,
    };
  };
}

const kindOf = ({ request, clip, guideStrength }: Plan, model: string): string =>
  [
    model,
    guideStrength === 0 ? "performed" : "denoised",
    clip ? "picture" : "words",
    ...(request.regenerate ? ["part"] : []),
    ...(request.events ? ["given events"] : []),
  ].join(", ");

async function checkGuide(guide: GenerateRequest["guide"]): Promise<void> {
  if (guide?.kind !== "file" && guide?.kind !== "folder") return;
  const facts = await stat(guide.path).catch(() => null);
  if (guide.kind === "file" ? facts?.isFile() : facts?.isDirectory()) return;
  const expected = guide.kind === "file" ? "a sound file as the guide" : "a folder of sounds as the guide";
  throw new UserError("bad_guide", expected, JSON.stringify(guide.path), "check the path");
}
