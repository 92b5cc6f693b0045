import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../process.mjs";
import { copyFolder } from "./files.mjs";
import { PLATFORMS } from "./platforms.mjs";

/** Folders of every package that the server needs when it runs, as the lock file has them. */
function serverPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const found = new Set();
  const visit = (from, dependencies = {}) => {
    for (const name of Object.keys(dependencies)) {
      const place = placeOf(packages, from, name);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      visit(place, packages[place].dependencies);
    }
  };
  visit("", packages["local-server"].dependencies);
  return [...found].sort();
}

/** Where Node finds a package from inside another: nearest node_modules first. */
function placeOf(packages, from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    const place = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
    if (packages[place]) return place;
    if (base === "") return undefined;
  }
}

/** Needed to build or to read, not to run. */
const NOT_RUN = /\.(map|markdown|ts|cts|mts|flow)$|(^|\/)(?!licen[cs]e)[^/]*\.md$|(^|\/)(test|tests|docs|examples?)\//i;

/**
 * Lays the server's packages into a folder; of ONNX Runtime only the files of the platform. Returns a line for each: name, version,
 * licence.
 */
export function copyModules(platform, to) {
  const lines = [];
  for (const place of serverPackages()) {
    const from = join(root, place);
    if (!existsSync(from)) continue;
    const { name, version, license, licenses = [] } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
    // Old packages list their licences.
    lines.push(`${name} ${version}: ${license ?? licenses.map(({ type }) => type).join(" OR ")}`);
    copyFolder(from, join(to, place), (file) => {
      if (file.startsWith("node_modules/") || NOT_RUN.test(file)) return false;
      return place !== "node_modules/onnxruntime-node" || isOfPlatform(file, PLATFORMS[platform]);
    });
  }
  return lines;
}

function isOfPlatform(file, { onnx, onnxFiles }) {
  if (file.startsWith("script/")) return false;
  if (!file.startsWith("bin/")) return true;
  const [, , system, machine, name] = file.split("/");
  return `${system}/${machine}` === onnx && (onnxFiles === undefined || onnxFiles.includes(name));
}
