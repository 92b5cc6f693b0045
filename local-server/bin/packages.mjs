import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, programPath, root, run, SetupError } from "./process.mjs";

const lockfile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
const stamp = join(modules, ".foley-setup");
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/;

/** What a finished set-up leaves in node_modules: the lock file it was made from, and for which system. */
const wantedStamp = () =>
  `${createHash("sha256").update(readFileSync(lockfile)).digest("hex")} ${process.platform}-${process.arch}\n`;

const readIfThere = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

/**
 * Whether a node_modules without stamp (someone ran `npm ci` by hand) is complete: npm writes its own list last, so a
 * list that has every package of the lock file, at its version and on disk, means an install that ran to its end.
 */
function installedByHand() {
  const list = readIfThere(join(modules, ".package-lock.json"));
  if (!list) return false;
  const installed = JSON.parse(list).packages;
  return Object.entries(JSON.parse(readFileSync(lockfile, "utf8")).packages).every(([path, wanted]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = installed[path];
    if (!found) return wanted.optional === true;
    return found.version === wanted.version && existsSync(join(root, path, "package.json"));
  });
}

/** Whether node_modules is what package-lock.json says. */
export function packagesReady() {
  if (readIfThere(stamp) === wantedStamp()) return true;
  if (!installedByHand()) return false;
  try {
    writeFileSync(stamp, wantedStamp());
  } catch {
    // a read-only clone: it is looked at again next time
  }
  return true;
}

/** Waits until no other set-up of this clone runs, then holds the lock file until the returned function is called. */
async function takeLock(say) {
  const path = join(root, ".foley", "setup.lock");
  mkdirSync(join(root, ".foley"), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      const free = () => {
        process.off("exit", free);
        rmSync(path, { force: true });
      };
      process.once("exit", free);
      return free;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(readIfThere(path));
    if (holder && !isAlive(holder)) rmSync(path, { force: true });
    else if (!told)
      say(
        `waiting for the set-up that already runs (process ${holder}; if it does not, delete .foley/setup.lock) ... `,
      );
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The npm that started us, with the Node it runs on; else the one on PATH. */
function npmCommand(env) {
  if (/npm-cli\.js$/.test(env.npm_execpath ?? "")) return [env.npm_node_execpath ?? process.execPath, env.npm_execpath];
  if (!programPath("npm", env)) {
    throw new SetupError(
      "npm is not on PATH. It comes with Node: install Node 20 or newer from nodejs.org, then run this again.",
    );
  }
  return ["npm"];
}

/** npm with its own messages kept short; the install script of onnxruntime-node stays off whatever npm thinks. */
export function npm(args, env = process.env) {
  const [program, ...first] = npmCommand(env);
  const options = ["--loglevel=error", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=8000"];
  return run(program, [...first, ...args, ...options], {
    env: { ...env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    shell: process.platform === "win32" && program === "npm",
  });
}

/** One small question to the registry, through npm and so through its proxy settings. */
const askRegistry = (env) =>
  npm(
    ["view", "@huggingface/tokenizers", "name", "--prefer-online", "--fetch-retries=1", "--fetch-timeout=20000"],
    env,
  );

const INSTALL = [
  "--include=dev",
  "--include=optional",
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--fetch-retries=3",
];

/** Windows does not let `npm ci` delete the node.exe that runs this very script. */
const ciVerb = () =>
  process.platform === "win32" && process.execPath.startsWith(modules) ? ["install", "--no-save"] : ["ci"];

/**
 * `npm ci` from the lock file; install scripts off, for none is needed and onnxruntime-node's would download CUDA.
 * The stamp goes first and comes back last, so an interrupted run is repaired by the next one.
 */
export async function installPackages(say, env = process.env) {
  let free;
  try {
    free = await takeLock(say);
  } catch (error) {
    throw new SetupError(
      `cannot write in ${root} (${error.code}). Put the clone where you may write, then run this again.`,
    );
  }
  try {
    if (packagesReady()) return;
    rmSync(stamp, { force: true });
    const online = await askRegistry(env);
    // Offline npm would try each of 160 packages for minutes; its cache may still hold them all.
    const source = online.code === 0 ? "--prefer-offline" : "--offline";
    const { code, output } = await npm([...ciVerb(), ...INSTALL, source], env);
    if (code !== 0) throw new SetupError(npmFailure(online.code === 0 ? output : online.output));
    writeFileSync(stamp, wantedStamp());
  } finally {
    free();
  }
}

/** What to tell when `npm ci` failed. */
export function npmFailure(output) {
  const said = lastLines(output);
  const network = NO_NETWORK.exec(output);
  if (network) {
    return (
      `no network: npm could not reach its package registry (${network[0]}).\n` +
      "Connect this machine (behind a proxy: npm config set proxy http://HOST:PORT and the same for https-proxy), then run " +
      "the same command again.\nFor a machine that stays offline: run `npm ci --ignore-scripts` in a clone on a connected machine of " +
      `the same system and copy its node_modules here.`
    );
  }
  if (/ENOSPC|no space left/i.test(output))
    return `the disk is full: make 1 GB free, then run the same command again.\n${said}`;
  if (/EACCES|EPERM|EROFS/.test(output))
    return `npm may not write here: check who owns ${root}, then run the same command again.\n${said}`;
  return `npm ci failed. It said:\n${said}\nRun the same command again; if it fails again, delete node_modules first.`;
}
