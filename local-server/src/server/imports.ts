import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { ErrorBody, ImportResource, importRequestSchema, ModelsNews } from "../../protocol/index.ts";
import { cancelled, UserError } from "../errors.ts";
import type { ImportChildOrder, ImportReport } from "../import/child.ts";
import { removeModel, removeRest } from "../import/remove.ts";
import { checkTerms } from "../import/terms.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { listModels } from "./models.ts";
import type { Paths } from "./paths.ts";

/** Time for a cancelled import to stop by itself before its process is killed. */
const CANCEL_GRACE_MS = 3_000;
/** Progress is told no more often. */
const TOLD_EACH_MS = 200;

/** Models that come and go while the server runs. The work of an import is done in a process of its own. */
export interface Imports {
  /** The import under way, or the last one. */
  readonly current: ImportResource | null;
  /** @throws UserError licence, import_running, stopping, not_found, outside_roots */
  start(request: (typeof importRequestSchema)["_output"]): Promise<ImportResource>;
  /** Settles when nothing of the import is left. */
  cancel(): Promise<void>;
  /** @throws UserError unknown_model, in_use */
  remove(id: string): Promise<void>;
  onChange(listener: (news: ModelsNews) => void): () => void;
}

export function createImports(jobs: Jobs, paths: Paths, stopping: AbortSignal): Imports {
  const listeners = new Set<(news: ModelsNews) => void>();
  let current: ImportResource | null = null;
  let running: { readonly stop: () => void; readonly ended: Promise<void> } | null = null;
  let told_ms = 0;
  const tell = (news: Omit<ModelsNews, "import"> = {}): void => {
    told_ms = performance.now();
    for (const listener of [...listeners]) listener({ import: current, ...news });
  };
  const hear = (now: Pick<ImportResource, "stage" | "fraction" | "secondsLeft">): void => {
    const isNew = now.stage !== current!.stage || performance.now() - told_ms >= TOLD_EACH_MS;
    current = { ...current!, ...now };
    if (isNew) tell();
  };
  const end = async (error: ErrorBody | null): Promise<void> => {
    running = null;
    const state = error === null ? "done" : error.code === "cancelled" ? "cancelled" : "failed";
    current = { ...current!, state, secondsLeft: null, error };
    tell({ models: await listModels() });
  };
  return {
    get current() {
      return current;
    },
    async start({ dir: asked, id, dtype, licence, territory: place }) {
      const territory = checkTerms(licence, place);
      const dir = await paths.folder(asked);
      if (stopping.aborted) {
        throw new UserError("stopping", "a server that takes work", "one that stops", "send it again in a moment");
      }
      if (running !== null) {
        throw new UserError(
          "import_running",
          "no other import",
          `one of ${current!.id}`,
          "wait for its end, or cancel it",
        );
      }
      current = { id, dir, dtype, state: "running", stage: "reading", fraction: 0, secondsLeft: null, error: null };
      const begun = current;
      const { stop, result } = runImport({ dir, id, dtype, territory }, hear);
      stopping.addEventListener("abort", stop);
      const ended = result.then(end).finally(() => stopping.removeEventListener("abort", stop));
      running = { stop, ended };
      tell();
      return begun;
    },
    async cancel() {
      running?.stop();
      await running?.ended;
    },
    async remove(id) {
      const needs = jobs.jobs().some(({ state, request }) => isOpen(state) && request.model === id);
      if (needs)
        throw new UserError("in_use", `no job that needs ${id}`, "one that is not done", "let it end, or cancel it");
      await removeModel(id);
      tell({ models: await listModels() });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const isOpen = (state: string): boolean => state === "queued" || state === "running";

/** Starts the process. `result`: what it failed of, or null; it settles when the process is gone and with it what it left. */
function runImport(order: ImportChildOrder, hear: (now: Extract<ImportReport, { type: "progress" }>) => void) {
  const child: ChildProcess = fork(join(import.meta.dirname, "../import/child.ts"), {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
  });
  let said: ErrorBody | null | undefined;
  let isStopped = false;
  let killer: NodeJS.Timeout | undefined;
  const result = new Promise<ErrorBody | null>((settle) => {
    child.on("message", (report: ImportReport) => {
      if (report.type === "progress") hear(report);
      else said = report.type === "failed" ? report.error : null;
    });
    const gone = async (how: string): Promise<void> => {
      clearTimeout(killer);
      if (said === undefined && child.pid !== undefined) await removeRest(order.id, child.pid).catch(() => {});
      settle(said !== undefined ? said : (isStopped ? cancelled() : crashed(how)).body);
    };
    child.once("error", (error) => void gone(error.message));
    child.once("close", (code, signal) => void gone(signal ?? `exit ${code}`));
  });
  child.send(order, () => undefined);
  return {
    result,
    stop() {
      if (isStopped) return;
      isStopped = true;
      if (child.connected) child.send("cancel", () => undefined);
      killer = setTimeout(() => child.kill("SIGKILL"), CANCEL_GRACE_MS);
    },
  };
}

const crashed = (how: string): UserError =>
  new UserError("engine_crashed", "the import to run to its end", `its process ended (${how})`, "import it again");
