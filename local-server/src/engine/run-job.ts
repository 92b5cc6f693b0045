import type { Stage } from "../../protocol/index.ts";
import { loadBundle } from "../onnx/bundle.ts";
import { runtimeVersion } from "../onnx/session.ts";
import { generate } from "../pipeline/generate.ts";
import type { Context, FinishedTake } from "../pipeline/types.ts";
import { forgetAll } from "../stages/memory.ts";
import { fileTake } from "../takes/file-take.ts";
import { readOldTake } from "../takes/old-take.ts";
import type { DeliveredTake, Job, JobResult } from "./messages.ts";
import { metered } from "./meter.ts";

/** Runs one job in this process: loads the bundle, generates, files each take under its target and tells of it. */
export async function runJob(
  { request, targets, fresh }: Job,
  outer: Context,
  delivered: (take: DeliveredTake) => void,
): Promise<JobResult> {
  if (fresh) forgetAll();
  const timings: Partial<Record<Stage | "model" | "files", number>> = {};
  const gflop: Partial<Record<Stage | "model" | "files", number>> = {};
  let last = performance.now();
  let lastGflop = 0;
  const { bundle, graphs, gflop: counted } = metered(await loadBundle(request.model));
  /** Time and arithmetic since the last mark belong to the stage that just reported. */
  const mark = (stage: Stage | "model" | "files") => {
    const now = performance.now();
    timings[stage] = (timings[stage] ?? 0) + (now - last) / 1000;
    last = now;
    gflop[stage] = (gflop[stage] ?? 0) + counted() - lastGflop;
    lastGflop = counted();
  };
  mark("model");
  const notes: string[] = [];
  const context: Context = {
    signal: outer.signal,
    progress(stage, fraction) {
      mark(stage);
      outer.progress(stage, fraction);
    },
    note(text) {
      if (!notes.includes(text)) {
        notes.push(text);
        outer.note(text);
      }
    },
  };
  const maker = {
    manifest: bundle.manifest,
    sha256: bundle.sha256,
    get provider() {
      return bundle.provider;
    },
    versions: { node: process.version, onnxruntime: runtimeVersion() },
  };
  const takes: DeliveredTake[] = [];
  const part = request.regenerate;
  const parent = part ? await readOldTake(part.take, part.fromTicks, part.toTicks) : null;
  const deliver = async (take: FinishedTake) => {
    const target = targets[takes.length]!;
    const filed = { path: target, record: await fileTake(take, target, maker, notes, parent) };
    takes.push(filed);
    delivered(filed);
    mark("files");
  };
  await generate(request, bundle, context, deliver, parent?.kept ?? null);
  return {
    takes,
    provider: bundle.provider,
    timings,
    gflop,
    graphs,
    notes,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}
