import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Manifest } from "../../protocol/index.ts";
import { throwIfCancelled, UserError } from "../errors.ts";
import { byteLength, type Graph, saveGraph } from "../graph/graph.ts";
import type { Precision } from "../graph/linear.ts";
import { importFolder } from "../onnx/bundle.ts";
import { checkBundle } from "./check.ts";
import { findPublished, type PublishedFiles } from "./find.ts";
import { cardText, licenceText, manifestOf } from "./manifest.ts";
import { type Networks, openNetworks } from "./networks.ts";
import { LOCK, workFolder } from "./remove.ts";
import { tokenizerFiles } from "./tokenizer.ts";

export interface ImportOrder {
  readonly dir: string;
  readonly id: string;
  readonly dtype: Precision;
  /** Territory that the licence covers, as `checkTerms` gave it. */
  readonly territory: string;
  /** File name of the denoiser where several lie in `dir`. */
  readonly weights?: string | undefined;
  readonly signal: AbortSignal;
  /** What is being done, the fraction of it all, and the seconds left where they can be told. */
  readonly onProgress: (what: string, fraction: number, secondsLeft: number | null) => void;
}

/**
 * Makes a bundle out of the published files. Everything is written into a hidden folder, tried there, and gets its name by
 * one rename: a bundle is whole or not there. Needs memory for the largest tensor.
 * @throws UserError
 */
export async function importModel(order: ImportOrder): Promise<{ directory: string; bytes: number; seconds: number }> {
  const started = performance.now();
  const { id, dtype, signal } = order;
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(id)) {
    throw new UserError(
      "bad_value",
      "--id of small letters, digits and dashes",
      JSON.stringify(id),
      "choose such a name",
    );
  }
  const folder = importFolder();
  const target = join(folder, id);
  if (existsSync(target)) {
    throw new UserError(
      "target_exists",
      `no bundle ${id} yet`,
      target,
      `choose another --id, or foley models remove ${id}`,
    );
  }
  const files = await findPublished(order.dir, order.weights);
  await using networks = await openNetworks(files, dtype);
  const work = await claim(folder, id).catch((error) => {
    throw unwritable(error, folder);
  });
  try {
    await checkSpace(networks, folder);
    const bytes = await writeBundle(order, files, networks, work);
    order.onProgress("self-check", 1, null);
    throwIfCancelled(signal);
    await checkBundle(work, id, networks);
    throwIfCancelled(signal);
    await rm(join(work, LOCK), { force: true });
    await rename(work, target);
    return { directory: target, bytes, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw unwritable(error, folder);
  }
}

/** A working folder of our own; those of imports that died are swept. @throws UserError import_running */
async function claim(folder: string, id: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const work = workFolder(id);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(".import-")) continue;
    const pid = Number(await readFile(join(folder, name, LOCK), "utf8").catch(() => "0"));
    const isFresh = Date.now() - (await stat(join(folder, name)).catch(() => ({ mtimeMs: 0 }))).mtimeMs < 5000;
    if (isAlive(pid) || (pid === 0 && isFresh)) {
      if (join(folder, name) === work) {
        const todo = `wait for it to end; if there is none, delete ${work}`;
        throw new UserError("import_running", `no other import of ${id}`, `process ${pid}`, todo);
      }
    } else await rm(join(folder, name), { recursive: true, force: true });
  }
  await mkdir(work).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    throw new UserError("import_running", `no other import of ${id}`, "one that just began", "wait for it to end");
  });
  await writeFile(join(work, LOCK), String(process.pid));
  return work;
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const weightBytes = (graph: Graph): number =>
  graph.weights.reduce((sum, { dtype, dims }) => sum + byteLength(dtype, dims), 0);
const MARGIN_BYTES = 64 << 20;

async function checkSpace({ graphs }: Networks, folder: string): Promise<void> {
  const needed = Object.values(graphs).reduce((sum, graph) => sum + weightBytes(graph), MARGIN_BYTES);
  const { bavail, bsize } = await statfs(folder);
  if (needed > bavail * bsize) throw full(folder, `${Math.ceil(needed / 1e6)} MB`);
}

const full = (folder: string, needed: string): UserError =>
  new UserError(
    "disk_full",
    `room for ${needed} in ${folder}`,
    "too little",
    "free some, or set FOLEY_MODELS to another disk",
  );

/** What the system says about a place that takes no more, or nothing at all, in words. */
function unwritable(error: unknown, folder: string): unknown {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(code)) return full(folder, "the import");
  if (!["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(code)) return error;
  const todo = "set FOLEY_MODELS to a folder of yours";
  return new UserError("target_not_writable", `a folder to write in at ${folder}`, message, todo);
}

type Listed = Manifest["files"];

async function writeBundle(
  order: ImportOrder,
  files: PublishedFiles,
  networks: Networks,
  work: string,
): Promise<number> {
  const { signal, onProgress, id, dtype, territory } = order;
  const total = Object.values(networks.graphs).reduce((sum, graph) => sum + weightBytes(graph), 0);
  const listed: Listed = {};
  const started = performance.now();
  let done = 0;
  for (const [name, graph] of Object.entries(networks.graphs)) {
    await using data = await hashedFile(work, `${name}.data`);
    const sink = {
      async write(bytes: Uint8Array) {
        throwIfCancelled(signal);
        await data.write(bytes);
      },
    };
    const onnx = await saveGraph(graph, `${name}.data`, sink, (bytes) => {
      done += bytes;
      const spent = (performance.now() - started) / 1000;
      onProgress(`writing ${name}`, done / total, spent > 2 ? (spent / done) * (total - done) : null);
    });
    listed[`${name}.data`] = await data.end();
    listed[`${name}.onnx`] = await writeWhole(work, `${name}.onnx`, onnx);
  }
  const empty = await networks.empty();
  listed["empty.f32"] = await writeWhole(work, "empty.f32", new Uint8Array(empty.buffer));
  for (const [name, content] of Object.entries(await tokenizerFiles(files.text.folder))) {
    listed[name] = await writeWhole(work, name, new TextEncoder().encode(content));
  }
  onProgress("hashing the sources", 1, null);
  const provenance = await provenanceOf(files, signal);
  const manifest = manifestOf({ id, dtype, territory, networks, provenance, files: listed });
  const texts = { "LICENSE.md": licenceText(territory), "CARD.md": cardText(manifest, dtype, networks) };
  for (const [name, text] of Object.entries(texts)) {
    manifest.files[name] = await writeWhole(work, name, new TextEncoder().encode(text));
  }
  await writeWhole(work, "manifest.json", new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
  return Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
}

/** A new file that is hashed as it is written. */
async function hashedFile(folder: string, name: string) {
  const handle: FileHandle = await open(join(folder, name), "wx");
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    async write(data: Uint8Array) {
      hash.update(data);
      bytes += data.length;
      for (let at = 0; at < data.length; )
        at += (await handle.write(data, at, Math.min(1 << 28, data.length - at))).bytesWritten;
    },
    async end() {
      await handle.sync();
      return { sha256: hash.digest("hex"), bytes };
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function writeWhole(folder: string, name: string, data: Uint8Array) {
  await using file = await hashedFile(folder, name);
  await file.write(data);
  return file.end();
}

/** What the bundle was made from, with the hashes that the publisher's cards show. */
async function provenanceOf(files: PublishedFiles, signal: AbortSignal): Promise<Manifest["provenance"]> {
  const sources: [string, string][] = [
    [files.denoiser, "tencent-hunyuan-community"],
    [files.vae, "tencent-hunyuan-community"],
    [files.sync, "tencent-hunyuan-community"],
    [files.semantic.weights, "Apache-2.0"],
    [files.text.weights, "Apache-2.0"],
  ];
  const provenance = [];
  for (const [path, licence] of sources) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
    // Snapshots all call their weights alike: the folder tells them apart.
    const isSnapshot = path === files.semantic.weights || path === files.text.weights;
    const name = isSnapshot ? `${basename(dirname(path))}/${basename(path)}` : basename(path);
    provenance.push({ name, licence, sha256: hash.digest("hex") });
  }
  return provenance;
}
