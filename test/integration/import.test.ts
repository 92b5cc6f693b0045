import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { deflateRawSync } from "node:zlib";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { UserError } from "../../local-server/src/errors.ts";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";
import { openSafetensors } from "../../local-server/src/weights/safetensors.ts";
import { ops, safetensorsOf, torchEntries, zipOf } from "../support/checkpoints.ts";
import { foley, startFoley, tempFolder } from "../support/cli.ts";
import { importTiny, publishedFolder, rewrite, snapshot } from "../support/published.ts";
import { FILES } from "../support/published-files.ts";

const MAIN = resolve(import.meta.dirname, "../../local-server/src/main.ts");
const AGREED = ["--accept-license", "tencent-hunyuan-community", "--territory", "US"];

let models: string;
let dir: string;
beforeEach(() => {
  models = tempFolder();
  dir = publishedFolder();
  vi.stubEnv("FOLEY_MODELS", models);
  vi.stubEnv("FOLEY_PROVIDERS", "cpu");
  return () => vi.unstubAllEnvs();
});

/** Another bundle that lies there already, with every file as a user has it. */
function neighbour(): void {
  mkdirSync(join(models, "old"));
  for (const name of ["manifest.json", "denoiser.onnx"]) writeFileSync(join(models, "old", name), `${name} of old`);
  mkdirSync(join(models, "old", "sub"));
}

const at = (name: string): string => join(dir, name);
const failure = async (run: Promise<unknown>): Promise<UserError> =>
  run.then(
    () => expect.unreachable("expected an error, came a bundle"),
    (error) => error,
  );

type Spoil = () => void | Promise<void>;
/** What was done to the published files; the code; what the line must say (file and, where there is one, tensor). */
const spoilt: Record<string, readonly [Spoil, string, ...RegExp[]]> = {
  "a denoiser that is cut off": [
    () => truncateSync(at(FILES.denoiser), 500_000),
    "bad_weights",
    /hunyuanvideo_foley\.pth/,
  ],
  "an empty file": [() => truncateSync(at(FILES.vae), 0), "bad_weights", /vae_128d_48k\.pth/],
  "words' weights that are cut off": [
    () => truncateSync(at(FILES.text), 100_000),
    "bad_weights",
    /clap\/model\.safetensors/,
  ],
  "another network under the denoiser's name": [
    () => copyFileSync(at(FILES.vae), at(FILES.denoiser)),
    "bad_weights",
    /the tensor \S+ in \S+hunyuanvideo_foley\.pth/,
  ],
  "a page of the web under the denoiser's name": [
    () => writeFileSync(at(FILES.denoiser), "<!DOCTYPE html><title>Sign in</title>".repeat(50)),
    "bad_weights",
    /hunyuanvideo_foley\.pth/,
  ],
  "a safetensors file with a .pth name": [
    () => copyFileSync(at(FILES.semantic), at(FILES.sync)),
    "bad_weights",
    /synchformer_state_dict\.pth/,
  ],
  "a file under a name of the user's own": [
    () => renameSync(at(FILES.denoiser), at("my-favourite.pth")),
    "missing_weights",
    /hunyuanvideo_foley\.pth or hunyuanvideo_foley_xl\.pth \("tencent\/HunyuanVideo-Foley" on Hugging Face\)/,
  ],
  "no picture tower": [
    () => renameSync(at("siglip2"), join(tempFolder(), "elsewhere")),
    "missing_weights",
    /"google\/siglip2-base-patch16-512" on Hugging Face/,
  ],
  "the denoiser of another codec": [
    () =>
      rewrite(at(FILES.denoiser), (tensors) => {
        tensors["audio_embedder.proj.weight"] = filled(40, 16, 1);
        tensors["final_layer.linear.weight"] = filled(16, 40);
        tensors["final_layer.linear.bias"] = filled(16);
      }),
    "bad_weights",
    /16 latent channels of \S+vae_128d_48k\.pth in \S+hunyuanvideo_foley\.pth, came 12/,
  ],
  "another model in the words' folder": [
    () => copyFileSync(at(FILES.semantic), at(FILES.text)),
    "bad_weights",
    /the tensor text_model\.\S+ in \S+clap\/model\.safetensors/,
  ],
  "a config of another model": [
    () => writeFileSync(at("clap/config.json"), '{"model_type":"clap","text_config":{"num_attention_heads":7}}'),
    "bad_weights",
    /heads that divide 24, came 7/,
    /clap/,
  ],
  "a config that is no JSON": [
    () => writeFileSync(at("siglip2/config.json"), "{"),
    "bad_weights",
    /siglip2\/config\.json/,
  ],
  "a config of a variant that we do not know": [
    () => writeFileSync(at("config.yaml"), "model_config:\n  model_kwargs:\n    sync_modulation: true\n"),
    "bad_weights",
    /sync_modulation: false in config\.yaml, came true/,
  ],
  "a tensor that is missing in a block": [
    () => rewrite(at(FILES.denoiser), (tensors) => delete tensors["single_blocks.1.linear_qkv.weight"]),
    "bad_weights",
    /the tensor single_blocks\.1\.linear_qkv\.weight in \S+hunyuanvideo_foley\.pth/,
  ],
  "no learned row for no picture": [
    () => rewrite(at(FILES.denoiser), (tensors) => delete tensors.empty_clip_feat),
    "bad_weights",
    /the tensor empty_clip_feat in \S+hunyuanvideo_foley\.pth/,
  ],
  "a learned row of another width": [
    () => rewrite(at(FILES.denoiser), (tensors) => (tensors.empty_sync_feat = filled(1, 35))),
    "bad_weights",
    /36 values for empty_sync_feat, came \[1,35\]/,
    /hunyuanvideo_foley\.pth/,
  ],
  "a tensor too many": [
    () => rewrite(at(FILES.denoiser), (tensors) => (tensors["single_blocks.1.adapter.weight"] = filled(2))),
    "bad_weights",
    /only tensors of the published network in \S+hunyuanvideo_foley\.pth, came the tensor single_blocks\.1\.adapter\.weight as well/,
  ],
  "a tensor of another shape": [
    () => rewrite(at(FILES.denoiser), (tensors) => (tensors["single_blocks.0.linear_qkv.weight"] = filled(120, 41))),
    "bad_weights",
    /single_blocks\.0\.linear_qkv\.weight/,
    /hunyuanvideo_foley\.pth/,
  ],
  "a codec's tensor of another shape": [
    () =>
      rewrite(at(FILES.vae), (tensors) => {
        const name = Object.keys(tensors).find((one) => /^state_dict\.decoder\.model\.0\.bias$/.test(one))!;
        tensors[name] = filled(3);
      }),
    "bad_weights",
    /decoder\.model\.0\.bias/,
    /vae_128d_48k\.pth/,
  ],
  "a value that is no number": [
    () => rewrite(at(FILES.denoiser), (tensors) => (tensors["single_blocks.2.linear1.weight"]!.data[5] = Number.NaN)),
    "bad_weights",
    /finite values in single_blocks\.2\.linear1\.weight in \S+hunyuanvideo_foley\.pth, came NaN/,
  ],
  "infinity in a tower": [
    () =>
      rewrite(at(FILES.sync), (tensors) => {
        tensors["vfeat_extractor.norm.weight"]!.data[0] = Number.POSITIVE_INFINITY;
      }),
    "bad_weights",
    /vfeat_extractor\.norm\.weight in \S+synchformer_state_dict\.pth/,
  ],
  "a zip bomb": [
    () => {
      const zeros = deflateRawSync(Buffer.alloc(64 << 20));
      const entries = torchEntries({ w: filled(4) }).map((entry) =>
        entry.name.endsWith("data/0") ? { ...entry, data: zeros, method: 8, size: 0xffff_fff0 } : entry,
      );
      writeFileSync(at(FILES.denoiser), zipOf(entries));
    },
    "bad_weights",
    /hunyuanvideo_foley\.pth/,
  ],
  "a pickle that is a program": [
    () => {
      const data = Buffer.concat([
        Buffer.from("\x80\x02", "latin1"),
        ops.global("os", "system"),
        ops.tuple(ops.string(`touch ${at("was-here")}`)),
        Buffer.from("R."),
      ]);
      writeFileSync(at(FILES.sync), zipOf([{ name: "model/data.pkl", data }]));
    },
    "bad_weights",
    /os\.system/,
    /synchformer_state_dict\.pth/,
  ],
  "a link to nothing": [
    () => {
      rmSync(at(FILES.vae));
      symlinkSync(at("nowhere"), at(FILES.vae));
    },
    "missing_weights",
    /vae_128d_48k\.pth/,
  ],
};

function filled(...dims: number[]) {
  return { dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.25) };
}

describe("what is wrong with the files is said by file and tensor, and nothing is left of it", () => {
  test.each(Object.entries(spoilt))("%s", async (_, [spoil, code, ...words]) => {
    neighbour();
    await spoil();
    const before = snapshot(models);
    const error = await failure(importTiny(dir));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(words[0]!)]);
    for (const word of words) expect(error.message).toMatch(word);
    expect(snapshot(models)).toEqual(before);
    expect(existsSync(at("was-here"))).toBe(false);
  });
});

test("good files become a bundle with its sources' names and hashes; the same id again is refused", async () => {
  neighbour();
  const before = snapshot(models);
  const { directory } = await importTiny(dir);
  const bundle = await loadBundle("tiny");
  expect(bundle.manifest.provenance.map(({ name }) => name)).toEqual(Object.values(FILES));
  expect(bundle.manifest.licence.accepted?.territory).toBe("US");
  expect(readdirSync(models).sort()).toEqual(["old", "tiny"]);
  expect(readdirSync(directory).sort()).toEqual([...Object.keys(bundle.manifest.files), "manifest.json"].sort());
  const made = snapshot(models);
  expect(made).toMatchObject(before);
  expect((await failure(importTiny(dir))).message).toMatch(/target_exists: .*no bundle tiny yet.*models remove tiny/);
  expect(snapshot(models)).toEqual(made);
});

test("a snapshot with pytorch_model.bin gives the same graphs as one with model.safetensors", async () => {
  const { manifest: wanted } = await importTiny(dir).then(() => loadBundle("tiny"));
  await using file = await openSafetensors(at(FILES.text));
  const tensors = [];
  for (const name of file.names()) tensors.push([name, { dims: file.dims(name), data: await file.floats(name) }]);
  writeFileSync(at("clap/pytorch_model.bin"), zipOf(torchEntries(Object.fromEntries(tensors))));
  rmSync(at(FILES.text));
  const { manifest } = await importTiny(dir, { id: "bin" }).then(() => loadBundle("bin"));
  expect(manifest.files["text.data"]).toEqual(wanted.files["text.data"]);
  expect(manifest.provenance.at(-1)!.name).toBe("clap/pytorch_model.bin");
});

describe("interrupted", () => {
  test("a cancel in the middle of the writing leaves nothing", async () => {
    const stop = new AbortController();
    const order = { signal: stop.signal, onProgress: (what: string) => what === "writing denoiser" && stop.abort() };
    expect((await failure(importTiny(dir, order))).code).toBe("cancelled");
    expect(readdirSync(models)).toEqual([]);
  });

  test("killed in the middle, it starts clean the next time; what it left is swept", async () => {
    const { child, done } = startFoley(["models", "import", dir, "--id", "tiny", ...AGREED]);
    const half = join(models, ".import-tiny");
    while (!existsSync(join(half, "text.onnx"))) await new Promise((settle) => setTimeout(settle, 5));
    child.kill("SIGKILL");
    await done;
    expect(existsSync(half)).toBe(true);
    // Nothing that looks for bundles sees it.
    expect((await foley(["models", "list"])).stdout).not.toMatch(/tiny/);
    const long = new Date(Date.now() - 60_000);
    utimesSync(half, long, long);
    await importTiny(dir, { id: "other" });
    expect(readdirSync(models)).toEqual(["other"]);
    await importTiny(dir);
    expect(readdirSync(models).sort()).toEqual(["other", "tiny"]);
    await loadBundle("tiny");
  });

  test("two at once with one id: one wins whole, the other says so; with two ids both are made", async () => {
    const results = await Promise.allSettled([
      importTiny(dir),
      importTiny(dir),
      importTiny(dir, { id: "second", dtype: "fp32" }),
    ]);
    const lost = results.filter((one) => one.status === "rejected");
    expect(lost).toHaveLength(1);
    expect(lost[0]!.reason.message).toMatch(
      /error (import_running|target_exists): expected no (other import of|bundle) tiny/,
    );
    expect(readdirSync(models).sort()).toEqual(["second", "tiny"]);
    await loadBundle("tiny");
    await loadBundle("second");
  });

  test.runIf(process.platform !== "win32")(
    "a disk that fills up in the middle: said, and nothing is left",
    async () => {
      neighbour();
      const before = snapshot(models);
      // A limit of 300 KiB a file stands in for a full disk: the write fails in the same place.
      const script = `ulimit -f 300; exec "$0" "$@"`;
      const args = ["-c", script, process.execPath, MAIN, "models", "import", dir, "--id", "tiny", ...AGREED];
      const run = await promisify(execFile)("bash", args).catch((error) => error);
      expect(run.stderr).toMatch(/^error disk_full: expected room for the import in /);
      expect(run.code).toBe(2);
      expect(snapshot(models)).toEqual(before);
    },
  );

  test("a folder that cannot be written in is said", async () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    vi.stubEnv("FOLEY_MODELS", file);
    expect((await failure(importTiny(dir))).message).toMatch(/target_not_writable: .* set FOLEY_MODELS/);
  });
});

describe("terms", () => {
  const run = (...args: string[]) => foley(["models", "import", dir, "--id", "tiny", "--dtype", "fp32", ...args]);

  test.each([
    [[], /^error licence: expected agreement .*--accept-license tencent-hunyuan-community --territory CC/],
    [["--accept-license", "MIT", "--territory", "US"], /came MIT/],
    [AGREED.slice(0, 2), /a territory as two letters/],
    [[...AGREED.slice(0, 3), "Japan"], /two letters \(ISO 3166\), came Japan/],
    [
      [...AGREED.slice(0, 3), "de"],
      /a territory that the licence covers, came DE; the licence grants nothing in the European Union/,
    ],
    [[...AGREED.slice(0, 3), "UK"], /came GB/],
    [[...AGREED.slice(0, 3), "KR"], /came KR; .*use foley-mini there/],
  ])("%s", async (args, line) => {
    const { code, stderr, stdout } = await run(...args);
    expect(stderr).toMatch(line);
    expect([code, stdout, readdirSync(models)]).toEqual([2, "", []]);
  });
});

describe("a bundle that somebody else had a hand in", () => {
  const path = (name: string): string => join(models, "tiny", name);
  const said = async (): Promise<string> => (await failure(loadBundle("tiny"))).message;
  const listed = (change: (manifest: { files: Record<string, unknown> }) => void): void => {
    const manifest = JSON.parse(readFileSync(path("manifest.json"), "utf8"));
    change(manifest);
    writeFileSync(path("manifest.json"), JSON.stringify(manifest));
  };
  beforeEach(async () => {
    await importTiny(dir, { dtype: "fp32" });
    await loadBundle("tiny");
  });

  test("a byte changed, a file cut, a file gone", async () => {
    const bytes = readFileSync(path("denoiser.data"));
    bytes[1000]! ^= 1;
    writeFileSync(path("denoiser.data"), bytes);
    expect(await said()).toMatch(/wrong_hash: .*denoiser\.data with sha256/);
    truncateSync(path("denoiser.data"), 5);
    expect(await said()).toMatch(/wrong_hash: .*denoiser\.data with \d+ bytes, came 5 bytes/);
    rmSync(path("denoiser.data"));
    expect(await said()).toMatch(/broken_bundle: expected the regular file denoiser\.data .* came nothing/);
  });

  test("symbolic and hard links", async () => {
    const outside = join(tempFolder(), "outside");
    renameSync(path("text.data"), outside);
    symlinkSync(outside, path("text.data"));
    expect(await said()).toMatch(/the regular file text\.data .* came a link or folder/);
    rmSync(path("text.data"));
    linkSync(outside, path("text.data"));
    expect(await said()).toMatch(/the regular file text\.data .* came a link or folder/);
  });

  test("a listed file that lies elsewhere", async () => {
    const manifest = readFileSync(path("manifest.json"));
    for (const name of ["../secret", "a/../../secret", "/etc/passwd", "C:\\secret", ".hidden", "a\0b"]) {
      writeFileSync(path("manifest.json"), manifest);
      listed(({ files }) => Object.assign(files, { [name]: { sha256: "0".repeat(64), bytes: 1 } }));
      expect(await said()).toMatch(/broken_bundle: .*a path inside the bundle/);
    }
  });

  test("a graph whose weights are not among the listed files", async () => {
    const whole = readFileSync(path("text.onnx"), "latin1");
    for (const elsewhere of ["../a.data", "other.dat", "sub/tdata"]) {
      // The same length, so that the protobuf stays whole.
      const graph = Buffer.from(whole.replaceAll("text.data", elsewhere), "latin1");
      writeFileSync(path("text.onnx"), graph);
      const sha256 = createHash("sha256").update(graph).digest("hex");
      listed(({ files }) => Object.assign(files, { "text.onnx": { sha256, bytes: graph.length } }));
      expect(await said()).toMatch(/broken_bundle: expected weights of \S+text\.onnx among the manifest's files, came/);
    }
    const cut = Buffer.from(whole, "latin1").subarray(0, 5000);
    writeFileSync(path("text.onnx"), cut);
    const sha256 = createHash("sha256").update(cut).digest("hex");
    listed(({ files }) => Object.assign(files, { "text.onnx": { sha256, bytes: cut.length } }));
    expect(await said()).toMatch(/broken_bundle: expected an ONNX file at \S+text\.onnx/);
  });
});

test("safetensors of a tower may hold what the tower does not use, in any order", async () => {
  await using file = await openSafetensors(at(FILES.semantic));
  const names = [...file.names()].reverse();
  const tensors = [];
  for (const name of names) tensors.push([name, { dims: file.dims(name), data: await file.floats(name) }]);
  tensors.push(["logit_bias_of_another_head", filled(1)]);
  writeFileSync(at(FILES.semantic), safetensorsOf(Object.fromEntries(tensors)));
  await importTiny(dir);
});
