import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../process.mjs";
import { bytesUnder, checkTree, copyFolder, copyOne } from "./files.mjs";
import { copyModules } from "./modules.mjs";
import { nodeFiles, PLATFORMS } from "./platforms.mjs";

/** The extension's folder is named as its bundle. */
export const BUNDLE_ID = /ExtensionBundleId="([^"]+)"/.exec(readFileSync(join(root, "CSXS/manifest.xml"), "utf8"))[1];
export const VERSION = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;

/**
 * How the panel starts the server. A program started from the desktop gets a PATH without the places that package managers
 * install to, and so would not find ffmpeg.
 */
const startScript = (main) => `import { delimiter, join } from "node:path";

const { env, platform } = process;
const more = {
  darwin: ["/opt/homebrew/bin", "/usr/local/bin", "/opt/local/bin"],
  win32: [join(env.LOCALAPPDATA ?? "", "Microsoft", "WinGet", "Links"), join(env.ProgramData ?? "", "chocolatey", "bin")],
};
env.PATH = [env.PATH, ...(more[platform] ?? [])].filter(Boolean).join(delimiter);
await import(${JSON.stringify(main)});
`;

/** What Premiere reads: manifest, icons, panel, host script, presets where there are any. */
export function layPanel(folder) {
  copyOne(join(root, "CSXS/manifest.xml"), join(folder, "CSXS/manifest.xml"));
  copyFolder(join(root, "CSXS/icons"), join(folder, "CSXS/icons"), (file) => file.endsWith(".png"));
  copyFolder(join(root, "panel/dist"), join(folder, "panel/dist"), (file) => !file.startsWith("."));
  copyFolder(join(root, "host/dist"), join(folder, "host/dist"));
  const presets = join(root, "CSXS/presets");
  if (existsSync(presets)) copyFolder(presets, join(folder, "presets"), (file) => file.endsWith(".epr"));
}

/**
 * `server/launch.json`, which the panel reads, and the script it names. `node`: from the `server` folder, or absolute; `main`:
 * the server's entry as a module address.
 */
export function layLaunch(folder, { node, main }) {
  mkdirSync(join(folder, "server"), { recursive: true });
  writeFileSync(join(folder, "server/launch.json"), `${JSON.stringify({ node, script: "./start.mjs" }, null, 2)}\n`);
  writeFileSync(join(folder, "server/start.mjs"), startScript(main));
}

/**
 * Lays the whole extension for one platform: laid out as the repository is, so that everything finds everything. Returns the
 * folder and the bytes of its parts.
 */
export async function stageExtension(platform, out) {
  const folder = join(out, platform, BUNDLE_ID);
  rmSync(folder, { recursive: true, force: true });
  const { program } = PLATFORMS[platform];
  layPanel(folder);
  for (const name of ["LICENSE", "NOTICE"]) copyOne(join(root, name), join(folder, name));
  copyOne(join(root, "local-server/package.json"), join(folder, "local-server/package.json"));
  for (const name of ["src", "protocol"]) {
    copyFolder(join(root, "local-server", name), join(folder, "local-server", name), (file) => file.endsWith(".ts"));
  }
  copyFolder(
    join(root, "models/foley-mini"),
    join(folder, "models/foley-mini"),
    (file) => !file.startsWith("training/"),
  );
  const packages = copyModules(platform, folder);
  const heading = "Packages that the server brings along; what they ask to be told lies beside each in node_modules.";
  writeFileSync(join(folder, "THIRD-PARTY.txt"), `${heading}\n\n${packages.join("\n")}\n`);
  const node = await nodeFiles(platform);
  mkdirSync(join(folder, "node"));
  writeFileSync(join(folder, "node", program), node.program);
  writeFileSync(join(folder, "node", "LICENSE"), node.licence);
  chmodSync(join(folder, "node", program), 0o755);
  layLaunch(folder, { node: `../node/${program}`, main: "../local-server/src/main.ts" });
  checkTree(folder);
  const parts = ["panel", "host", "local-server", "models", "node_modules", "node"];
  return { folder, bytes: Object.fromEntries(parts.map((part) => [part, bytesUnder(join(folder, part))])) };
}
