import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openTorch } from "../../../local-server/src/weights/torch.ts";
import { ops, type Tree, torchEntries, type ZipEntry, zipOf } from "../../support/checkpoints.ts";
import { tempFolder } from "../../support/cli.ts";

const fileOf = (bytes: Uint8Array): string => {
  const path = join(tempFolder(), "weights.pth");
  writeFileSync(path, bytes);
  return path;
};
const opened = (root: Tree, change: (entries: ZipEntry[]) => ZipEntry[] = (entries) => entries) =>
  openTorch(fileOf(zipOf(change(torchEntries(root)))));
/** A file whose pickle is these opcodes, without storages. */
const pickled = (...parts: (string | Buffer)[]) => {
  const data = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  return openTorch(fileOf(zipOf([{ name: "model/data.pkl", data }])));
};

const VALUES = Float32Array.of(1, -2.5, 0, 0.15625, 3.140625, 1024, -0.0078125, 6);

describe("tensors", () => {
  test.each(["F32", "F16", "BF16", "F64"] as const)("of type %s come as they were", async (type) => {
    await using file = await opened({ w: { dims: [2, 4], data: VALUES, type } });
    expect(file.dims("w")).toEqual([2, 4]);
    expect([...(await file.floats("w"))]).toEqual([...VALUES]);
  });

  test("of whole numbers and truth values too", async () => {
    const data = Float32Array.of(0, 1, 1, 0);
    await using file = await opened({
      many: { dims: [2], data: Float32Array.of(-3, 70_000), type: "I64" },
      flags: { dims: [4], data, type: "BOOL" },
    });
    expect([...(await file.floats("many"))]).toEqual([-3, 70_000]);
    expect([...(await file.floats("flags"))]).toEqual([...data]);
  });

  test("views: a transpose, every second, a row of a shared storage", async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const view = (dims: number[], strides: number[], offset = 0) => ({ dims, strides, offset, data, key: "7" });
    await using file = await opened({
      whole: view([3, 4], [4, 1]),
      turned: view([4, 3], [1, 4]),
      second: view([3, 2], [4, 2]),
      row: view([4], [1], 8),
      one: view([], [], 5),
    });
    expect([...(await file.floats("turned"))]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    expect([...(await file.floats("second"))]).toEqual([0, 2, 4, 6, 8, 10]);
    expect([...(await file.floats("row"))]).toEqual([8, 9, 10, 11]);
    expect([...(await file.floats("one"))]).toEqual([5]);
    expect([...(await file.floats("whole"))]).toEqual([...data]);
  });

  test("nested dictionaries give dotted names; the rest is metadata", async () => {
    const kwargs = { rates: [2, 3], rate: 48_000, gain: 0.5, continuous: true, note: null, name: "dac" };
    await using file = await opened({
      state_dict: { a: { w: { dims: [1], data: Float32Array.of(4) } } },
      metadata: { kwargs },
    });
    expect(file.names()).toEqual(["state_dict.a.w"]);
    expect(JSON.parse(JSON.stringify(file.metadata))).toMatchObject({ metadata: { kwargs } });
  });

  test("sizes and places above 4 GiB stand in zip64 fields", async () => {
    await using file = await opened({ w: { dims: [8], data: VALUES } }, (entries) =>
      entries.map((entry) => ({ ...entry, zip64: true })),
    );
    expect([...(await file.floats("w"))]).toEqual([...VALUES]);
  });

  test("a name that is not there is told with the file", async () => {
    await using file = await opened({ w: { dims: [1], data: Float32Array.of(1) } });
    expect(() => file.dims("v")).toThrow(/the tensor v in .*weights\.pth/);
  });
});

const W: Tree = { w: { dims: [2, 4], data: VALUES } };
const storage = (entries: ZipEntry[]) => entries.findIndex(({ name }) => name.endsWith("data/0"));
const changed =
  (change: (entry: ZipEntry) => Partial<ZipEntry>, which = storage) =>
  (entries: ZipEntry[]) =>
    entries.map((entry, i) => (i === which(entries) ? { ...entry, ...change(entry) } : entry));
const hooks = Buffer.concat([ops.global("collections", "OrderedDict"), Buffer.from(")R")]);
const call = (args: Buffer[]) =>
  Buffer.concat([ops.global("torch._utils", "_rebuild_tensor_v2"), ops.tuple(...args), Buffer.from("R")]);

describe("what is refused", () => {
  const refused: Record<string, [() => Promise<unknown>, RegExp]> = {
    "a pickle that would run something, by name": [
      () => pickled("\x80\x02", ops.global("os", "system"), ops.tuple(ops.string("touch /tmp/x")), "R."),
      /names os\.system/,
    ],
    "a global of the allowed module that is not allowed": [
      () => pickled("\x80\x02", ops.global("torch._utils", "_rebuild_device_tensor_from_numpy"), "."),
      /names torch\._utils\._rebuild_device_tensor_from_numpy/,
    ],
    "a name that walks out of its module": [
      () => pickled("\x80\x04", ops.global("torch", "FloatStorage.__class__"), "."),
      /names torch\.FloatStorage\.__class__/,
    ],
    "a global by strings on the stack": [
      () => pickled("\x80\x04", ops.string("os"), ops.string("system"), "\x93."),
      /opcode 0x93/,
    ],
    "INST, OBJ and EXT": [() => pickled("\x80\x02(ios\nsystem\n."), /opcode 0x69/],
    "a call of something that is no name": [() => pickled("\x80\x02K\x01)R."), /no name/],
    "a pickle that is cut off": [() => pickled("\x80\x02}(", ops.string("w")), /cut off/],
    "a stack that runs empty": [() => pickled("\x80\x02\x85."), /runs empty/],
    "nesting without end": [() => pickled("\x80\x02", "]".repeat(70), "a".repeat(69), "."), /nesting deeper than 64/],
    "a list that holds itself": [() => pickled("\x80\x02]q\x00h\x00a."), /nesting deeper than 64/],
    // 40 levels of two references each: a billion values in 400 bytes.
    "lists of lists of one list": [
      () => {
        const level = (_: unknown, i: number) => `](h${chr(i)}h${chr(i)}eq${chr(i + 1)}0`;
        return pickled("\x80\x02]q\x000", ...Array.from({ length: 40 }, level), `h${chr(40)}.`);
      },
      /at most 1000000 values/,
    ],
    "a whole number of a megabyte": [
      () => pickled("\x80\x02\x8a\xff", Buffer.alloc(255), "."),
      /whole number of 255 bytes/,
    ],
    "a packed entry": [
      () =>
        opened(
          W,
          changed(({ data }) => ({ data: deflateRawSync(data), method: 8 })),
        ),
      /stored as it is/,
    ],
    "an entry that claims more than the file holds": [
      () =>
        opened(
          W,
          changed(() => ({ size: 1 << 30 })),
        ),
      /no larger than the file|inside the file/,
    ],
    "an entry under two names": [
      () =>
        opened(
          W,
          changed(() => ({ localName: "model/data/9" })),
        ),
      /same header for model\/data\/0/,
    ],
    "two entries of one name": [() => opened(W, (entries) => [...entries, entries[0]!]), /one entry model\/data\.pkl/],
    "two data.pkl": [
      () => opened(W, (entries) => [...entries, { name: "other/data.pkl", data: entries[0]!.data }]),
      /one data\.pkl/,
    ],
    "an entry that lies inside another": [
      () => {
        const inner = zipOf([{ name: "model/data/8", data: Buffer.alloc(32) }]);
        const outer = { name: "model/data/9", data: inner };
        const at = 30 + outer.name.length;
        return openTorch(fileOf(zipOf([outer, { name: "model/data/8", data: Buffer.alloc(32), at }])));
      },
      /model\/data\/8 by itself/,
    ],
    "big-endian tensors": [
      () =>
        opened(W, (entries) =>
          entries.map((e) => (e.name.endsWith("byteorder") ? { ...e, data: Buffer.from("big") } : e)),
        ),
      /little-endian/,
    ],
    "a tensor larger than its storage": [() => opened({ w: { dims: [3, 4], data: VALUES } }), /w inside its storage/],
    "a view past the end": [() => opened({ w: { dims: [4], offset: 6, data: VALUES } }), /w inside its storage/],
    "strides that leave the storage": [
      () => opened({ w: { dims: [2, 2], strides: [7, 2], data: VALUES } }),
      /w inside/,
    ],
    "strides backwards": [() => opened({ w: { dims: [4], strides: [-1], offset: 7, data: VALUES } }), /stride/],
    "strides of 0 that blow a value up": [
      () => opened({ w: { dims: [1 << 30], strides: [0], data: VALUES } }),
      /w inside/,
    ],
    "more strides than dims": [() => opened({ w: { dims: [2, 4], strides: [1], data: VALUES } }), /size or stride/],
    "a storage that is not there": [
      () => opened(W, (entries) => entries.filter((_, i) => i !== storage(entries))),
      /no file data\/0/,
    ],
    "a tensor without a storage": [
      () =>
        pickled("\x80\x02}", ops.string("w"), call([ops.int(1), ops.int(0), ops.tuple(), ops.tuple(), hooks]), "s."),
      /no storage/,
    ],
    "a file without tensors": [() => opened({ note: "hello" }), /tensors .*none|expected tensors/],
    "keys that are lists": [() => pickled("\x80\x02}](K\x01eK\x02s."), /names as keys/],
    "an older file, without a zip": [
      () => openTorch(fileOf(Buffer.concat([Buffer.from("\x80\x02\x8a\x0a", "latin1"), Buffer.alloc(64)]))),
      /older format; load it in PyTorch and save it again/,
    ],
    "another kind of file": [() => openTorch(fileOf(Buffer.from("<html>404</html>"))), /no zip/],
    "an empty file": [() => openTorch(fileOf(Buffer.alloc(0))), /no zip/],
    "a folder": [() => openTorch(tempFolder()), /a folder, pipe or device/],
    nothing: [() => openTorch("/nowhere/weights.pth"), /a file that can be read/],
  };
  test.each(Object.keys(refused))("%s", async (name) => {
    const [open, message] = refused[name]!;
    const error = await open().then(
      () => null,
      (reason: unknown) => reason as { code?: string; message: string },
    );
    expect(error?.message).toMatch(message);
    expect(error?.code).toBe("bad_weights");
  });

  test.skipIf(process.platform === "win32")("a pipe, at once", async () => {
    const path = join(tempFolder(), "weights.pth");
    execFileSync("mkfifo", [path]);
    await expect(openTorch(path)).rejects.toThrow(/a folder, pipe or device/);
  });

  test("every shorter file", async () => {
    const whole = zipOf(torchEntries(W));
    for (let length = 0; length < whole.length; length += 7) {
      await expect(openTorch(fileOf(whole.subarray(0, length)))).rejects.toMatchObject({ code: "bad_weights" });
    }
  });

  test("a storage that was cut after the index was read", async () => {
    const path = fileOf(zipOf(torchEntries({ w: { dims: [4096], data: new Float32Array(4096) } })));
    await using file = await openTorch(path);
    writeFileSync(path, "");
    await expect(file.floats("w")).rejects.toMatchObject({ code: "bad_weights" });
  });
});

const chr = (code: number): string => String.fromCharCode(code);
