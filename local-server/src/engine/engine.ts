import { type ChildProcess, fork } from "node:child_process";
import { dirname, join } from "node:path";
import type { GenerateRequest, Look, Stage } from "../../protocol/index.ts";
import { cancelled, fromBody, UserError } from "../errors.ts";
import { sweepTemp } from "../takes/write.ts";
import type { DeliveredTake, EngineOrder, EngineReport, Job, JobResult, Probe, ProbeOrder } from "./messages.ts";

/** Time for a cancelled job to stop by itself (one denoise step of a large model) before the process is killed. */
const CANCEL_GRACE_MS = 2_000;

/** Variables the engine and the ffmpeg it starts need; nothing else of the user's environment reaches them. */
const PASSED_ENV =
  /^(PATH|HOME|USERPROFILE|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|LANG|LD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|XDG_.*|LOCALAPPDATA|FOLEY_.*)$/i;

export interface JobWatcher {
  readonly signal: AbortSignal;
  onProgress(stage: Stage, fraction: number): void;
  onNote(text: string): void;
  /** A take lies on the disk; others of the job may follow. */
  onTake?(take: DeliveredTake): void;
}

export interface Engine {
  /** Starts the process now rather than with the first order: it comes up while the caller checks things. */
  start(): void;
  /** One job at a time. @throws UserError of the job, `cancelled`, or `engine_crashed`; the next job gets a fresh process. */
  run(job: Job, watcher: JobWatcher): Promise<JobResult>;
  /** What a request's clip asks for, without making it. As `run`, but nothing is written. */
  look(request: GenerateRequest, watcher: JobWatcher): Promise<Look>;
  /** Runs a matrix product on one provider. @throws UserError broken_bundle when the provider does not load; as `run`. */
  probe(order: ProbeOrder, signal: AbortSignal): Promise<Probe>;
  /** Ends the process at once, whatever it does. */
  kill(): void;
  readonly pid: number | undefined;
}

/**
 * The engine: a child process that holds ONNX Runtime, whose calls block and whose crashes must not take the caller along.
 * It starts with the first job and stays warm between jobs. `quiet` drops what its libraries print.
 */
export function createEngine({ quiet = false }: { readonly quiet?: boolean } = {}): Engine {
  let child: ChildProcess | undefined;
  const start = (): ChildProcess => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ENV.test(name)));
    const process_ = fork(join(import.meta.dirname, "child.ts"), {
      env: { ...env, ORT_DISABLE_TELEMETRY: "1" },
      serialization: "advanced",
      stdio: ["ignore", quiet ? "ignore" : "inherit", quiet ? "ignore" : "inherit", "ipc"],
      execArgv: [],
    });
    process_.on("exit", () => {
      if (child === process_) child = undefined;
    });
    child = process_;
    return process_;
  };
  return {
    get pid() {
      return child?.pid;
    },
    start() {
      child ??= start();
    },
    kill: () => child?.kill("SIGKILL"),
    run: (job, watcher) => runJob(child ?? start(), job, watcher),
    async look(request, watcher) {
      const answer = await ask(child ?? start(), { type: "look", request }, watcher);
      return answer.result as Look;
    },
    async probe(order, signal) {
      const watcher = { signal, onProgress() {}, onNote() {} };
      const answer = await ask(child ?? start(), { type: "probe", probe: order }, watcher);
      return answer.result as Probe;
    },
  };
}

async function runJob(child: ChildProcess, job: Job, watcher: JobWatcher): Promise<JobResult> {
  try {
    const answer = await ask(child, { type: "run", job }, watcher);
    return answer.result as JobResult;
  } catch (error) {
    // A process that was killed could not take its half-written files along.
    for (const folder of new Set(job.targets.map((target) => dirname(target)))) await sweepTemp(folder);
    throw error;
  }
}

type Answer = Extract<EngineReport, { type: "done" | "looked" | "probed" }>;

/** Gives one order and waits for its answer. */
async function ask(child: ChildProcess, what: EngineOrder, watcher: JobWatcher): Promise<Answer> {
  const { signal } = watcher;
  if (signal.aborted) throw cancelled();
  let killer: NodeJS.Timeout | undefined;
  // A process that is just dying takes no order; its exit tells.
  const order = (message: EngineOrder) => child.connected && child.send(message, () => undefined);
  const onAbort = () => {
    order({ type: "cancel" });
    killer = setTimeout(() => child.kill("SIGKILL"), CANCEL_GRACE_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const stopped = Promise.withResolvers<Answer>();
  const onMessage = (report: EngineReport) => {
    if (report.type === "progress") watcher.onProgress(report.stage, report.fraction);
    else if (report.type === "note") watcher.onNote(report.text);
    else if (report.type === "take") watcher.onTake?.(report.take);
    else if (report.type === "failed") stopped.reject(fromBody(report.error));
    else stopped.resolve(report);
  };
  const onExit = (code: number | null, deathSignal: string | null) => {
    stopped.reject(signal.aborted ? cancelled() : crashed(deathSignal ?? `exit ${code}`));
  };
  const onError = (error: Error) => stopped.reject(crashed(error.message));
  child.on("message", onMessage).on("exit", onExit).on("error", onError);
  try {
    order(what);
    return await stopped.promise;
  } finally {
    clearTimeout(killer);
    signal.removeEventListener("abort", onAbort);
    child.off("message", onMessage).off("exit", onExit).off("error", onError);
  }
}

const crashed = (how: string): UserError =>
  new UserError(
    "engine_crashed",
    "the engine to run the job",
    `its process ended (${how})`,
    "run it again; if it happens again, `foley doctor` tells whether memory is short",
  );
