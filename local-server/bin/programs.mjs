import { spawnSync } from "node:child_process";
import { createInterface } from "node:readline/promises";
import { lastLines, programPath, run, SetupError } from "./process.mjs";

/** System package managers: the commands that install, and what the packages are called there. First one on PATH wins. */
const MANAGERS = [
  {
    program: "apt-get",
    before: ["update"],
    install: ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"],
    told: "apt-get install -y",
    ffmpeg: "ffmpeg",
    chromium: "chromium",
  },
  { program: "dnf", install: ["install", "-y"], ffmpeg: "ffmpeg-free", chromium: "chromium" },
  { program: "zypper", install: ["--non-interactive", "install"], ffmpeg: "ffmpeg", chromium: "chromium" },
  { program: "pacman", install: ["-S", "--needed", "--noconfirm"], ffmpeg: "ffmpeg", chromium: "chromium" },
  { program: "brew", install: ["install"], asUser: true, ffmpeg: "ffmpeg" },
  { program: "winget", install: ["install", "-e", "--id"], asUser: true, ffmpeg: "Gyan.FFmpeg" },
];
const BY_HAND = {
  darwin: "brew install ffmpeg",
  win32: "winget install Gyan.FFmpeg",
  linux: "sudo apt-get install -y ffmpeg",
};
const isRoot = () => process.getuid?.() === 0;
const canAsk = () => process.stdin.isTTY === true && !process.env.CI;

function firstLine(program, args) {
  const { status, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.split("\n")[0] : undefined;
}

/** Major version in `ffmpeg version 5.1.9-0+deb12u1 ...` or `n7.1`; builds from git (`N-1234-gabc`) count as new. */
export function majorVersion(line) {
  const version = /version (\S+)/.exec(line ?? "")?.[1];
  if (!version) return undefined;
  const major = /^n?(\d+)\./.exec(version)?.[1];
  return major ? Number(major) : /^N-|git/.test(version) ? Number.POSITIVE_INFINITY : undefined;
}

/** ffmpeg and ffprobe, from FOLEY_FFMPEG / FOLEY_FFPROBE or PATH: {version} when both run and are 5 or newer, else {why}. */
export function findFfmpeg(env = process.env) {
  let version = "";
  for (const [name, setting] of [
    ["ffmpeg", "FOLEY_FFMPEG"],
    ["ffprobe", "FOLEY_FFPROBE"],
  ]) {
    const path = programPath(env[setting] || name, env);
    if (!path && env[setting]) return { why: `${setting} names ${env[setting]}, which is no program`, setting };
    if (!path) return { why: `${name} is not on PATH` };
    const line = firstLine(path, ["-version"]);
    const major = majorVersion(line);
    if (major === undefined) return { why: `${path} does not run`, setting: env[setting] && setting };
    if (major < 5)
      return { why: `${path} is version ${major}, 5 or newer is needed`, setting: env[setting] && setting, old: true };
    version ||= /version (\S+)/.exec(line)[1];
  }
  return { version };
}

/** A Chromium that starts, for the tests that play files: its path, or undefined. */
export function findChromium(env = process.env) {
  const names = env.FOLEY_CHROMIUM ? [env.FOLEY_CHROMIUM] : ["chromium", "chromium-browser", "google-chrome"];
  const paths = names.map((name) => programPath(name, env)).filter(Boolean);
  return paths.find((path) => firstLine(path, ["--version"]));
}

/** Installs packages of the system when that needs no question (root, nobody to ask); true when it did. */
async function installNow(manager, names) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const sudo = manager.asUser || isRoot() ? [] : ["sudo"];
  // A failed update is not the end: the lists that are there may do.
  const commands = [manager.before, [...manager.install, ...names]].filter(Boolean);
  let last = { code: 1, output: "" };
  for (const args of commands) {
    const [program, ...rest] = [...sudo, manager.program, ...args];
    last = await run(program, rest, { env, ...(sudo.length > 0 && { stdio: "inherit" }) });
  }
  return last;
}

/** Makes sure of ffmpeg: installs it as root, asks at a terminal, else says the one command and stops. */
export async function ensureFfmpeg(say) {
  const found = findFfmpeg();
  if (found.version) return found.version;
  const manager = MANAGERS.find(({ program }) => programPath(program));
  const command = manager
    ? `${manager.asUser || isRoot() ? "" : "sudo "}${manager.told ?? `${manager.program} ${manager.install.join(" ")}`} ${manager.ffmpeg}`
    : (BY_HAND[process.platform] ?? BY_HAND.linux);
  const own = "or set FOLEY_FFMPEG and FOLEY_FFPROBE to programs of version 5 or newer";
  if (found.setting) {
    throw new SetupError(
      `${found.why}.\nCorrect or unset ${found.setting}; ffmpeg is installed by:\n\n    ${command}\n`,
    );
  }
  const words = `${found.why}. ffmpeg 5 or newer, with ffprobe, is needed. Install it:\n\n    ${command}\n\n${own}, then run this again.`;
  const mayInstall =
    manager && ((!canAsk() && isRoot() && !manager.asUser) || (canAsk() && (await agrees(found.why, command))));
  if (!mayInstall) throw new SetupError(words);
  say("installing with the system's package manager ... ");
  const { output } = await installNow(manager, [manager.ffmpeg]);
  const now = findFfmpeg();
  if (now.version) return now.version;
  if (now.old)
    throw new SetupError(`${now.why}, and this system's package is no newer.\nGet a build from ffmpeg.org, ${own}.`);
  const offline = /resolv|Failed to fetch|unreachable|Could not connect|Unable to locate|Cannot download/i.test(output);
  throw new SetupError(
    `${offline ? "no network: the system's package servers cannot be reached" : `\`${command}\` did not bring ffmpeg`}.\n` +
      `${lastLines(output, 4)}\n${offline ? "Connect this machine and run this again, or install" : "Install"} ffmpeg by hand:\n\n    ${command}\n\n${own}.`,
  );
}

async function agrees(why, command) {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`\n${why}. Run \`${command}\` now? [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}

/** Chromium is for tests only: installed as root with nobody to ask, else left out with the reason. {path} or {why}. */
export async function ensureChromium(say) {
  const path = findChromium();
  if (path) return { path };
  const manager = MANAGERS.find(({ program, chromium }) => chromium && programPath(program));
  if (process.env.FOLEY_CHROMIUM)
    return { why: `FOLEY_CHROMIUM names ${process.env.FOLEY_CHROMIUM}, which does not start` };
  if (!manager || !isRoot() || canAsk()) return { why: "no Chromium on PATH; install one or set FOLEY_CHROMIUM" };
  say("installing with the system's package manager ... ");
  const { output } = await installNow(manager, [manager.chromium]);
  const now = findChromium();
  return now ? { path: now } : { why: `Chromium could not be installed: ${lastLines(output, 1)}` };
}
