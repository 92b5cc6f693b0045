import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { importFolder } from "../onnx/bundle.ts";

/** In a working folder: the pid of the process that writes it. */
export const LOCK = "import.pid";

/** Where a bundle is made before it gets its name. */
export const workFolder = (id: string): string => join(importFolder(), `.import-${id}`);

/** Whether a bundle lies where imports go. */
export const isImported = (id: string): boolean => existsSync(join(importFolder(), id, "manifest.json"));

/** Takes an imported bundle away. @throws UserError unknown_model */
export async function removeModel(id: string): Promise<string> {
  const target = join(importFolder(), id);
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(id) || !isImported(id)) {
    throw new UserError("unknown_model", "an imported model", JSON.stringify(id), "see foley models list");
  }
  // Out of sight at once, then deleted.
  const gone = join(importFolder(), `.import-removed-${id}-${process.pid}`);
  await rename(target, gone);
  await rm(gone, { recursive: true, force: true });
  return target;
}

/** Takes away what an import left that was killed; another process's import of the same name stays. */
export async function removeRest(id: string, pid: number): Promise<void> {
  const owner = await readFile(join(workFolder(id), LOCK), "utf8").catch(() => "");
  if (owner === String(pid)) await rm(workFolder(id), { recursive: true, force: true });
}
