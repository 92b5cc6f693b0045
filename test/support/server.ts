import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CALLS, type CallName, SUBPROTOCOL } from "../../local-server/protocol/index.ts";
import { type Jobs, openJobs } from "../../local-server/src/jobs/jobs.ts";
import { newToken } from "../../local-server/src/server/access.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../local-server/src/server/serve.ts";
import { connectRpc } from "../../panel/src/bridges/rpc.ts";

/** The real server in this process: real jobs in a folder of its own, real sockets on a free port. */
export interface ServerHere {
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  readonly jobs: Jobs;
  readonly dataFolder: string;
  readonly server: RunningServer;
  /** With the right key, unless `headers` say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The panel's own client, proven. */
  connect(onNotification?: (method: string, params: unknown) => void): Promise<Client>;
  close(): Promise<void>;
}

export interface Client {
  call<Name extends CallName>(
    name: Name,
    params: (typeof CALLS)[Name]["params"]["_input"],
  ): Promise<(typeof CALLS)[Name]["result"]["_output"]>;
  readonly closed: Promise<string>;
  close(): void;
}

export async function serveHere(
  options: Partial<Pick<ServerOptions, "limits" | "shared" | "keys" | "panelFolder">> = {},
): Promise<ServerHere> {
  const dataFolder = mkdtempSync(join(tmpdir(), "foley-server-"));
  const jobs = await openJobs({ dataFolder });
  const token = newToken();
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    jobs,
    dataFolder,
    panelFolder: resolve(import.meta.dirname, "../../panel/dist"),
    keys: [{ name: "launch", secret: token }],
    shared: null,
    ...options,
  });
  const { port } = server;
  const origin = `http://127.0.0.1:${port}`;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
  return {
    origin,
    port,
    token,
    jobs,
    dataFolder,
    server,
    ask,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    async connect(onNotification = () => {}) {
      const closed = Promise.withResolvers<string>();
      const rpc = await connectRpc({
        url: `ws://127.0.0.1:${port}/v1/socket`,
        subprotocol: SUBPROTOCOL,
        token,
        clientId: "test",
        onNotification,
        onClose: closed.resolve,
      });
      return {
        call: async (name, params) => CALLS[name].result.parse(await rpc.call(name, params)) as never,
        closed: closed.promise,
        close: rpc.close,
      };
    },
    async close() {
      await server.close();
      await jobs.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Sends bytes as they are to a port and hands back everything that comes until the other side closes. */
function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((settle, fail) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (text) => (answer += text));
    socket.on("close", () => settle(answer));
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? settle(answer) : fail(error)));
  });
}

/** One request over a connection of its own, every header as written. */
export const rawRequest = (port: number, method: string, path: string, headers: readonly string[], body = "") =>
  sendRaw(port, [`${method} ${path} HTTP/1.1`, ...headers, "Connection: close", "", body].join("\r\n"));

/** Status of a raw answer, 0 where there was none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
