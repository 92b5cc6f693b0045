import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ImportOrder, importModel } from "../../local-server/src/import/import.ts";
import type { Checkpoint } from "../../local-server/src/weights/checkpoint.ts";
import { openSafetensors } from "../../local-server/src/weights/safetensors.ts";
import { openTorch } from "../../local-server/src/weights/torch.ts";
import { type Stored, safetensorsOf, type Tree, torchEntries, zipOf } from "./checkpoints.ts";
import { tempFolder } from "./cli.ts";
import { copyPublished } from "./published-files.ts";

/** A new folder with the tiny published files in it. */
export function publishedFolder(): string {
  const folder = tempFolder();
  copyPublished(folder);
  return folder;
}

type Tensors = Record<string, Stored>;

/** Writes a checkpoint again with other tensors: what `change` does to the record of them. */
export async function rewrite(path: string, change: (tensors: Tensors) => void): Promise<void> {
  const isTorch = !path.endsWith(".safetensors");
  const { tensors, metadata } = await contents(isTorch ? await openTorch(path) : await openSafetensors(path));
  change(tensors);
  // The codec's tensors stand under state_dict, beside the arguments of its class.
  const root = "state_dict.";
  const isNested = Object.keys(tensors)[0]!.startsWith(root);
  const tree: Tree = isNested
    ? {
        ...(metadata as { readonly [name: string]: Tree }),
        state_dict: Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name.slice(root.length), one])),
      }
    : tensors;
  writeFileSync(path, isTorch ? zipOf(torchEntries(tree)) : safetensorsOf(tensors));
}

async function contents(checkpoint: Checkpoint): Promise<{ tensors: Tensors; metadata: unknown }> {
  await using file = checkpoint;
  const tensors: Tensors = {};
  for (const name of file.names()) tensors[name] = { dims: file.dims(name), data: await file.floats(name) };
  return { tensors, metadata: file.metadata };
}

export const importTiny = (dir: string, order: Partial<ImportOrder> = {}) =>
  importModel({
    dir,
    id: "tiny",
    dtype: "int8",
    territory: "US",
    signal: new AbortController().signal,
    onProgress: () => {},
    ...order,
  });

/** Every file of a folder with its bytes and time: what must not change. */
export function snapshot(folder: string): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs, size } = statSync(path);
    seen[path] = entry.isFile() ? `${mtimeMs} ${size} ${readFileSync(path).toString("base64").slice(-64)}` : "folder";
  }
  return seen;
}
