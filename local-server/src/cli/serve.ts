import { spawn } from "node:child_process";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { openJobs } from "../jobs/jobs.ts";
import { dataFolder } from "../onnx/bundle.ts";
import { type Key, newToken } from "../server/access.ts";
import { readRuntimeFile, removeRuntimeFile, runtimePath, writeRuntimeFile } from "../server/runtime-file.ts";
import { startServer } from "../server/serve.ts";
import { API_VERSIONS, PRODUCT_VERSION } from "../server/version.ts";
import { findFfmpeg } from "../video/ffmpeg.ts";
import { numberOption, parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const SERVE_USAGE =
  "serve [--port P] [--open] [--clip VIDEO] [--take TAKE.wav]… [--idle-exit SECONDS] [--host H --keys FILE|--token T [--root DIR]… [--allow-host NAME]…] [--json]";

const OPTIONS = {
  host: { type: "string" },
  port: { type: "string" },
  open: { type: "boolean" },
  clip: { type: "string" },
  take: { type: "string", multiple: true },
  "idle-exit": { type: "string" },
  keys: { type: "string" },
  token: { type: "string" },
  root: { type: "string", multiple: true },
  "allow-host": { type: "string", multiple: true },
  json: { type: "boolean" },
} as const;

const LOOPBACK = ["127.0.0.1", "localhost"];
const SHORTEST_KEY = 16;
const IDLE_CHECK_MS = 1000;
/** Time for the browser to have read the page. */
const OPEN_PAGE_MS = 30_000;

/** `foley serve`: the panel and its server, until it is told to stop or nobody has been there for a while. */
export async function serveVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { values } = parseArguments(args, OPTIONS, SERVE_USAGE, { min: 0, max: 0 });
  const host = values.host ?? "127.0.0.1";
  const isShared = !LOOPBACK.includes(host);
  const port = numberOption(values.port, "--port", 0, 65_535, true) ?? 0;
  const idleExit = numberOption(values["idle-exit"], "--idle-exit", 1, 86_400);
  const given = await givenKeys(values.keys, values.token);
  if (isShared && given.length === 0) throw needsKeys(host);
  await findFfmpeg();

  const data = dataFolder();
  const jobs = await openJobs({ dataFolder: data }).catch(async (error: unknown) => {
    if (values.open && (await openTheOther(error, values.clip, output))) return null;
    throw await namingTheOther(error);
  });
  if (jobs === null) return;
  const token = newToken();
  const keys = given.length > 0 ? given : [{ name: "launch", secret: token }];
  try {
    for (const take of values.take ?? []) await jobs.keepTake(resolve(take));
    const server = await startServer({
      host: host === "localhost" ? "127.0.0.1" : host,
      port,
      jobs,
      dataFolder: data,
      panelFolder: resolve(import.meta.dirname, "../../../panel/dist"),
      keys,
      shared: isShared ? { roots: (values.root ?? []).map((root) => resolve(root)), names: namesOf(values) } : null,
    });
    const file = runtimePath();
    try {
      if (!isShared) await announce(file, server.port, keys[0]!.secret);
      const url = addressOf(host, server.port, given.length > 0 ? null : token, values.clip);
      output.finish({ url, port: server.port, pid: process.pid }, `Foley is ready: ${url}`);
      if (values.open) await openInBrowser(url, dirname(file));
      await untilDone(signal, () => idleExit !== undefined && server.idleSeconds() >= idleExit);
    } finally {
      if (!isShared) await removeRuntimeFile(file);
      await server.close();
    }
  } finally {
    await jobs.close();
  }
}

const announce = (path: string, port: number, token: string): Promise<void> =>
  writeRuntimeFile(path, {
    port,
    pid: process.pid,
    token,
    startedAt: new Date().toISOString(),
    apiVersions: [...API_VERSIONS],
    version: PRODUCT_VERSION,
  });

/** The key stands behind the `#`, which no request carries. */
function addressOf(host: string, port: number, token: string | null, clip: string | undefined): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : isIP(host) === 6 ? `[${host}]` : host;
  const hash = new URLSearchParams({
    ...(token === null ? {} : { token }),
    ...(clip === undefined ? {} : { clip: resolve(clip) }),
  });
  return `http://${name}:${port}/${hash.size > 0 ? `#${hash}` : ""}`;
}

const namesOf = (values: { readonly host?: string; readonly "allow-host"?: readonly string[] }): string[] =>
  [hostname(), ...(values["allow-host"] ?? []), ...(values.host && isIP(values.host) === 0 ? [values.host] : [])].map(
    (name) => name.toLowerCase(),
  );

/** `--keys FILE`: a line a person, `name key`. `--token T`: one key for all. */
async function givenKeys(file: string | undefined, token: string | undefined): Promise<Key[]> {
  if (token !== undefined) {
    // What a program was started with can be read by everyone on the machine; this hides it from then on.
    process.title = "foley serve";
    return [asKey("token", token)];
  }
  if (file === undefined) return [];
  const path = resolve(file);
  const text = await readFile(path, "utf8").catch(() => {
    throw new UserError("not_found", "--keys as a file", JSON.stringify(file), "write one line a person: name key");
  });
  const { mode, uid } = await stat(path);
  // A file of another user, such as a container's mounted secret, is his to keep.
  if (process.platform !== "win32" && uid === process.getuid?.() && (mode & 0o077) !== 0) {
    throw new UserError("bad_value", "a keys file that only you can read", "one that others can", `chmod 600 ${file}`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (lines.length === 0) {
    throw new UserError("bad_value", "at least one line `name key`", "none", "make a key: openssl rand -base64 32");
  }
  return lines.map((line) => {
    const [name = "", secret = "", ...rest] = line.trim().split(/\s+/);
    return asKey(name, rest.length === 0 ? secret : "");
  });
}

function asKey(name: string, secret: string): Key {
  if (/^[\x21-\x7e]+$/.test(secret) && secret.length >= SHORTEST_KEY && secret.length <= 500) return { name, secret };
  const expected = `a key of at least ${SHORTEST_KEY} printable characters for "${name}"`;
  throw new UserError("bad_value", expected, `${secret.length} characters`, "make one: openssl rand -base64 32");
}

const needsKeys = (host: string): UserError =>
  new UserError(
    "usage",
    `keys with --host ${host}, which other machines can reach`,
    "none",
    "give --keys FILE (a line a person: name key) or --token T, and put TLS in front, e.g. `caddy reverse-proxy --from HOST --to 127.0.0.1:PORT`; see docs/security.md",
  );

/** Whoever wants the panel is as well served by the server that runs already. False where there is none to be found. */
async function openTheOther(error: unknown, clip: string | undefined, output: Output): Promise<boolean> {
  const file = runtimePath();
  const other = error instanceof UserError && error.code === "in_use" ? await readRuntimeFile(file) : null;
  if (other === null) return false;
  const url = addressOf("127.0.0.1", other.port, other.token, clip);
  output.finish({ url, port: other.port, pid: other.pid }, `Foley runs already: ${url}`);
  await openInBrowser(url, dirname(file));
  return true;
}

/** The other server on the data folder, by its address, so that it can be opened instead. */
async function namingTheOther(error: unknown): Promise<unknown> {
  if (!(error instanceof UserError) || error.code !== "in_use") return error;
  const other = await readRuntimeFile(runtimePath());
  if (other === null) return error;
  const came = `one that runs already at http://127.0.0.1:${other.port}/ (process ${other.pid})`;
  return new UserError("in_use", error.expected, came, "use that one, or end it first");
}

function untilDone(signal: AbortSignal, isIdle: () => boolean): Promise<void> {
  return new Promise((settle) => {
    const timer = setInterval(() => isIdle() && done(), IDLE_CHECK_MS);
    const done = (): void => {
      clearInterval(timer);
      settle();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

/**
 * Through a page on disk that only this user can read and that leads on: the address holds the key, and what a program is
 * started with everyone on the machine can read.
 */
async function openInBrowser(url: string, folder: string): Promise<void> {
  const page = join(folder, "open.html");
  await rm(page, { force: true });
  await writeFile(
    page,
    `<!doctype html><meta charset="utf-8"><script>location.replace(${JSON.stringify(url)})</script>`,
    {
      mode: 0o600,
      flag: "wx",
    },
  );
  const opener: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ["open"],
    win32: ["rundll32", "url.dll,FileProtocolHandler"],
  };
  const [program = "", ...args] = opener[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, page], { stdio: "ignore", detached: true });
  child.on("error", () => process.stderr.write("no browser could be opened: open the address above\n"));
  child.unref();
  setTimeout(() => void rm(page, { force: true }), OPEN_PAGE_MS).unref();
}
