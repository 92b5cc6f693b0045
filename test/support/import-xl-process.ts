/**
 * Times the import of a denoiser of the published size: writes one of random bf16 weights (XL: 5.9 GB) into a new folder of
 * the temp folder, imports it with the small towers of the goldens, prints what it took, and takes the folder away.
 *   node test/support/import-xl-process.ts [xl|xxl] [int8|fp32|fp16|q8]
 */
import { execFile } from "node:child_process";
import { type FileHandle, mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { denoiserDims, SHAPES } from "../../local-server/src/import/shape-bench.ts";
import { ops } from "./checkpoints.ts";
import { copyPublished, FILES } from "./published-files.ts";

const [shape = "xl", dtype = "int8"] = process.argv.slice(2);
const BORDERS = { text: 24, semantic: 30, sync: 36, channels: 12 };

const folder = await mkdtemp(join(tmpdir(), "foley-import-xl-"));
try {
  copyPublished(folder);
  const bytes = await writeDenoiser(join(folder, FILES.denoiser), denoiserDims(SHAPES[shape as "xl"], BORDERS));
  console.log(`${shape}: ${(bytes / 1e9).toFixed(2)} GB of random bf16, to ${dtype}`);
  const args = ["models", "import", folder, "--id", "xl", "--dtype", dtype, "--json"];
  const agreed = ["--accept-license", "tencent-hunyuan-community", "--territory", "US"];
  const env = { ...process.env, FOLEY_MODELS: join(folder, "models"), FOLEY_PROVIDERS: "cpu" };
  const main = resolve(import.meta.dirname, "../../local-server/src/main.ts");
  console.log((await promisify(execFile)(process.execPath, [main, ...args, ...agreed], { env })).stdout.trim());
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A .pth with these tensors as torch.save lays it out, written as it is made: zip64 past 4 GiB. */
async function writeDenoiser(path: string, dims: ReadonlyMap<string, readonly number[]>): Promise<number> {
  const part = `${path}.part`;
  const file = await open(part, "wx");
  const directory: Buffer[] = [];
  let at = 0;
  const put = async (data: Uint8Array): Promise<void> => {
    await writeAll(file, data);
    at += data.length;
  };
  const entry = async (name: string, size: number, data: () => Uint8Array): Promise<void> => {
    directory.push(centralHeader(name, size, at));
    await put(localHeader(name, size));
    await put(data());
  };
  const pickle = pickleOf(dims);
  await entry("model/data.pkl", pickle.length, () => pickle);
  let seed = 1;
  for (const [i, shapeOf] of [...dims.values()].entries()) {
    const count = shapeOf.reduce((a, b) => a * b, 1);
    const columns = shapeOf.length > 1 ? count / shapeOf[0]! : 1;
    await entry(`model/data/${i}`, 2 * count, () => randomHalves(count, 2 / Math.sqrt(columns), seed++));
  }
  const index = Buffer.concat(directory);
  const start = at;
  await put(index);
  const record = Buffer.alloc(98);
  record.writeUInt32LE(0x06064b50);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(directory.length), 24);
  record.writeBigUInt64LE(BigInt(directory.length), 32);
  record.writeBigUInt64LE(BigInt(index.length), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(start + index.length), 64);
  record.writeUInt32LE(1, 72);
  record.writeUInt32LE(0x06054b50, 76);
  record.fill(0xff, 84, 96);
  await put(record);
  await file.close();
  await rename(part, path);
  return at;
}

async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length; ) done += (await file.write(data, done)).bytesWritten;
}

function pickleOf(dims: ReadonlyMap<string, readonly number[]>): Buffer {
  const sizes = (list: readonly number[]) => ops.tuple(...list.map(ops.int));
  const hooks = Buffer.concat([ops.global("collections", "OrderedDict"), Buffer.from(")R")]);
  const items = [...dims].flatMap(([name, list], i) => {
    const count = list.reduce((a, b) => a * b, 1);
    const strides = list.map((_, axis) => list.slice(axis + 1).reduce((a, b) => a * b, 1));
    const id = ops.tuple(
      ops.string("storage"),
      ops.global("torch", "BFloat16Storage"),
      ops.string(String(i)),
      ops.string("cpu"),
      ops.int(count),
    );
    const storage = Buffer.concat([id, Buffer.from("Q")]);
    const args = ops.tuple(storage, ops.int(0), sizes(list), sizes(strides), Buffer.from("\x89", "latin1"), hooks);
    return [ops.string(name), ops.global("torch._utils", "_rebuild_tensor_v2"), args, Buffer.from("R")];
  });
  return Buffer.concat([Buffer.from("\x80\x02}(", "latin1"), ...items, Buffer.from("u.")]);
}

/** bf16 values in -scale/2 .. scale/2: the upper halves of floats. */
function randomHalves(count: number, scale: number, seed: number): Uint8Array {
  const floats = new Float32Array(1);
  const word = new Uint32Array(floats.buffer);
  const table = Uint16Array.from({ length: 65_536 }, (_, i) => {
    floats[0] = scale * (i / 65_536 - 0.5);
    return word[0]! >>> 16;
  });
  const out = new Uint16Array(count);
  for (let i = 0, state = seed; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[i] = table[state >>> 16]!;
  }
  return new Uint8Array(out.buffer);
}

function localHeader(name: string, size: number): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50);
  head.writeUInt16LE(45, 4);
  head.writeUInt32LE(size, 18);
  head.writeUInt32LE(size, 22);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, Buffer.from(name)]);
}

function centralHeader(name: string, size: number, at: number): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50);
  head.writeUInt16LE(45, 4);
  head.writeUInt16LE(45, 6);
  head.writeUInt32LE(size, 20);
  head.writeUInt32LE(size, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(12, 30);
  head.writeUInt32LE(0xffff_ffff, 42);
  const wide = Buffer.alloc(12);
  wide.writeUInt16LE(1);
  wide.writeUInt16LE(8, 2);
  wide.writeBigUInt64LE(BigInt(at), 4);
  return Buffer.concat([head, Buffer.from(name), wide]);
}
