import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, SetupError } from "../process.mjs";
import { copyFolder, copyOne } from "./files.mjs";
import { BUNDLE_ID, layLaunch, layPanel } from "./stage.mjs";

/** CEP 11 and 12, and the next two in case. */
const CEP_VERSIONS = [11, 12, 13, 14];

/** The user's folder for panels; null where there is no Premiere. */
export function extensionsFolder(platform, { home, appData }) {
  if (platform === "darwin") return join(home, "Library", "Application Support", "Adobe", "CEP", "extensions");
  if (platform === "win32") return join(appData, "Adobe", "CEP", "extensions");
  return null;
}

/** Commands that let Premiere load panels that Adobe has not signed: text "1", for a number is not read on Windows. */
const debugKeyCommands = (platform) =>
  CEP_VERSIONS.map((version) =>
    platform === "darwin"
      ? ["defaults", "write", `com.adobe.CSXS.${version}`, "PlayerDebugMode", "1"]
      : [
          "reg",
          "add",
          `HKCU\\Software\\Adobe\\CSXS.${version}`,
          "/v",
          "PlayerDebugMode",
          "/t",
          "REG_SZ",
          "/d",
          "1",
          "/f",
        ],
  );

/** @throws SetupError with the first command that failed */
export async function setDebugKey(platform) {
  for (const [program, ...args] of debugKeyCommands(platform)) {
    const { code, output } = await run(program, args);
    if (code !== 0) throw new SetupError(`${program} ${args.join(" ")} failed: ${output.trim()}`);
  }
}

/** Takes away what stands there: a link alone, never what it leads to. */
export function removeExtension(target) {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isSymbolicLink()) unlinkSync(target);
  else rmSync(target, { recursive: true, force: true });
  return true;
}

/** Copies a packaged extension beside its place and swaps it in, so that Premiere never sees half of one. */
export function unpackExtension(packaged, target) {
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  copyFolder(packaged, fresh);
  const old = `${target}.old`;
  removeExtension(old);
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) renameSync(target, old);
  renameSync(fresh, target);
  removeExtension(old);
}

/** Links a folder of this clone into the place: the panel as built now, the server run from its sources by `node`. */
export function linkExtension(node, platform, target) {
  const folder = join(root, ".foley", "extension", BUNDLE_ID);
  rmSync(folder, { recursive: true, force: true });
  layPanel(folder);
  copyOne(join(root, "CSXS/debug.xml"), join(folder, ".debug"));
  layLaunch(folder, { node, main: pathToFileURL(join(root, "local-server/src/main.ts")).href });
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(target) && !lstatSync(target).isSymbolicLink()) {
    throw new SetupError(`${target} is an installed panel. Remove it first: npm run install:premiere -- --remove`);
  }
  removeExtension(target);
  symlinkSync(folder, target, platform === "win32" ? "junction" : "dir");
}

/** What installing does on each system that has a Premiere, in lines. */
export const whatItDoes = () =>
  ["darwin", "win32"].flatMap((platform) => [
    `${platform}: unpack or link the panel to ${join(extensionsFolder(platform, { home: "~", appData: "%APPDATA%" }), BUNDLE_ID)}`,
    ...debugKeyCommands(platform).map((command) => `  with your consent: ${command.join(" ")}`),
  ]);
