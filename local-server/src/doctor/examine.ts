import { execFile } from "node:child_process";
import { access, constants, statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import { generateRequestSchema } from "../../protocol/index.ts";
import { createEngine } from "../engine/engine.ts";
import type { Probe } from "../engine/messages.ts";
import { asUserError, throwIfCancelled } from "../errors.ts";
import { dataFolder, listBundles, loadBundle } from "../onnx/bundle.ts";
import { findFfmpeg } from "../video/ffmpeg.ts";

/** One thing looked at. `todo` says what to do; null means it is well, or that nothing need be done. */
export interface Check {
  readonly name: string;
  /** `info`: not usable here, and not needed. */
  readonly state: "ok" | "info" | "todo";
  readonly found: string;
  readonly todo: string | null;
  /** Without it no take can be made. */
  readonly needed: boolean;
}

const MEMORY_NEEDED_BYTES = 1.2e9;
const DISK_NEEDED_BYTES = 1e9;
const OLDEST_NODE = 24;

/** Looks at everything that takes depend on. @throws UserError the typed cancel error */
export async function examine(signal: AbortSignal): Promise<Check[]> {
  const checks: Check[] = [checkNode(), await checkFfmpeg(), checkCpu(), checkMemory(), await checkGpu()];
  throwIfCancelled(signal);
  checks.push(...(await checkProviders(signal)));
  throwIfCancelled(signal);
  checks.push(...(await checkBundles()), ...(await checkFolders()));
  return checks;
}

/** Whether takes can be made. */
export const isReady = (checks: readonly Check[]): boolean =>
  checks.every(({ needed, state }) => !needed || state !== "todo");

const ok = (name: string, found: string, needed = false): Check => ({ name, state: "ok", found, todo: null, needed });
const info = (name: string, found: string): Check => ({ name, state: "info", found, todo: null, needed: false });
const todo = (name: string, found: string, what: string, needed = false): Check => ({
  name,
  state: "todo",
  found,
  todo: what,
  needed,
});

function checkNode(): Check {
  const found = `${process.version} at ${process.execPath}`;
  if (Number(process.versions.node.split(".")[0]) >= OLDEST_NODE) return ok("Node", found, true);
  return todo("Node", found, `start it with \`npm run foley\`, which brings Node ${OLDEST_NODE}`, true);
}

async function checkFfmpeg(): Promise<Check> {
  try {
    const { ffmpeg, ffprobe, version } = await findFfmpeg();
    return ok("ffmpeg", `${version} at ${ffmpeg}, ffprobe at ${ffprobe}`, true);
  } catch (error) {
    const { came, todo: what } = asUserError(error);
    return todo("ffmpeg", came, what, true);
  }
}

function checkCpu(): Check {
  const model = cpus()[0]?.model.trim() || process.arch;
  return ok("CPU", `${model}, ${availableParallelism()} cores for us`);
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** What this process may use: a container's limit counts. */
function checkMemory(): Check {
  const free = process.availableMemory();
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const found = `${gibibytes(free)} free of ${gibibytes(total)}`;
  if (free >= MEMORY_NEEDED_BYTES) return ok("memory", found);
  return todo("memory", found, `close programs: a take needs about ${gibibytes(MEMORY_NEEDED_BYTES)}`);
}

/** NVIDIA's own tool tells of its cards; other cards cannot be asked without more programs. */
async function checkGpu(): Promise<Check> {
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
  const text = await new Promise<string>((resolve) => {
    execFile("nvidia-smi", query, { timeout: 10_000, windowsHide: true }, (error, stdout) => {
      resolve(error ? "" : stdout.trim());
    });
  });
  if (text !== "") return ok("GPU", text.split("\n").join("; "));
  return info("GPU", "no NVIDIA card answers; whether another one works shows below as webgpu, dml or coreml");
}

/** A provider that neither loads nor fails is not worth waiting for. */
const PROVIDER_TIMEOUT_MS = 30_000;

/** Each provider compiled in is tried with a small product, in the engine's process: a crash there is an answer, too. */
async function checkProviders(signal: AbortSignal): Promise<Check[]> {
  const engine = createEngine({ quiet: true });
  const attempt = async (provider: string): Promise<Probe | string> => {
    const limit = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
    try {
      return await engine.probe({ provider, size: 64, seconds: 0 }, AbortSignal.any([signal, limit]));
    } catch (error) {
      throwIfCancelled(signal);
      return limit.aborted ? `no answer within ${PROVIDER_TIMEOUT_MS / 1000} s` : reasonOf(asUserError(error).came);
    }
  };
  try {
    const cpu = await attempt("cpu");
    if (typeof cpu === "string") {
      const what = "install again with `npm ci`; on Linux it needs glibc 2.28 or newer";
      return [todo("ONNX Runtime", cpu, what, true)];
    }
    const checks = [ok("ONNX Runtime", `${cpu.runtime}, compiled in: ${cpu.compiled.join(", ")}`, true)];
    checks.push(ok("provider cpu", `loads, ${cpu.threads} threads`, true));
    for (const provider of cpu.compiled.filter((name) => name !== "cpu")) {
      const tried = await attempt(provider);
      const name = `provider ${provider}`;
      checks.push(typeof tried === "string" ? info(name, `not usable here: ${tried}`) : ok(name, "loads"));
    }
    return checks;
  } finally {
    engine.kill();
  }
}

/** The sentence of ONNX Runtime's complaint that tells something: its source paths and C++ signatures do not. */
function reasonOf(came: string): string {
  const words = came.replace(/[\u0000-\u001f\u007f]+/g, " ").replace(/^[a-z]+: /, "");
  return (words.match(/(?:Failed to|No |not in ).*$/)?.[0] ?? words).trim().slice(0, 160);
}

async function checkBundles(): Promise<Check[]> {
  const standard = generateRequestSchema.parse({}).model;
  const ids = await listBundles();
  const checks: Check[] = [];
  for (const id of new Set([standard, ...ids])) {
    try {
      const { manifest, directory } = await loadBundle(id);
      const files = Object.values(manifest.files);
      const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
      const hashes = `${files.length} files, ${megabytes.toFixed(1)} MB, every hash right`;
      checks.push(ok(`model ${id}`, `${manifest.version} in ${directory}: ${hashes}`, id === standard));
    } catch (error) {
      const { code, came, expected, todo: what } = asUserError(error);
      checks.push(todo(`model ${id}`, `${code}: expected ${expected}, came ${came}`, what, id === standard));
    }
  }
  return checks;
}

/** The data folder need not exist yet: then the nearest folder above it must let us make it. */
async function checkFolders(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, folder] of Object.entries({ "data folder": dataFolder(), "this folder": process.cwd() })) {
    const existing = await nearestFolder(folder);
    const found = existing === folder ? folder : `${folder} (made when needed)`;
    if (await may(existing, constants.W_OK)) checks.push(ok(name, found));
    else checks.push(todo(name, `${found}: not writable`, `make ${existing} writable, or work in another folder`));
    const { bavail, bsize } = await statfs(existing);
    const free = bavail * bsize;
    if (free >= DISK_NEEDED_BYTES) checks.push(ok(`disk of ${name}`, `${gibibytes(free)} free`));
    else checks.push(todo(`disk of ${name}`, `${gibibytes(free)} free`, `free ${gibibytes(DISK_NEEDED_BYTES)}`));
  }
  return checks;
}

async function nearestFolder(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    if ((await may(path, constants.F_OK)) || dirname(path) === path) return path;
  }
}

const may = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
