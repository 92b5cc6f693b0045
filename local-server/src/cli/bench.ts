import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { basename, join, resolve } from "node:path";
import { type GenerateRequest, generateRequestSchema, secondsOfTicks, ticksOfSeconds } from "../../protocol/index.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { JobResult, Probe } from "../engine/messages.ts";
import { benchShape, type ShapeBench } from "../import/shape-bench.ts";
import { loadBundle } from "../onnx/bundle.ts";
import { probeClip } from "../video/probe.ts";
import { choiceOption, numberOption, parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const BENCH_USAGE =
  "bench [--model ID] [--video FILE] [--seconds S] [--rounds N] [--json]   |   bench --shape xl|xxl [--dtype fp32|fp16|int8|q8] [--rounds N] [--json]";

const OPTIONS = {
  model: { type: "string" },
  video: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  shape: { type: "string" },
  dtype: { type: "string" },
  json: { type: "boolean" },
} as const;

const SAMPLE_CLIP = resolve(import.meta.dirname, "../../../test/fixtures/walk-wood-floor.mp4");
const PROMPT = "footsteps on a wooden floor";
/** The two ways a take is made: recordings as performed, and denoised from them. */
const WAYS = { performed: 0, denoised: 0.8 } as const;
type Way = keyof typeof WAYS;

/** Large enough to keep every unit busy, small enough that a run of a few milliseconds finds the cores free on a busy machine. */
const PEAK_SIZE = 512;
const PEAK_SECONDS = 1;

/**
 * `foley bench`: times the engine's own jobs. Cold is the first job of a fresh process, warm the median of the rounds after
 * it; the ways take turns, so that a change of load meets both. A table, never a gate.
 */
export async function benchVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { values } = parseArguments(args, OPTIONS, BENCH_USAGE, { min: 0, max: 0 });
  const rounds = numberOption(values.rounds, "--rounds", 1, 100, true) ?? 3;
  const shape = choiceOption(values.shape, "--shape", ["xl", "xxl"]);
  if (shape) {
    const dtype = choiceOption(values.dtype, "--dtype", ["fp32", "fp16", "int8", "q8"]) ?? "int8";
    return shapeTable(await benchShape(shape, dtype, rounds, signal), output);
  }
  const { path, durationSeconds } = await probeClip(resolve(values.video ?? SAMPLE_CLIP), signal);
  const wanted = numberOption(values.seconds, "--seconds", 0.1, 300) ?? 8;
  const toTicks = ticksOfSeconds(Math.min(wanted, durationSeconds));
  const model = values.model ?? generateRequestSchema.parse({}).model;
  const { manifest } = await loadBundle(model);
  const requestOf = (way: Way): GenerateRequest =>
    generateRequestSchema.parse({
      video: path,
      prompt: PROMPT,
      model,
      toTicks: String(toTicks),
      guideStrength: WAYS[way],
      ...(manifest.roles.bank ? {} : { guide: { kind: "none" } }),
    });
  const loadBefore = loadavg();
  const { peak, results } = await timeAll(requestOf, rounds, signal, output);
  const seconds = secondsOfTicks(toTicks);
  const tables = Object.entries(results).map(([way, jobs]) => ({
    way,
    guideStrength: WAYS[way as Way],
    ...tabulate(jobs, seconds, peak.gflopPerSecond),
  }));
  const facts = {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? process.arch,
      cores: availableParallelism(),
      memoryGiB: round(totalmem() / 2 ** 30),
      node: process.version,
      onnxruntime: peak.runtime,
      loadBefore,
      loadAfter: loadavg(),
    },
    peak: {
      gflopPerSecond: round(peak.gflopPerSecond),
      provider: peak.provider,
      threads: peak.threads,
      size: PEAK_SIZE,
    },
    model,
    provider: results.performed[0]!.provider,
    clip: basename(path),
    seconds,
    rounds,
  };
  output.finish({ ...facts, runs: tables }, page(facts, tables));
}

/** The first result of each way is its cold one. */
async function timeAll(
  requestOf: (way: Way) => GenerateRequest,
  rounds: number,
  signal: AbortSignal,
  output: Output,
): Promise<{ peak: Probe; results: Record<Way, JobResult[]> }> {
  const folder = await mkdtemp(join(tmpdir(), "foley-bench-"));
  const engines: Record<Way, Engine> = { performed: createEngine(), denoised: createEngine() };
  const results: Record<Way, JobResult[]> = { performed: [], denoised: [] };
  const watcher = { signal, onProgress: output.progress, onNote: () => {} };
  let peak: Probe | null = null;
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const way of ["performed", "denoised"] as const) {
        const targets = [join(folder, `${way}-${round}.wav`)];
        results[way].push(await engines[way].run({ request: requestOf(way), targets, fresh: true }, watcher));
      }
      // Between the rounds, so that it meets the same load; the best of all counts.
      const { provider } = results.performed[round]!;
      const probe = await engines.performed.probe({ provider, size: PEAK_SIZE, seconds: PEAK_SECONDS }, signal);
      if (!peak || probe.gflopPerSecond > peak.gflopPerSecond) peak = probe;
    }
    return { peak: peak!, results };
  } finally {
    for (const engine of Object.values(engines)) engine.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Row {
  readonly name: string;
  readonly coldSeconds: number;
  /** Median of the warm rounds. */
  readonly seconds: number;
  readonly secondsPerSecond: number;
  /** Null where no graph runs, or the bundle does not state what its graphs cost. */
  readonly gflop: number | null;
  readonly gflopPerSecond: number | null;
  readonly shareOfPeak: number | null;
}

/** Rows of the stages, of all together, and of the graphs by themselves (without opening them, ffmpeg, or our own code). */
function tabulate(jobs: readonly JobResult[], videoSeconds: number, peakGflopPerSecond: number) {
  const [cold, ...warm] = jobs;
  const row = (name: string, secondsOf: (job: JobResult) => number, gflopOf: (job: JobResult) => number): Row => {
    const seconds = median(warm.map(secondsOf));
    const gflop = median(warm.map(gflopOf));
    const speed = gflop > 0 && seconds > 0 ? gflop / seconds : null;
    return {
      name,
      coldSeconds: round(secondsOf(cold!)),
      seconds: round(seconds),
      secondsPerSecond: round(seconds / videoSeconds),
      gflop: gflop > 0 ? round(gflop) : null,
      gflopPerSecond: speed && round(speed),
      shareOfPeak: speed && round(speed / peakGflopPerSecond),
    };
  };
  type StageName = keyof JobResult["timings"];
  const stages = (Object.keys(cold!.timings) as StageName[]).map((name) =>
    row(
      name,
      ({ timings }) => timings[name] ?? 0,
      ({ gflop }) => gflop[name] ?? 0,
    ),
  );
  const all = row(
    "all",
    ({ timings }) => sum(timings),
    ({ gflop }) => sum(gflop),
  );
  type Graph = keyof JobResult["graphs"];
  const graphs = (Object.keys(cold!.graphs) as Graph[]).map((name) => ({
    ...row(
      name,
      ({ graphs }) => graphs[name]?.runSeconds ?? 0,
      ({ graphs }) => graphs[name]?.gflop ?? 0,
    ),
    runs: cold!.graphs[name]!.runs,
    openSeconds: round(median(warm.map(({ graphs }) => graphs[name]?.openSeconds ?? 0))),
  }));
  return {
    stages,
    all,
    graphs,
    peakMemoryMiB: Math.round(Math.max(...jobs.map((job) => job.peakMemoryBytes)) / 2 ** 20),
  };
}

const sum = (parts: Readonly<Record<string, number>>): number => Object.values(parts).reduce((a, b) => a + b, 0);
const round = (value: number): number => Number(value.toPrecision(4));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const HEAD = ["cold s", "warm s", "s/s", "GFLOP", "GFLOP/s", "of peak"];

/** Graphs have one column more: the seconds that opening them takes. */
function tableOf(title: string, rows: readonly (Row & { readonly openSeconds?: number })[]): string[] {
  const cells = rows.map((row) => [
    row.name,
    row.coldSeconds.toFixed(3),
    row.seconds.toFixed(3),
    row.secondsPerSecond.toFixed(3),
    row.gflop?.toFixed(2) ?? "",
    row.gflopPerSecond?.toFixed(1) ?? "",
    row.shareOfPeak === null ? "" : `${(100 * row.shareOfPeak).toFixed(0)} %`,
    row.openSeconds?.toFixed(3) ?? "",
  ]);
  const head = rows.some(({ openSeconds }) => openSeconds !== undefined) ? [...HEAD, "open s"] : HEAD;
  return [[title, ...head], ...cells].map(([name, ...numbers]) =>
    [name!.padEnd(22), ...numbers.map((cell) => cell.padStart(9))].join("").trimEnd(),
  );
}

function page(
  facts: {
    readonly machine: {
      readonly cpu: string;
      readonly cores: number;
      readonly memoryGiB: number;
      readonly node: string;
    };
    readonly peak: { readonly gflopPerSecond: number; readonly provider: string; readonly threads: number };
    readonly model: string;
    readonly clip: string;
    readonly seconds: number;
    readonly rounds: number;
  },
  tables: readonly (ReturnType<typeof tabulate> & { readonly way: string; readonly guideStrength: number })[],
): string {
  const { machine, peak } = facts;
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB.toFixed(1)} GiB, Node ${machine.node}; load ${load.join(" ")}`,
    `peak: ${peak.gflopPerSecond.toFixed(0)} GFLOP/s (MatMul ${PEAK_SIZE}, ${peak.provider}, ${peak.threads} threads)`,
    `${facts.model} on ${facts.seconds.toFixed(2)} s of ${facts.clip}; warm: median of ${facts.rounds}`,
    ...tables.flatMap(({ way, guideStrength, stages, all, graphs, peakMemoryMiB }) => [
      "",
      ...tableOf(`${way} (strength ${guideStrength})`, [...stages, all]),
      "",
      ...tableOf("  graphs alone", graphs),
      `  memory at most ${peakMemoryMiB} MiB`,
    ]),
  ].join("\n");
}

/** One guided 8 s forward of a published denoiser's shape, beside what the same machine does at best. */
function shapeTable(made: ShapeBench, output: Output): void {
  const share = Math.round((100 * made.gflopPerSecond) / made.peakGflopPerSecond);
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(", ");
  const text = [
    `${made.shape} ${made.dtype}, random weights, one guided 8 s forward, ${made.threads} threads, load ${loadavg()[0]!.toFixed(2)}`,
    `  ${made.seconds.toFixed(2)} s (${list(made.runs)}), opened in ${made.openSeconds.toFixed(1)} s`,
    `  ${Math.min(...made.cpuSeconds).toFixed(2)} s of all cores together (${list(made.cpuSeconds)})`,
    `  ${made.gflop.toFixed(0)} GFLOP done (${made.publicGflop.toFixed(0)} in the public code), ${made.gflopPerSecond.toFixed(0)} GFLOP/s`,
    `  ${share} % of the fp32 peak of ${made.peakGflopPerSecond.toFixed(0)} GFLOP/s, the better of before and after`,
    `  ${made.peakMemoryMiB} MiB at most`,
  ];
  output.finish({ ...made, load: loadavg() }, text.join("\n"));
}
