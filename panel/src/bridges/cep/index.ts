import type { Clip } from "../../state/state.ts";
import type { HostAdapter } from "../host-adapter.ts";
import type { Address } from "../server.ts";
import { createCaller, type ScriptFile } from "./caller.ts";
import { type CepDoor, extensionFolder, type NodeDoor, nodeDoor } from "./door.ts";
import { createCepHost } from "./host.ts";
import { claimKeys } from "./keys.ts";
import { createLauncher } from "./launcher.ts";

/** Health is answered at once, or the server is not well. */
const HEALTH_MS = 3_000;

/** All that the panel needs in Premiere, put together from what CEP gives. `probe`: what the server says of a file. */
export function openPremiere(door: CepDoor, probe: (path: string) => Promise<Clip>): HostAdapter {
  const node = nodeDoor();
  const folder = extensionFolder(door);
  const caller = createCaller(door, () => readScript(node, folder));
  const wait = (wait_ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, wait_ms));
  const launch = createLauncher({ node, extensionFolder: folder, isWell, wait });
  claimKeys(door, node.process.platform === "darwin");
  const onFocus = (listener: () => void): void => window.addEventListener("focus", listener);
  return createCepHost({ door, node, caller, launch, folder, probe, onFocus });
}

/** The script beside the panel, and the stamp that it must have. */
async function readScript({ fs, path }: NodeDoor, folder: string): Promise<ScriptFile> {
  const dist = path.join(folder, "host", "dist");
  const { build } = JSON.parse(await fs.promises.readFile(path.join(dist, "build.json"), "utf8")) as { build: string };
  return { path: path.join(dist, "foley.jsx"), build };
}

async function isWell({ origin, token }: Address): Promise<boolean> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), HEALTH_MS);
  try {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${origin}/v1/health`, { headers, signal: stop.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
