import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import buildCommand from "fluent-ffmpeg";
import { cancelled, throwIfCancelled, UserError } from "../errors.ts";

/** The only door to ffmpeg and ffprobe: they are found, started, watched and stopped here and nowhere else. */

export interface Tools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** As the program calls itself, e.g. "5.1.9-0+deb12u1" or "N-112233-gabc". */
  readonly version: string;
  /** Arguments that hand on every frame with its own time; named differently before 5.1. */
  readonly passthrough: readonly string[];
}

const OLDEST_MAJOR = 5;
const STDERR_LIMIT_BYTES = 64 * 1024;
const TERMINATE_GRACE_MS = 2_000;

const INSTALL: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "brew install ffmpeg",
  win32: "winget install Gyan.FFmpeg",
  linux: "sudo apt install ffmpeg (or your distribution's package)",
};
const install = () =>
  `install it: ${INSTALL[process.platform] ?? "see ffmpeg.org"}, or set FOLEY_FFMPEG and FOLEY_FFPROBE`;

let found: { readonly key: string; readonly tools: Promise<Tools> } | null = null;

/**
 * FOLEY_FFMPEG and FOLEY_FFPROBE, else what PATH holds; asked once for each setting.
 * @throws UserError missing_ffmpeg, old_ffmpeg
 */
export function findFfmpeg(): Promise<Tools> {
  const key = [process.env.FOLEY_FFMPEG, process.env.FOLEY_FFPROBE, process.env.PATH].join("\n");
  if (found?.key !== key) {
    const tools = lookUp();
    found = { key, tools };
    // A failure is not remembered: the user may install it while we run.
    tools.catch(() => {
      found = null;
    });
  }
  return found.tools;
}

async function lookUp(): Promise<Tools> {
  const ffmpeg = process.env.FOLEY_FFMPEG || onPath("ffmpeg");
  const ffprobe = process.env.FOLEY_FFPROBE || onPath("ffprobe");
  if (!ffmpeg || !ffprobe) throw missing(ffmpeg ? "no ffprobe on PATH" : "no ffmpeg on PATH");
  const versions = await Promise.all([ffmpeg, ffprobe].map(versionOf));
  for (const version of versions) {
    if (majorMinor(version)[0] < OLDEST_MAJOR) {
      throw new UserError("old_ffmpeg", `ffmpeg and ffprobe ${OLDEST_MAJOR} or newer`, `version ${version}`, install());
    }
  }
  const [major, minor] = majorMinor(versions[0]!);
  const passthrough = major === 5 && minor === 0 ? ["-vsync", "passthrough"] : ["-fps_mode", "passthrough"];
  return { ffmpeg, ffprobe, version: versions[0]!, passthrough };
}

const missing = (came: string) =>
  new UserError("missing_ffmpeg", "ffmpeg and ffprobe on this machine", came, install());

/** Looked up by ourselves: Windows would also take a program from the current folder. */
function onPath(name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const candidates = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return candidates.map((folder) => join(folder, file)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string> {
  const tool = start(program, ["-version"], { signal: new AbortController().signal, timeoutSeconds: 20 });
  const output = await textOf(tool.stdout);
  await tool.done.catch((error) => {
    throw missing(`${program} that does not run (${error instanceof Error ? error.message : error})`);
  });
  const version = /^ff(?:mpeg|probe) version (\S+)/.exec(output)?.[1];
  if (!version) throw missing(`${program} that is no ffmpeg`);
  return version;
}

/** "5.1.9-deb" -> [5, 1]; a build from git ("N-112233-gabc", "2026-01-02-git") counts as new. */
export function majorMinor(version: string): [number, number] {
  const match = /^n?(\d+)\.(\d+)/.exec(version);
  return match ? [Number(match[1]), Number(match[2])] : [Number.POSITIVE_INFINITY, 0];
}

const DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mxf,mpegts";
const AUDIO_DEMUXERS = "wav,w64,aiff,flac,mp3,ogg,aac,caf";
export const VIDEO_CODECS = [
  ..."h264,hevc,prores,dnxhd,mpeg4,mpeg2video,mpeg1video,mjpeg,vp8,vp9,libdav1d,libaom-av1,av1,cfhd,v210,rawvideo".split(
    ",",
  ),
  ..."qtrle,png,h263,msmpeg4v2,msmpeg4v3,wmv2,vc1,dvvideo,theora,ffv1,huffyuv,utvideo,cinepak,svq3,flv,jpeg2000".split(
    ",",
  ),
  ..."indeo3,indeo4,indeo5,libvpx,libvpx-vp9".split(","),
];
const AUDIO_CODECS = [
  ..."aac,aac_latm,mp3,mp3float,mp2,mp2float,ac3,eac3,opus,libopus,vorbis,flac,alac,adpcm_ms,adpcm_ima_wav".split(","),
  ..."adpcm_ima_qt,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be".split(","),
  ..."pcm_f32le,pcm_f32be,pcm_f64le,pcm_alaw,pcm_mulaw,pcm_bluray,amrnb,amrwb,dca,truehd".split(","),
];
/** 8192 x 4320. */
export const MAX_PIXELS = 35_389_440;

/** Options before an input: it may be a local file only, of a demuxer and a decoder that we expect. */
export const inputRules = (kind: "video" | "audio"): string[] => [
  "-protocol_whitelist",
  "file",
  "-format_whitelist",
  kind === "video" ? DEMUXERS : `${DEMUXERS},${AUDIO_DEMUXERS}`,
  "-codec_whitelist",
  [...VIDEO_CODECS, ...AUDIO_CODECS].join(","),
  "-max_pixels",
  String(MAX_PIXELS),
];

/** Any file name as an input or output that ffmpeg cannot take for an option, another protocol or a pattern. */
export const fileUrl = (absolutePath: string): string => `file:${absolutePath}`;

export interface Recipe {
  readonly inputs: readonly { readonly options: readonly string[]; readonly url: string }[];
  readonly filterGraph?: string;
  readonly output: { readonly options: readonly string[]; readonly url: string };
}

/**
 * The argument list of a recipe. fluent-ffmpeg builds it and does no more: its runner inherits the environment, its probe
 * takes any protocol, its own search for programs runs a shell. Options go in one by one, since it splits a lone string at blanks.
 */
export function argumentsOf({ inputs, filterGraph, output }: Recipe): string[] {
  const command = buildCommand();
  for (const { options, url } of inputs) {
    command.input(url);
    if (options.length > 0) command.inputOptions(...twoAtLeast(options));
  }
  if (filterGraph) command.complexFilter(filterGraph);
  command.output(output.url).outputOptions(...twoAtLeast(output.options));
  const list = (command as unknown as { _getArguments(): string[] })._getArguments();
  return ["-nostdin", "-hide_banner", "-v", "error", ...list];
}

/** The splitting is off when more than one option is given. */
const twoAtLeast = (options: readonly string[]): string[] => {
  if (options.length < 2) throw new RangeError("expected an option and its value");
  return [...options];
};

export interface RunLimits {
  readonly signal: AbortSignal;
  /** Wall clock, after which the program is killed; Infinity where the caller watches it itself. */
  readonly timeoutSeconds: number;
}

export interface RunningTool {
  readonly stdout: Readable;
  /** Exit code and what it complained of (64 KiB at most). Rejects on cancel, time-out and when it cannot be started. */
  readonly done: Promise<{ readonly code: number; readonly stderr: string }>;
  /** Ends it now; for readers that have what they came for. */
  kill(): void;
}

export const runFfmpeg = async (args: readonly string[], limits: RunLimits): Promise<RunningTool> =>
  start((await findFfmpeg()).ffmpeg, args, limits);

export const runFfprobe = async (args: readonly string[], limits: RunLimits): Promise<RunningTool> =>
  start((await findFfmpeg()).ffprobe, args, limits);

/** Programs under way; none outlives this process, whatever ends it in an orderly way. A killed parent breaks their pipes. */
const running = new Set<ChildProcess>();
let watchesExit = false;

function start(program: string, args: readonly string[], { signal, timeoutSeconds }: RunLimits): RunningTool {
  throwIfCancelled(signal);
  if (!watchesExit) {
    watchesExit = true;
    process.on("exit", () => {
      for (const child of running) signalGroup(child, "SIGKILL");
    });
  }
  const child = spawn(program, args, {
    shell: false,
    detached: process.platform !== "win32",
    windowsHide: true,
    cwd: tmpdir(),
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stop: Error | null = null;
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(0, STDERR_LIMIT_BYTES);
  });
  const end = (reason: Error) => {
    stop ??= reason;
    terminate(child);
  };
  const onAbort = () => end(cancelled());
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = Number.isFinite(timeoutSeconds)
    ? setTimeout(() => end(tooSlow(timeoutSeconds)), timeoutSeconds * 1000)
    : undefined;
  const done = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
    child.on("error", (error) => reject(stop ?? error));
    child.on("close", (code) => (stop ? reject(stop) : resolve({ code: code ?? 1, stderr })));
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    running.delete(child);
  });
  done.catch(() => {});
  return { stdout: child.stdout, done, kill: () => signalGroup(child, "SIGKILL") };
}

const tooSlow = (seconds: number) =>
  new UserError(
    "unsupported_or_damaged",
    `a file that ffmpeg reads within ${Math.round(seconds)} s`,
    "no end",
    "copy the file to a fast local disk, or convert it",
  );

/** Asks, then after 2 s kills: a decoder stuck in a loop hears no signal. */
function terminate(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), TERMINATE_GRACE_MS);
  child.once("close", () => clearTimeout(timer));
  // Nobody may be reading any more; a full pipe would keep it from ending.
  child.stdout?.resume();
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has just ended.
  }
}

/** Nothing of the user's environment reaches it but where programs and their libraries lie (FFREPORT would write files). */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "SystemRoot", "windir", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
  const entries = kept.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries), LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1" };
}

/** All of a program's output as text. */
export async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** The lines of a program's output as they come. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const part of stream) {
    const lines = (rest + part).split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest) yield rest;
}
