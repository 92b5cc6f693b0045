import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { constants as os } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the product: where package.json lies. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Words meant for the user, exit 1. */
export class SetupError extends Error {}

/**
 * Folder that the user's relative paths start from. `npm run` changes to the package root and keeps the caller's folder in
 * INIT_CWD; a script started in any other way must not believe an INIT_CWD left over from an outer `npm run`.
 */
export function callerFolder(env = process.env, cwd = process.cwd()) {
  const byNpm = env.npm_package_json === join(root, "package.json") && cwd === root;
  return byNpm && env.INIT_CWD ? env.INIT_CWD : cwd;
}

/** Absolute path of a program: a path as it is, a name looked up on PATH; undefined when it is not there. */
export function programPath(name, env = process.env) {
  const endings = process.platform === "win32" ? (env.PATHEXT ?? ".EXE;.CMD").split(";") : [""];
  const folders = /[\\/]/.test(name) ? [""] : (env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const ending of ["", ...endings]) {
      const path = folder ? join(folder, name + ending) : name + ending;
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // not here: look in the next folder
      }
    }
  }
  return undefined;
}

/**
 * Runs a program to its end: {code, output}. `stdio: "inherit"` hands it the terminal, "capture" keeps what it prints.
 * A signal is passed on and the child's exit code taken (128 + number when a signal ended it). Ctrl-C reaches the whole
 * process group and npm repeats it, so the child can see SIGINT several times; the CLI takes them as one.
 */
export function run(program, args, { stdio = "capture", cwd = root, env = process.env, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env,
      shell,
      stdio: stdio === "capture" ? ["ignore", "pipe", "pipe"] : stdio,
    });
    let output = "";
    let stoppedBy;
    const keep = (chunk) => {
      output = (output + chunk).slice(-64 * 1024);
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    const pass = (signal) => {
      stoppedBy ??= signal;
      child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, pass);
      // A step of the set-up that was interrupted ends the set-up; a program with the terminal has its own say.
      if (stoppedBy && stdio === "capture") process.exit(128 + os.signals[stoppedBy]);
      resolve({ code, output });
    };
    child.once("error", (error) => {
      output += error.message;
      finish(127);
    });
    child.once("close", (code, signal) => finish(code ?? 128 + os.signals[signal]));
  });
}

/** Last lines that say something, for an error message. */
export const lastLines = (output, count = 8) => output.split(/\r?\n/).filter(Boolean).slice(-count).join("\n");

/** Runs main; a SetupError becomes its words on stderr and exit 1. */
export async function exitWith(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\nset-up: ${error.message}\n`);
    process.exitCode = 1;
  }
}
