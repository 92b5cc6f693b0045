import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { npm } from "../packages.mjs";
import { lastLines, root, SetupError } from "../process.mjs";
import { PINNED_NODE } from "../setup.mjs";

/**
 * Systems that a package is made for: those that Premiere runs on, with ONNX Runtime's own files for them, and Linux, where
 * there is no Premiere, to try a package out.
 */
export const PLATFORMS = {
  "darwin-arm64": {
    onnx: "darwin/arm64",
    // The library lies there under two names; the binding asks for this one.
    onnxFiles: ["libonnxruntime.1.dylib", "onnxruntime_binding.node"],
    program: "node",
  },
  "win32-x64": { onnx: "win32/x64", program: "node.exe" },
  "linux-x64": { onnx: "linux/x64", program: "node" },
};
export const PREMIERE_PLATFORMS = ["darwin-arm64", "win32-x64"];

/** The pinned Node of a platform and its licence, as bytes. */
export async function nodeFiles(platform) {
  const [, ...program] = PINNED_NODE[platform].split("/");
  const read = await nodePackage(platform);
  // The package for Windows comes without the licence, which is the same on every system.
  const licence = read("LICENSE") ?? (await nodePackage("linux-x64"))("LICENSE");
  return { program: read(program.join("/")), licence };
}

/** Reads files of a platform's Node package: from node_modules for this one, from the registry for others, held to the lock file. */
async function nodePackage(platform) {
  const [name] = PINNED_NODE[platform].split("/");
  const here = join(root, "node_modules", name);
  if (existsSync(here)) return (file) => (existsSync(join(here, file)) ? readFileSync(join(here, file)) : undefined);
  const { version, integrity } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages[
    `node_modules/${name}`
  ];
  const folder = mkdtempSync(join(tmpdir(), "foley-node-"));
  try {
    const { code, output } = await npm(["pack", `${name}@${version}`, "--pack-destination", folder]);
    if (code !== 0) throw new SetupError(`Node for ${platform} could not be fetched:\n${lastLines(output)}`);
    const archive = readFileSync(join(folder, `${name}-${version}.tgz`));
    const [algorithm, expected] = integrity.split("-");
    const came = createHash(algorithm).update(archive).digest("base64");
    if (came !== expected) throw new SetupError(`${name}@${version}: expected ${integrity}, came ${algorithm}-${came}`);
    const tar = gunzipSync(archive);
    return (file) => fileOfTar(tar, `package/${file}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One file of a tar archive, undefined where it is not there. */
function fileOfTar(tar, wanted) {
  const text = (start, length) => tar.toString("latin1", start, start + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = [text(at + 345, 155), text(at, 100)].filter(Boolean).join("/");
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return undefined;
}
