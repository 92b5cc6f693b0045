import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  type BankIndex,
  bankSchema,
  type Lexicon,
  lexiconSchema,
  type Manifest,
  manifestSchema,
  type Role,
} from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { externalFiles } from "./external.ts";
import { providerOrder, sessionThreads } from "./providers.ts";
import { openSession, type Session } from "./session.ts";

/** A bundle on disk: its manifest read, its files hashed. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  /** sha256 of manifest.json, which lists the hash of every other file: names the whole bundle. */
  readonly sha256: string;
  /** The provider that took the last graph opened; "none" before the first. */
  readonly provider: string;
  /** Absolute path of a listed file. */
  path(file: string): string;
  readText(file: string): Promise<string>;
  /** Little-endian f32 values of a listed file. */
  readFloats(file: string): Promise<Float32Array>;
  /**
   * Opens a role's graph on the first provider that takes it; the caller disposes it. `part`: one of the graphs that a
   * prepared denoiser has beside its step. `once`: see `openSession`.
   */
  open(role: Exclude<Role, "bank">, part?: "conditions" | "modulation" | null, once?: boolean): Promise<Session>;
}

const userFolder = (): string => join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local/share"), "foley");

/** Where the server keeps jobs and takes: FOLEY_DATA, else the user's data folder. It need not be there yet. */
export const dataFolder = (): string => (process.env.FOLEY_DATA ? resolve(process.env.FOLEY_DATA) : userFolder());

/** Folders that hold bundles, first match wins: FOLEY_MODELS, the product's own, the user's data folder. */
function bundleFolders(): string[] {
  const own = resolve(import.meta.dirname, "../../../models");
  return [...(process.env.FOLEY_MODELS ? [resolve(process.env.FOLEY_MODELS)] : []), own, join(userFolder(), "models")];
}

/** Where imported bundles go: FOLEY_MODELS, else the user's data folder. */
export const importFolder = (): string =>
  process.env.FOLEY_MODELS ? resolve(process.env.FOLEY_MODELS) : bundleFolders().at(-1)!;

/** Ids of all bundles that can be found. */
export async function listBundles(): Promise<string[]> {
  const ids = new Set<string>();
  for (const folder of bundleFolders()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory() && (await exists(join(folder, entry.name, "manifest.json")))) ids.add(entry.name);
    }
  }
  return [...ids].sort();
}

/**
 * Reads a bundle's manifest and checks the hash of every file it lists.
 * @throws UserError unknown_model, broken_bundle, wrong_hash
 */
export async function loadBundle(id: string): Promise<Bundle> {
  return openBundle(await findBundle(id), id);
}

/** A bundle's manifest alone, its files not looked at. @throws UserError unknown_model, broken_bundle */
export async function readManifest(id: string): Promise<Manifest> {
  return (await manifestIn(await findBundle(id), id)).manifest;
}

/** A bundle's manifest, its files there and of the right size: a quick look that hashes nothing. @throws as `loadBundle` */
export async function glanceAtBundle(id: string): Promise<Manifest> {
  const directory = await findBundle(id);
  const { manifest } = await manifestIn(directory, id);
  for (const [file, { bytes }] of Object.entries(manifest.files)) await regularFile(directory, file, bytes);
  return manifest;
}

/** A bundle's index of recordings with its lexicons, null where it has none. @throws UserError unknown_model, broken_bundle */
export async function readBank(id: string): Promise<{ index: BankIndex; lexicons: readonly Lexicon[] } | null> {
  const directory = await findBundle(id);
  const { manifest } = await manifestIn(directory, id);
  const file = manifest.roles.bank?.index;
  if (file === undefined) return null;
  const read = async (name: string): Promise<unknown> => {
    if (!manifest.files[name]) throw broken("the bank among the manifest's files", name);
    return JSON.parse(await readFile(join(directory, name), "utf8"));
  };
  const index = bankSchema.parse(await read(file));
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const files = (index.lexicons ?? []).map((lexicon) => folder + lexicon.file);
  const lexicons = await Promise.all(files.map(async (name) => lexiconSchema.parse(await read(name))));
  return { index, lexicons };
}

async function manifestIn(directory: string, id: string): Promise<{ manifest: Manifest; text: string }> {
  const path = join(directory, "manifest.json");
  const text = await readFile(path, "utf8");
  const manifest = parseManifest(text, path);
  if (manifest.id !== id) throw broken(`id "${id}" in ${path}`, `"${manifest.id}"`);
  return { manifest, text };
}

/** A bundle in a folder that is named by its id. @throws UserError broken_bundle, wrong_hash */
export async function openBundle(directory: string, id: string): Promise<Bundle> {
  const { manifest, text } = await manifestIn(directory, id);
  const path = (file: string): string => {
    if (!manifest.files[file]) throw broken(`only files listed in ${join(directory, "manifest.json")}`, file);
    return join(directory, file);
  };
  await verifyFiles(directory, manifest);
  await assertOwnWeights(directory, manifest);
  let provider = "none";
  return {
    get provider() {
      return provider;
    },
    directory,
    manifest,
    sha256: createHash("sha256").update(text).digest("hex"),
    path,
    readText: (file) => readFile(path(file), "utf8"),
    async readFloats(file) {
      const bytes = await readFile(path(file));
      if (bytes.length % 4 !== 0) throw broken(`${file} as whole f32 values`, `${bytes.length} bytes`);
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    },
    async open(role, part, once) {
      const { prepared } = manifest.roles.denoiser;
      const graphs: Record<string, string> | undefined = part ? prepared?.[part] : manifest.roles[role]?.graphs;
      if (!graphs) throw broken(`a bundle with the role ${role}${part ? `, ${part}` : ""}`, `${id} without it`);
      const other = Object.values(graphs).find((file) => !file.endsWith(".onnx"));
      if (other !== undefined) throw broken(`graphs of ${id} that end in .onnx`, other);
      const order = providerOrder().filter((provider) => graphs[provider]);
      const session = await openSession(
        order.map((provider) => ({ provider, graph: path(graphs[provider]!) })),
        sessionThreads(),
        once,
      );
      provider = session.provider;
      return session;
    },
  };
}

async function findBundle(id: string): Promise<string> {
  const known = await listBundles();
  if (/^[a-z0-9][a-z0-9-]{0,40}$/.test(id)) {
    for (const folder of bundleFolders()) {
      if (await exists(join(folder, id, "manifest.json"))) return join(folder, id);
    }
  }
  const todo = "choose one of them with --model, or import weights with `foley models import`";
  throw new UserError("unknown_model", `one of the installed models (${known.join(", ") || "none"})`, `"${id}"`, todo);
}

function parseManifest(text: string, path: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw broken(`JSON in ${path}`, error instanceof Error ? error.message : String(error));
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const message = issue.code === "invalid_key" ? issue.issues[0]!.message : issue.message;
  throw broken(`${path} as models/README.md says`, `${issue.path.join(".") || "it"}: ${message}`);
}

/** Files whose hash this process has checked, as they were then: a change of any kind changes the time of it (ctime). */
const proven = new Map<string, string>();

async function verifyFiles(directory: string, manifest: Manifest): Promise<void> {
  const check = async ([file, { sha256, bytes }]: [string, { sha256: string; bytes: number }]) => {
    const path = await regularFile(directory, file, bytes);
    const { dev, ino, mtimeMs, ctimeMs } = await lstat(path);
    const state = [dev, ino, mtimeMs, ctimeMs, sha256].join();
    if (proven.get(path) === state) return;
    const hash = createHash("sha256");
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    const found = hash.digest("hex");
    if (found !== sha256) throw wrongHash(path, `sha256 ${sha256}`, found);
    proven.set(path, state);
  };
  const queue = Object.entries(manifest.files);
  const worker = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) await check(next);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/** ONNX Runtime follows the names in a graph on its own: each must be a file that was checked, beside the graph. */
async function assertOwnWeights(directory: string, { files }: Manifest): Promise<void> {
  for (const file of Object.keys(files).filter((name) => name.endsWith(".onnx"))) {
    const path = join(directory, file);
    const named = await externalFiles(path).catch((error) => {
      if (error instanceof RangeError) throw broken(`an ONNX file at ${path}`, error.message);
      throw error;
    });
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const stray = [...named].find((name) => name.split("/").includes("..") || !files[folder + name]);
    if (stray !== undefined) throw broken(`weights of ${path} among the manifest's files`, stray);
  }
}

async function regularFile(directory: string, file: string, bytes: number): Promise<string> {
  const path = join(directory, file);
  const facts = await lstat(path).catch(() => null);
  // A link could be swapped under us, and one out of the folder would pull in a file that nobody listed.
  // A hard link is another name of a file that somebody else may write to, and ONNX Runtime follows it.
  if (!facts?.isFile() || facts.nlink > 1)
    throw broken(`the regular file ${file} in ${directory}`, facts ? "a link or folder" : "nothing");
  if (facts.size !== bytes) throw wrongHash(path, `${bytes} bytes`, `${facts.size} bytes`);
  return path;
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
const broken = (expected: string, came: string): UserError =>
  new UserError("broken_bundle", expected, came, "install the bundle again (or restore the file from the release)");
const wrongHash = (path: string, expected: string, came: string): UserError =>
  new UserError(
    "wrong_hash",
    `${path} with ${expected}`,
    came,
    "install the bundle again: the file was changed or cut",
  );
