import { type ServerFile, serverFileSchema } from "local-server/protocol";
import type { Address } from "../server.ts";
import type { Child, NodeDoor } from "./door.ts";

/** How the engine is started; `launch.json` of the extension's `server` folder, paths relative to it or absolute. */
interface Launch {
  readonly node: string;
  readonly script: string;
}

export interface LauncherOptions {
  readonly node: NodeDoor;
  readonly extensionFolder: string;
  /** A `fetch` that ends. */
  readonly isWell: (address: Address) => Promise<boolean>;
  readonly wait: (wait_ms: number) => Promise<void>;
}

/** The wire that this panel speaks. */
const API_VERSION = "1";
const START_MS = 45_000;
const STEP_MS = 200;
/** Another panel may have started one at the same moment: ours then ends, and theirs is found. */
const AFTER_EXIT_MS = 5_000;
/** The engine ends by itself when no panel has been there for this long. */
const IDLE_SECONDS = 600;

/** Where a running server says how it is found. The same rule as in local-server/src/server/runtime-file.ts. */
export function serverFilePath({ path, os, process: { platform, env } }: NodeDoor): string {
  const home = os.homedir();
  const folder = (): string => {
    if (env.FOLEY_RUNTIME) return env.FOLEY_RUNTIME;
    if (env.FOLEY_DATA) return path.join(env.FOLEY_DATA, "run");
    if (platform === "darwin") return path.join(home, "Library/Application Support/foley/run");
    if (platform === "win32") return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData/Local"), "foley", "run");
    return env.XDG_RUNTIME_DIR ? path.join(env.XDG_RUNTIME_DIR, "foley") : path.join(home, ".local/state/foley");
  };
  return path.join(folder(), "server.json");
}

/**
 * Finds the server that runs on this machine, whoever started it, else starts the one that came with the extension: our own
 * Node, detached, so that a closed panel takes no work along. Two panels get the same one.
 */
export function createLauncher({ node, extensionFolder, isWell, wait }: LauncherOptions): () => Promise<Address> {
  const { fs, path } = node;
  const file = serverFilePath(node);

  async function running(): Promise<Address | null> {
    const facts = await readFacts();
    if (facts === null) return null;
    const address = { origin: `http://127.0.0.1:${facts.port}`, token: facts.token };
    if (!(await isWell(address))) return null;
    if (facts.apiVersions.includes(API_VERSION)) return address;
    throw new Error(
      `an engine of version ${facts.version} runs that this panel does not understand; close the other panel or stop it`,
    );
  }

  async function readFacts(): Promise<ServerFile | null> {
    try {
      const facts = serverFileSchema.safeParse(JSON.parse(await fs.promises.readFile(file, "utf8")));
      return facts.success ? facts.data : null;
    } catch {
      return null;
    }
  }

  async function launch(): Promise<Launch> {
    const folder = path.join(extensionFolder, "server");
    const text = await fs.promises.readFile(path.join(folder, "launch.json"), "utf8").catch(() => {
      throw new Error("this panel came without its engine (server/launch.json); install it again");
    });
    const { node: program, script } = JSON.parse(text) as Launch;
    const absolute = (name: string): string => (path.isAbsolute(name) ? name : path.join(folder, name));
    return { node: absolute(program), script: absolute(script) };
  }

  const logPath = path.join(node.os.tmpdir(), "foley-engine.log");

  async function start(): Promise<{ readonly ended: () => string | null }> {
    const { node: program, script } = await launch();
    // Some installers lose the right to run it.
    if (node.process.platform !== "win32") await fs.promises.chmod(program, 0o755).catch(() => {});
    const log = fs.openSync(logPath, "a");
    let end: string | null = null;
    const child: Child = node.childProcess.spawn(program, [script, "serve", "--idle-exit", String(IDLE_SECONDS)], {
      cwd: node.os.homedir(),
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log, log],
      env: node.process.env,
    });
    child.once("error", (error) => {
      end = error.message;
    });
    child.once("exit", (code) => {
      end = `it ended with ${code}`;
    });
    child.unref();
    fs.closeSync(log);
    return { ended: () => end };
  }

  /** What it said last: the reason, where it did not start. */
  async function lastWords(): Promise<string> {
    const text = await fs.promises.readFile(logPath, "utf8").catch(() => "");
    return text.trim().split("\n").pop() ?? "";
  }

  return async () => {
    const found = await running();
    if (found !== null) return found;
    const { ended } = await start();
    let left_ms = START_MS;
    while (left_ms > 0) {
      await wait(STEP_MS);
      left_ms -= STEP_MS;
      const address = await running();
      if (address !== null) return address;
      if (ended() !== null) left_ms = Math.min(left_ms, AFTER_EXIT_MS);
    }
    const reason = ended();
    throw new Error(
      reason === null
        ? "the engine did not start within 45 s"
        : `the engine did not start: ${(await lastWords()) || reason}`,
    );
  };
}
