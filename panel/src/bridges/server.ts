import {
  CALLS,
  type CallName,
  type Change,
  type ClipResource,
  changeSchema,
  clipSchema,
  errorBodySchema,
  type GenerateRequest,
  generateRequestSchema,
  type ImportRequest,
  importRequestSchema,
  type JobResource,
  type Look,
  type LookRequest,
  type ModelsNews,
  modelsNewsSchema,
  SUBPROTOCOL,
  ticksOfString,
} from "local-server/protocol";
import { ServerRefusal } from "../state/notice.ts";
import { jobFraction } from "../state/progress.ts";
import type { Clip, Job, State, Take } from "../state/state.ts";
import type { Store } from "../state/store.ts";
import type { HostAdapter } from "./host-adapter.ts";
import { connectRpc, type Rpc, RpcError } from "./rpc.ts";

type Sound = (typeof CALLS)["models.sounds"]["result"]["_output"]["sounds"][number];

export interface Server {
  /** Sends a request; the job's progress and takes come into the state. Returns the job's id. */
  generate(request: GenerateRequest): Promise<string>;
  cancel(jobId: string): Promise<void>;
  markTake(takeId: string, change: { hearted?: boolean; locked?: boolean }): Promise<void>;
  /** Its files too. */
  removeTake(takeId: string): Promise<void>;
  /** The WAV as it lies on disk. */
  takeBytes(take: Take): Promise<ArrayBuffer>;
  /** Highest absolute sample per column, one array per channel. */
  peaks(take: Take): Promise<readonly Float32Array[]>;
  /** The clip with the take under it, as MP4. */
  mux(take: Take): Promise<Blob>;
  upload(file: File, onProgress: (fraction: number) => void): Promise<Clip>;
  openPath(path: string): Promise<Clip>;
  /** What the picture of a range shows. */
  look(what: LookRequest): Promise<Look>;
  /** Every recording of a model's bank. */
  sounds(model: string): Promise<readonly Sound[]>;
  /** Begins an import; how far it is comes into the state. */
  importModel(request: ImportRequest): Promise<void>;
  cancelImport(): Promise<void>;
  /** Its files too. */
  removeModel(id: string): Promise<void>;
  reconnect(): Promise<void>;
  diagnostics(): string;
}

/** Where the server listens and what lets us in; asked for before each attempt, for a restarted server has new ones. */
export interface Address {
  readonly origin: string;
  readonly token: string;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const PEAK_COLUMNS = 1200;

const clipOf = (clip: ClipResource, origin: string): Clip => ({
  path: clip.path,
  sequence: null,
  name: clip.name,
  url: new URL(clip.media, origin).href,
  urlStartSeconds: 0,
  count: { rate: clip.frameRate, dropFrame: clip.dropFrame, startFrame: clip.startFrame },
  duration: ticksOfString(clip.durationTicks),
});
const jobOf = (job: JobResource): Job => ({
  ...job,
  fraction: job.stage === null ? 0 : jobFraction(job.stage, job.fraction),
});
const put = <Item extends { readonly id: string }>(items: readonly Item[], item: Item): Item[] => [
  ...items.filter(({ id }) => id !== item.id),
  item,
];

/** Keeps one connection to the server, and the state in step with it. */
export function connectServer(
  store: Store<State>,
  host: Pick<HostAdapter, "findServer" | "startsServer">,
  onUp: () => void,
): Server {
  let rpc: Rpc | undefined;
  let address: Address | undefined;
  let seq: number | null = null;
  let wait_ms = FIRST_WAIT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const log: string[] = [];
  const note = (line: string): void => {
    log.push(`${new Date().toISOString()} ${line}`);
    if (log.length > 100) log.shift();
  };

  async function call<Name extends CallName>(
    name: Name,
    params: (typeof CALLS)[Name]["params"]["_output"],
  ): Promise<(typeof CALLS)[Name]["result"]["_output"]> {
    if (rpc === undefined) throw new Error("the engine is not connected");
    try {
      return CALLS[name].result.parse(await rpc.call(name, params));
    } catch (error) {
      throw refusalOf(error);
    }
  }

  function apply(change: Change): void {
    seq = change.seq;
    if (change.type === "job") store.set(({ jobs }) => ({ jobs: put(jobs, jobOf(change.job)) }));
    else if (change.type === "take") heard(change.take);
    else store.set(({ takes }) => ({ takes: takes.filter(({ id }) => id !== change.takeId) }));
  }

  /** What a take was computed on is what the engine computes on. */
  function heard(take: Take): void {
    const { provider } = take.record;
    store.set(({ takes, connection }) => ({
      takes: put(takes, take),
      ...(connection.state === "up" && connection.provider !== provider
        ? { connection: { state: "up", provider } }
        : {}),
    }));
  }

  function applyModels({ models, import: importing }: ModelsNews): void {
    store.set({ importing, ...(models ? { models } : {}) });
  }

  function lost(reason: string): void {
    rpc = undefined;
    note(reason);
    store.set({ connection: { state: "down", reason } });
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), wait_ms * (0.8 + 0.4 * Math.random()));
    wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 2);
  }

  async function connect(): Promise<void> {
    clearTimeout(timer);
    if (host.startsServer) store.set({ connection: { state: "starting" } });
    try {
      address = await host.findServer();
      rpc = await connectRpc({
        url: `${address.origin.replace(/^http/, "ws")}/v1/socket`,
        subprotocol: SUBPROTOCOL,
        token: address.token,
        clientId: "panel",
        onNotification: (method, params) => {
          const change = method === "state.changed" ? changeSchema.safeParse(params) : undefined;
          const models = method === "models.changed" ? modelsNewsSchema.safeParse(params) : undefined;
          if (change?.success) apply(change.data);
          else if (models?.success) applyModels(models.data);
          else note(`not understood: ${method}`);
        },
        onClose: lost,
      });
      const answer = await call("state.subscribe", { since: seq });
      seq = answer.seq;
      if (answer.snapshot) {
        const { jobs, takes, models, provider } = answer.snapshot;
        store.set({ jobs: jobs.map(jobOf), takes, models, connection: { state: "up", provider } });
      } else {
        const { connection } = store.get();
        store.set({ connection: { state: "up", provider: connection.state === "up" ? connection.provider : "" } });
      }
      const known = await call("models.list", {});
      applyModels(known);
      store.set({ terms: known.licence });
      wait_ms = FIRST_WAIT_MS;
      note("connected");
      onUp();
    } catch (error) {
      rpc?.close();
      lost(error instanceof Error ? error.message : String(error));
    }
  }

  async function http(path: string, init: RequestInit = {}): Promise<Response> {
    if (address === undefined) throw new Error("the engine is not connected");
    const headers = { ...init.headers, authorization: `Bearer ${address.token}` };
    const response = await fetch(new URL(path, address.origin).href, { ...init, headers });
    if (response.ok) return response;
    const body = errorBodySchema.safeParse(await response.json().catch(() => null));
    throw body.success ? new ServerRefusal(body.data) : new Error(`${path.split("?")[0]}: ${response.status}`);
  }

  void connect();
  return {
    async generate(request) {
      const job = await call("jobs.create", { key: newKey(), request: generateRequestSchema.parse(request) });
      store.set(({ jobs }) => ({ jobs: put(jobs, jobOf(job)) }));
      return job.id;
    },
    async cancel(id) {
      await call("jobs.cancel", { id });
    },
    async markTake(id, change) {
      const take = await call("takes.mark", { id, ...change });
      store.set(({ takes }) => ({ takes: put(takes, take) }));
    },
    async removeTake(id) {
      await call("takes.remove", { id });
    },
    takeBytes: async ({ id }) => (await http(`/v1/takes/${id}/audio`)).arrayBuffer(),
    async peaks({ id, record }) {
      const values = new Float32Array(
        await (await http(`/v1/takes/${id}/peaks?columns=${PEAK_COLUMNS}`)).arrayBuffer(),
      );
      const columns = values.length / record.channels;
      return Array.from({ length: record.channels }, (_, channel) =>
        values.subarray(channel * columns, (channel + 1) * columns),
      );
    },
    mux: async ({ id }) =>
      (
        await http(`/v1/takes/${id}/video`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        })
      ).blob(),
    upload: (file, onProgress) => upload(address, file, onProgress),
    look: (what) => call("clips.look", what),
    sounds: async (model) => (await call("models.sounds", { model })).sounds,
    openPath: async (path) => clipOf(await call("clips.open", { path }), address?.origin ?? ""),
    async importModel(request) {
      await call("models.import", importRequestSchema.parse(request));
    },
    async cancelImport() {
      await call("models.importCancel", {});
    },
    async removeModel(id) {
      await call("models.remove", { id });
    },
    async reconnect() {
      wait_ms = FIRST_WAIT_MS;
      await connect();
    },
    diagnostics: () => log.join("\n"),
  };
}

const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function refusalOf(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const body = errorBodySchema.safeParse(error.data);
  return body.success ? new ServerRefusal(body.data) : error;
}

/** Sends a file with its progress, which `fetch` does not tell. */
function upload(address: Address | undefined, file: File, onProgress: (fraction: number) => void): Promise<Clip> {
  return new Promise((settle, fail) => {
    if (address === undefined) return fail(new Error("the engine is not connected"));
    const request = new XMLHttpRequest();
    request.open("POST", new URL("/v1/uploads", address.origin).href);
    request.setRequestHeader("authorization", `Bearer ${address.token}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("foley-file-name", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onerror = () => fail(new Error("the engine does not answer"));
    request.onload = () => {
      const body: unknown = JSON.parse(request.responseText || "null");
      const clip = clipSchema.safeParse(body);
      if (clip.success) return settle(clipOf(clip.data, address.origin));
      const error = errorBodySchema.safeParse(body);
      fail(error.success ? new ServerRefusal(error.data) : new Error(`upload: ${request.status}`));
    };
    request.send(file);
  });
}
