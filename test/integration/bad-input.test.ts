import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { foley, SAMPLE, startFoley, tempFolder } from "../support/cli.ts";

const MODELS = resolve(import.meta.dirname, "../../models");
const ffmpeg = (...args: string[]) => execFileSync("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args]);

/** Runs generate into an empty folder; it must fail with one clear line, exit 2, and leave nothing behind. */
async function refused(code: string, args: readonly string[], options: { env?: Record<string, string> } = {}) {
  const out = tempFolder();
  const result = await foley(["generate", ...args, "-o", "out.wav", "--json"], { cwd: out, ...options });
  expect(result.stderr).toMatch(new RegExp(`^error ${code}: expected .+, came .+; .+\\n$`));
  expect(result.stdout).toBe("");
  expect(result.code).toBe(2);
  expect(readdirSync(out)).toEqual([]);
}

test.each([
  ["missing file", "not_found", () => "missing.mp4"],
  ["folder", "not_regular_file", (dir: string) => dir],
  ["FIFO", "not_regular_file", fifo],
  ["empty", "empty_file", (dir: string) => write(dir, "")],
  ["text", "unsupported_or_damaged", (dir: string) => write(dir, "this is no film\n".repeat(100))],
  ["truncated", "damaged|unsupported_or_damaged|no_frames", truncated],
  ["audio only", "no_video", (dir: string) => lavfi(dir, "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")],
  ["cover art only", "no_video", coverArt],
])("%s: %s", async (_name, code, make) => {
  await refused(`(?:${code})`, [make(tempFolder())]);
});

function fifo(dir: string): string {
  execFileSync("mkfifo", [join(dir, "clip.mp4")]);
  return join(dir, "clip.mp4");
}
const write = (dir: string, text: string): string => {
  writeFileSync(join(dir, "clip.mp4"), text);
  return join(dir, "clip.mp4");
};
function lavfi(dir: string, ...args: string[]): string {
  ffmpeg(...args, join(dir, "clip.mp4"));
  return join(dir, "clip.mp4");
}
/** A file whose index lies at the front and whose second half is missing: it still claims its full length. */
function truncated(dir: string): string {
  const path = join(dir, "clip.mp4");
  ffmpeg("-i", SAMPLE, "-c", "copy", "-movflags", "+faststart", path);
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
  return path;
}
function coverArt(dir: string): string {
  ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=0.1", "-frames:v", "1", join(dir, "cover.png"));
  const path = join(dir, "song.m4a");
  const streams = ["-i", join(dir, "cover.png"), "-map", "0:a", "-map", "1:v", "-c:v", "png"];
  ffmpeg("-f", "lavfi", "-i", "sine=d=1", ...streams, "-disposition:v", "attached_pic", "-f", "mp4", path);
  return path;
}

test.each([
  ["0-length range", "empty_range", ["--from", "1", "--to", "1"]],
  ["from after to", "empty_range", ["--from", "2", "--to", "1"]],
  ["start past the end", "range_outside_clip", ["--from", "100"]],
  ["end past the end", "range_outside_clip", ["--to", "13"]],
  ["no time", "bad_time", ["--from", "soon"]],
  ["timecode with frame 10 at 10 fps", "bad_time", ["--to", "00:00:01:10"]],
  ["501 code points", "bad_prompt", ["--prompt", "x".repeat(501)]],
  ["control character", "bad_prompt", ["--prompt", "steps\u001b[31m"]],
  ["line break in the negative prompt", "bad_prompt", ["--negative", "a\nb"]],
  ["unknown model", "unknown_model", ["--model", "nothing"]],
  ["model as a path", "unknown_model", ["--model", "../foley-mini"]],
  ["no steps", "bad_value", ["--steps", "0"]],
  ["1000 steps", "bad_value", ["--steps", "1000"]],
  ["half a step", "bad_value", ["--steps", "1.5"]],
  ["negative seed", "bad_value", ["--seed", "-1"]],
  ["strength over 1", "bad_value", ["--guide-strength", "1.1"]],
  ["NaN", "bad_value", ["--guidance", "NaN"]],
  ["bit depth 12", "bad_value", ["--bit-depth", "12"]],
  ["guide that is not there", "bad_guide", ["--guide", "nowhere.wav"]],
  ["guide that is no sound", "bad_guide", ["--guide", resolve(import.meta.dirname, "../../README.md")]],
  ["guide folder without sounds", "bad_guide", ["--guide", import.meta.dirname]],
  ["reference mode of a model without one", "bad_value", ["--reference"]],
  ["mono and stereo", "usage", ["--mono", "--stereo"]],
  ["unknown option", "usage", ["--loud"]],
  ["two outputs", "usage", ["--out-dir", "."]],
])("%s: %s", async (_name, code, args) => {
  await refused(code, [SAMPLE, ...args]);
});

test("over 300 s: too_long", async () => {
  const dir = tempFolder();
  const clip = lavfi(dir, "-f", "lavfi", "-i", "color=s=32x32:r=2:d=301", "-c:v", "libx264", "-preset", "ultrafast");
  await refused("too_long", [clip]);
});

test("500 code points of any script are taken", async () => {
  const out = tempFolder();
  const prompt = "脚🦶".repeat(250);
  const { code } = await foley(["generate", SAMPLE, "--to", "1", "--prompt", prompt, "-o", "a.wav"], { cwd: out });
  expect(code).toBe(0);
});

test("an error's user data cannot forge lines or colours", async () => {
  const { stderr } = await foley(["generate", "a\n\u001b[31merror internal: x.mp4"]);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toContain("\u001b");
});

/** A copy of the bundle to break. */
function ownModels(): { models: string; bundle: string } {
  const models = tempFolder();
  cpSync(join(MODELS, "foley-mini"), join(models, "broken"), {
    recursive: true,
    filter: (source) => !source.includes("training"),
  });
  const bundle = join(models, "broken");
  const manifest = readFileSync(join(bundle, "manifest.json"), "utf8");
  writeFileSync(join(bundle, "manifest.json"), manifest.replace('"id": "foley-mini"', '"id": "broken"'));
  return { models, bundle };
}

test("a broken manifest, a wrong hash, a link and a missing file name what is wrong", async () => {
  const { models, bundle } = ownModels();
  const args = [SAMPLE, "--model", "broken"];
  const env = { FOLEY_MODELS: models };
  const decoder = readFileSync(join(bundle, "decoder.onnx"));
  const spoilt = Buffer.from(decoder);
  spoilt[1000]! ^= 1;
  writeFileSync(join(bundle, "decoder.onnx"), spoilt);
  await refused("wrong_hash", args, { env });
  execFileSync("rm", [join(bundle, "decoder.onnx")]);
  await refused("broken_bundle", args, { env });
  execFileSync("ln", ["-s", join(MODELS, "foley-mini/decoder.onnx"), join(bundle, "decoder.onnx")]);
  await refused("broken_bundle", args, { env });
  writeFileSync(join(bundle, "manifest.json"), "{");
  await refused("broken_bundle", args, { env });
  writeFileSync(join(bundle, "manifest.json"), '{"format":1,"id":"broken"}');
  await refused("broken_bundle", args, { env });
});

test("missing and too old ffmpeg", async () => {
  await refused("missing_ffmpeg", [SAMPLE], {
    env: { FOLEY_FFMPEG: "/nowhere/ffmpeg", FOLEY_FFPROBE: "/nowhere/ffprobe" },
  });
  const dir = tempFolder();
  for (const name of ["ffmpeg", "ffprobe"]) {
    writeFileSync(join(dir, name), `#!/bin/sh\necho "${name} version 4.2.7 Copyright (c) 2000-2022"\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const env = { FOLEY_FFMPEG: join(dir, "ffmpeg"), FOLEY_FFPROBE: join(dir, "ffprobe") };
  await refused("old_ffmpeg", [SAMPLE], { env });
});

test("an existing target is refused before any work and stays as it was", async () => {
  const out = tempFolder();
  writeFileSync(join(out, "a.wav"), "precious");
  const { code, stderr } = await foley(["generate", SAMPLE, "-o", "a.wav"], { cwd: out });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^error target_exists: /)]);
  const mux = await foley(["generate", SAMPLE, "-o", "b.wav", "--mux", "c.mp4"], { cwd: out });
  expect(mux.code).toBe(0);
  const again = await foley(["generate", SAMPLE, "-o", "d.wav", "--mux", "c.mp4"], { cwd: out });
  expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/^error target_exists: /)]);
  expect(existsSync(join(out, "d.wav"))).toBe(false);
  expect(readFileSync(join(out, "a.wav"), "utf8")).toBe("precious");
});

test("a target that cannot be written: no such folder, a file for a folder, a name that is no WAV", async () => {
  const out = tempFolder();
  writeFileSync(join(out, "file"), "");
  mkdirSync(join(out, "folder.wav"));
  const tryTarget = async (target: string) =>
    (await foley(["generate", SAMPLE, "-o", target], { cwd: out })).stderr.split(":")[0];
  expect(await tryTarget("no/such/folder/a.wav")).toBe("error target_not_writable");
  expect(await tryTarget("file/a.wav")).toBe("error target_not_writable");
  expect(await tryTarget("folder.wav")).toBe("error target_exists");
  expect(await tryTarget("a.mp3")).toBe("error bad_value");
});

test("a folder made for takes that did not come is taken away again", async () => {
  const out = tempFolder();
  const { code } = await foley(["generate", SAMPLE, "--to", "100", "--out-dir", "new/takes"], { cwd: out });
  expect([code, readdirSync(out)]).toEqual([2, []]);
});

test("two processes with one target: one wins whole, the other says so", async () => {
  const out = tempFolder();
  const run = (seed: string) =>
    startFoley(["generate", SAMPLE, "--to", "2", "--seed", seed, "-o", "a.wav"], { cwd: out }).done;
  const results = await Promise.all([run("1"), run("2")]);
  expect(results.map(({ code }) => code).sort()).toEqual([0, 2]);
  expect(results.find(({ code }) => code === 2)!.stderr).toMatch(/^(note: .*\n)*error target_exists: /);
  expect(readdirSync(out).sort()).toEqual(["a.latents.safetensors", "a.take.json", "a.wav"]);
});

test("a full disk is said, and leaves nothing", async () => {
  const out = tempFolder();
  // A file-size limit of 100 KiB stands in for a full disk: the write fails in the same place.
  const script = `ulimit -f 100; exec "$0" "$@"`;
  const main = resolve(import.meta.dirname, "../../local-server/src/main.ts");
  const result = await new Promise<{ code: number; stderr: string }>((settle) => {
    execFile(
      "bash",
      ["-c", script, process.execPath, main, "generate", SAMPLE, "-o", "a.wav"],
      { cwd: out },
      (error, _out, stderr) => settle({ code: (error?.code as number | undefined) ?? 0, stderr }),
    );
  });
  expect(result.stderr).toMatch(/error disk_full: /);
  expect(result.code).toBe(2);
  expect(readdirSync(out)).toEqual([]);
});

test("a clip with a strange name is a file like any other", async () => {
  const dir = tempFolder();
  for (const name of ["-y.mp4", "http:evil.mp4", "a b'\"$(x);|&.mp4", "100%d.mp4", "über🎬.mp4"]) {
    copyFileSync(SAMPLE, join(dir, name));
    const args = ["generate", "--to", "0.5", "--json", "-o", `${name.length}.wav`, "--", name];
    const { code, stderr } = await foley(args, { cwd: dir });
    expect([name, code, stderr]).toEqual([name, 0, ""]);
  }
});

test("--help is no mistake, wherever it stands", async () => {
  const whole = await foley(["help"]);
  expect(whole.stdout).toContain("foley generate [VIDEO]");
  for (const args of [["--help"], ["generate", "--help"], ["models", "import", "-h"]]) {
    expect(await foley(args)).toEqual(whole);
  }
});

test("words that belong in quotes, and an option that is none, are said in few words", async () => {
  const words = await foley(["generate", "clip.mp4", "footsteps", "on", "wood"]);
  const expected = "at most one name after `foley generate`, came 4 (clip.mp4, footsteps, on, wood)";
  expect([words.code, words.stderr]).toEqual([2, expect.stringContaining(expected)]);
  const option = await foley(["generate", "clip.mp4", "--sped", "2"]);
  const line =
    "error usage: expected options that `foley generate` has, came Unknown option '--sped'; see `foley help`\n";
  expect([option.code, option.stderr]).toEqual([2, line]);
});
