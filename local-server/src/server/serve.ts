import { mkdir, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { UserError } from "../errors.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { createAccess, type Key } from "./access.ts";
import { createApp, DATA_HEADERS } from "./app.ts";
import { createGuard, type Guard } from "./guard.ts";
import { createImports } from "./imports.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { createMediaPasses } from "./media.ts";
import { createPaths } from "./paths.ts";
import { problemOf, sendProblem } from "./problem.ts";
import { openProxies } from "./proxies.ts";
import { createSockets, SOCKET_PATH } from "./socket.ts";
import { openUploads } from "./uploads.ts";
import { PRODUCT_VERSION } from "./version.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly jobs: Jobs;
  readonly dataFolder: string;
  readonly panelFolder: string;
  readonly keys: readonly Key[];
  /** Reachable from other machines: files only from `roots`, wrong keys lock out, other Host names. */
  readonly shared: { readonly roots: readonly string[]; readonly names: readonly string[] } | null;
  readonly limits?: Partial<Limits>;
}

export interface RunningServer {
  readonly port: number;
  /** Seconds since a client was there, a request under way, or a job open. */
  idleSeconds(): number;
  /** Takes no more work, lets answers end, then lets go of all. */
  close(): Promise<void>;
}

/** @throws UserError address_taken, target_not_writable, disk_full */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { jobs, dataFolder, shared, host } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const stopping = new AbortController();
  const folders = {
    uploads: join(dataFolder, "uploads"),
    proxies: join(dataFolder, "proxies"),
    temp: join(dataFolder, "temp"),
  };
  const paths = createPaths(shared && [...shared.roots, folders.uploads, join(dataFolder, "takes")]);
  const imports = createImports(jobs, paths, stopping.signal);
  const context = {
    jobs,
    paths,
    imports,
    limits,
    access: createAccess(options.keys, limits.wrongKeysPerMinute, shared !== null),
    media: createMediaPasses(limits.mediaGrace_ms),
    proxies: await openProxies(folders.proxies, stopping.signal),
    uploads: await openUploads(folders.uploads, limits),
    tempFolder: await emptied(folders.temp),
    version: PRODUCT_VERSION,
    loopDelay: monitorEventLoopDelay({ resolution: 10 }),
    stopping: stopping.signal,
  };
  const app = createApp(context, options.panelFolder);
  const sockets = createSockets(context);
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout_ms,
    requestTimeout: limits.requestTimeout_ms,
    keepAliveTimeout: limits.keepAlive_ms,
    connectionsCheckingInterval: 2_000,
  });
  server.maxConnections = limits.connections;
  const port = await listen(server, host, options.port);
  context.loopDelay.enable();
  const guard = createGuard({ port, shared: shared !== null, names: shared?.names ?? [] });
  let lastSeen_ms = performance.now();
  let underWay = 0;

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    underWay += 1;
    response.once("close", () => {
      underWay -= 1;
      lastSeen_ms = performance.now();
    });
    for (const [name, value] of Object.entries(DATA_HEADERS)) response.setHeader(name, value);
    if (admit(guard, request, response)) app(request, response);
  };
  server.on("request", onRequest);
  // Whoever asks first whether to send is told by the route, when it has looked at the rest.
  server.on("checkContinue", onRequest);
  server.on("upgrade", (request, socket, head) => {
    // Over a connection that is still there a client may come back while we go: it would be waited for without end.
    if (stopping.signal.aborted) socket.destroy();
    else upgrade(guard, sockets, request, socket, head);
  });
  server.on("clientError", answerBroken);

  return {
    port,
    idleSeconds() {
      const isBusy = jobs.jobs().some(({ state }) => state === "queued" || state === "running");
      const isImporting = imports.current?.state === "running";
      if (isBusy || isImporting || underWay > 0 || sockets.clients > 0) lastSeen_ms = performance.now();
      return (performance.now() - lastSeen_ms) / 1000;
    },
    async close() {
      stopping.abort();
      context.loopDelay.disable();
      sockets.close();
      const closed = new Promise<void>((settle) => server.close(() => settle()));
      server.closeIdleConnections();
      const hurry = setTimeout(() => server.closeAllConnections(), limits.drain_ms / 2);
      await closed;
      await imports.cancel();
      clearTimeout(hurry);
      await rm(folders.temp, { recursive: true, force: true });
    },
  };
}

/** Files of answers that a killed run left. */
async function emptied(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  return folder;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((settle, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const came = { EADDRINUSE: "one that is taken", EACCES: "one that needs more rights" }[error.code ?? ""];
      const todo = "choose another --port, or leave it out";
      fail(new UserError("address_taken", `a free address at ${host}:${port}`, came ?? error.message, todo));
    });
    server.listen({ host, port }, () => settle((server.address() as AddressInfo).port));
  });
}

function admit(guard: Guard, request: IncomingMessage, response: ServerResponse): boolean {
  try {
    guard.check(request);
  } catch (error) {
    sendProblem(response, error, { connection: "close" });
    request.resume();
    return false;
  }
  return !guard.cors(request, response);
}

function upgrade(
  guard: Guard,
  sockets: ReturnType<typeof createSockets>,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on("error", () => socket.destroy());
  try {
    guard.check(request);
    if (request.url?.split("?")[0] !== SOCKET_PATH) {
      throw new UserError("not_found", SOCKET_PATH, "another address", "connect there");
    }
    sockets.upgrade(request, socket, head);
  } catch (error) {
    answerRaw(socket, error);
  }
}

function answerBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const isLong = error.code === "HPE_HEADER_OVERFLOW";
  const problem = isSlow
    ? new UserError("too_slow", "a whole request soon", "a part of one", "send it again")
    : new UserError(
        "bad_request",
        "an HTTP request",
        isLong ? "one with long headers" : "something else",
        "correct it",
      );
  answerRaw(socket, problem);
}

/** An answer where there is no response to write to. */
function answerRaw(socket: Duplex, error: unknown): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    ...Object.entries(DATA_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
