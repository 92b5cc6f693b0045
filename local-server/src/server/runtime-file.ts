import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type ServerFile, serverFileSchema } from "../../protocol/index.ts";

/** FOLEY_RUNTIME; `run` in FOLEY_DATA; else the place that the system has for it. */
export function runtimePath(env: NodeJS.ProcessEnv = process.env): string {
  return join(runtimeFolder(env), "server.json");
}

function runtimeFolder(env: NodeJS.ProcessEnv): string {
  if (env.FOLEY_RUNTIME) return resolve(env.FOLEY_RUNTIME);
  if (env.FOLEY_DATA) return join(resolve(env.FOLEY_DATA), "run");
  if (process.platform === "darwin") return join(homedir(), "Library/Application Support/foley/run");
  if (process.platform === "win32") return join(env.LOCALAPPDATA ?? join(homedir(), "AppData/Local"), "foley", "run");
  return env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "foley") : join(homedir(), ".local/state/foley");
}

/** Readable by this user only from its first byte on, and whole whenever it is seen. */
export async function writeRuntimeFile(path: string, facts: ServerFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temp = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    await using file = await open(temp, "wx", 0o600);
    await file.writeFile(`${JSON.stringify(facts)}\n`);
    await file.sync();
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
}

/** The server that runs, or null: no file, an unreadable one, or one of a process that is gone. */
export async function readRuntimeFile(path: string): Promise<ServerFile | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const facts = serverFileSchema.safeParse(jsonOf(text));
  return facts.success && isAlive(facts.data.pid) ? facts.data : null;
}

/** Takes our own file away; another server's stays. */
export async function removeRuntimeFile(path: string): Promise<void> {
  const facts = await readRuntimeFile(path);
  if (facts === null || facts.pid === process.pid) await rm(path, { force: true });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
