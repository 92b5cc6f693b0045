// `npm run install:premiere`: puts the panel where Premiere finds it, for people who try it from a clone.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { exitWith, root, SetupError } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

const USAGE = `usage: npm run install:premiere -- [--link] [--debug-key yes|no] [--remove]
  without --link the packaged panel of this system is unpacked (made first where it is missing)
  --link       the panel and server of this clone, for development
  --debug-key  whether to let Premiere load panels not signed by Adobe; asked where it is not given
  --remove     takes the panel away again; the debug key stays`;
const PACKAGES = { darwin: "darwin-arm64", win32: "win32-x64" };

/** Whether debug mode may be turned on: said with the call, else asked; nobody there to ask is a no. */
async function maySet(answer) {
  if (answer !== undefined) return answer === "yes";
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const said = await ask.question(
    "Premiere loads this panel only in debug mode or when it is signed. Debug mode lets every unsigned panel run. Turn it on? [y/N] ",
  );
  ask.close();
  return /^y(es)?$/i.test(said.trim());
}

async function packagedFolder(platform, bundle, extension) {
  const folder = join(root, "dist", platform, bundle);
  if (existsSync(folder)) return folder;
  await ensureReady({ need: { panel: true, host: true } });
  return (await extension.stageExtension(platform, join(root, "dist"))).folder;
}

async function main() {
  const { values } = parseArgs({
    options: {
      link: { type: "boolean" },
      "debug-key": { type: "string" },
      remove: { type: "boolean" },
      // For a look at what another system would do; the tests use it with a home of their own.
      system: { type: "string", default: process.platform },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values["debug-key"] !== undefined && !["yes", "no"].includes(values["debug-key"])) throw new SetupError(USAGE);
  await ensureReady({ quiet: true, out: process.stderr });
  const install = await import("./extension/install.mjs");
  const stage = await import("./extension/stage.mjs");
  const { system } = values;
  const folder = install.extensionsFolder(system, { home: homedir(), appData: process.env.APPDATA ?? "" });
  if (folder === null) {
    console.log(`There is no Premiere for ${system}. On macOS and Windows this would`);
    for (const line of install.whatItDoes()) console.log(`  ${line}`);
    return 0;
  }
  const target = join(folder, stage.BUNDLE_ID);
  if (values.remove) {
    console.log(install.removeExtension(target) ? `removed ${target}` : `nothing lies at ${target}`);
    return 0;
  }
  if (values.link) {
    const { node } = await ensureReady({ need: { panel: true, host: true } });
    install.linkExtension(node, system, target);
    console.log(`linked ${target}`);
  } else {
    install.unpackExtension(await packagedFolder(PACKAGES[system], stage.BUNDLE_ID, stage), target);
    console.log(`unpacked to ${target}`);
  }
  if (await maySet(values["debug-key"])) {
    await install.setDebugKey(system);
    console.log("debug mode is on for CEP 11 to 14");
  } else console.log("debug mode was left as it is; without it Premiere loads signed panels only");
  console.log("Start Premiere anew, then Window > Extensions > Foley.");
  return 0;
}

await exitWith(main);
