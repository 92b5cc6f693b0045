import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/**
 * Who may import whom. A folder's row lists the folders and packages its files may name; what is absent is forbidden.
 * `*` after a package prefix allows all of it. Every folder may import itself.
 */
const RULES: Record<string, readonly string[]> = {
  "local-server/protocol": ["zod"],
  "local-server/src/errors.ts": ["local-server/protocol"],
  "local-server/src/random.ts": [],
  "local-server/src/onnx/tensor.ts": [],
  "local-server/src/onnx": [
    "local-server/protocol",
    "local-server/src/graph",
    "local-server/src/errors.ts",
    "local-server/src/onnx/tensor.ts",
    "onnxruntime-node",
    "node:crypto",
    "node:fs",
    "node:fs/promises",
    "node:module",
    "node:os",
    "node:path",
    "node:stream/promises",
  ],
  "local-server/src/tokenizer": ["local-server/src/onnx/tensor.ts", "@huggingface/tokenizers"],
  "local-server/src/sampling": ["local-server/protocol", "local-server/src/onnx/tensor.ts"],
  "local-server/src/audio": [
    "local-server/protocol",
    "local-server/src/onnx/tensor.ts",
    "local-server/src/pipeline/types.ts",
    "local-server/src/random.ts",
  ],
  "local-server/src/video": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/pipeline/types.ts",
    // Muxed files are published as takes are.
    "local-server/src/takes/temp.ts",
    "fluent-ffmpeg",
    "node:child_process",
    "node:fs",
    "node:fs/promises",
    "node:path",
    "node:stream",
    "node:os",
  ],
  "local-server/src/stages": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/onnx",
    "local-server/src/sampling",
    "local-server/src/audio",
    "local-server/src/video",
    "local-server/src/tokenizer",
    "local-server/src/random.ts",
    "local-server/src/pipeline/types.ts",
    // A bank that the user added is read where it is kept.
    "local-server/src/banks/store.ts",
  ],
  "local-server/src/banks": [
    "local-server/protocol",
    "local-server/src/banks/store.ts",
    "local-server/src/errors.ts",
    "local-server/src/onnx",
    "local-server/src/stages",
    "local-server/src/takes",
    "local-server/src/video",
    "node:*",
  ],
  "local-server/src/banks/store.ts": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/onnx",
    "local-server/src/takes",
    "node:*",
  ],
  "local-server/src/pipeline": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/sampling",
    "local-server/src/stages",
    "local-server/src/video",
    "local-server/src/onnx",
    "local-server/src/random.ts",
  ],
  "local-server/src/takes": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/audio",
    "local-server/src/onnx/tensor.ts",
    "local-server/src/pipeline/types.ts",
    "node:crypto",
    "node:fs",
    "node:fs/promises",
    "node:os",
    "node:path",
  ],
  "local-server/src/engine": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/pipeline",
    "local-server/src/onnx",
    // What earlier jobs left to be used again is dropped for a measurement.
    "local-server/src/stages/memory.ts",
    "local-server/src/takes",
    "local-server/src/video",
    "node:*",
  ],
  // Builds ONNX files out of nothing but arithmetic: readers of weights and writers of files are handed in.
  "local-server/src/graph": [],
  // The public networks, one file each, in the builder's ops.
  "local-server/src/networks": ["local-server/src/graph"],
  "local-server/src/weights": ["local-server/protocol", "local-server/src/errors.ts", "node:fs", "node:fs/promises"],
  "local-server/src/import": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/graph",
    "local-server/src/networks",
    "local-server/src/onnx",
    "local-server/src/weights",
    "local-server/src/random.ts",
    "node:*",
  ],
  "local-server/src/verify": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/graph",
    "local-server/src/import",
    "local-server/src/onnx",
    "local-server/src/pipeline",
    "local-server/src/sampling",
    "local-server/src/stages",
    "local-server/src/tokenizer",
    "local-server/src/video",
    "local-server/src/weights",
    "node:*",
  ],
  "local-server/src/doctor": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/engine",
    "local-server/src/onnx/bundle.ts",
    "local-server/src/video",
    "node:*",
  ],
  "local-server/src/jobs": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/engine",
    "local-server/src/onnx/bundle.ts",
    // Requests are checked before they are queued, as the engine will.
    "local-server/src/pipeline",
    "local-server/src/video",
    "local-server/src/takes",
    "node:*",
  ],
  "local-server/src/server": [
    "local-server/protocol",
    "local-server/src/errors.ts",
    "local-server/src/doctor",
    "local-server/src/engine",
    // An import runs in a process of its own; only its messages, its terms and what undoes it are known here.
    "local-server/src/import/child.ts",
    "local-server/src/import/remove.ts",
    "local-server/src/import/terms.ts",
    "local-server/src/jobs",
    "local-server/src/onnx/bundle.ts",
    "local-server/src/takes",
    "local-server/src/video",
    "express",
    "ws",
    "zod",
    "node:*",
  ],
  "local-server/src/cli": [
    "local-server/protocol",
    "local-server/src/banks",
    "local-server/src/errors.ts",
    "local-server/src/doctor",
    "local-server/src/engine",
    "local-server/src/import",
    "local-server/src/jobs",
    "local-server/src/onnx",
    "local-server/src/server",
    "local-server/src/takes",
    "local-server/src/verify",
    "local-server/src/video",
    "node:*",
  ],
  "local-server/src/main.ts": ["local-server/src/cli", "local-server/src/errors.ts"],
  // The script in Premiere: the one place that touches Premiere's objects is host/src/premiere.
  "host/src/contract.ts": [],
  "host/src/es3": [],
  "host/src/premiere": ["host/src/contract.ts", "host/src/es3"],
  "host/src/api": ["host/src/contract.ts", "host/src/es3", "host/src/premiere"],
  "host/src": ["host/src"],
  // The panel's parts meet in app.ts; pure state knows neither views nor the wire.
  "panel/src/i18n": [],
  "panel/src/audio": [],
  "panel/src/state": ["local-server/protocol", "panel/src/i18n", "panel/src/audio", "react", "zod"],
  "panel/src/bridges": ["local-server/protocol", "panel/src/i18n", "panel/src/state", "host"],
  "panel/src/actions": [
    "local-server/protocol",
    "panel/src/app.ts",
    "panel/src/bridges",
    "panel/src/i18n",
    "panel/src/state",
    "panel/src/ui/Icon.tsx",
  ],
  "panel/src/ui": [
    "local-server/protocol",
    "panel/src/app.ts",
    "panel/src/actions",
    "panel/src/state",
    "@adobe/react-spectrum",
    "react",
  ],
  "panel/src/views": [
    "local-server/protocol",
    "panel/src/app.ts",
    "panel/src/actions",
    "panel/src/i18n",
    "panel/src/state",
    "panel/src/ui",
    "@adobe/react-spectrum",
    "react",
    "wavesurfer.js",
  ],
  "panel/src": ["@adobe/react-spectrum", "react", "react-dom", "panel/src"],
};

const root = resolve(import.meta.dirname, "..");
const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));

/** The most specific row that a file (or imported path) falls under. */
const rowOf = (path: string): string | undefined =>
  Object.keys(RULES)
    .filter((row) => path === row || path.startsWith(`${row}/`))
    .sort((a, b) => b.length - a.length)[0];

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements =
    /^(?:(?:import|export)\b[^;"']*?\bfrom\s*|import\s*)["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  const names = [...text.matchAll(statements)].map((match) => (match[1] ?? match[2])!);
  return names.map((name) => (name.startsWith(".") ? relative(root, resolve(root, dirname(file), name)) : name));
}

const allows = (rule: string, name: string): boolean =>
  rule.endsWith("*") ? name.startsWith(rule.slice(0, -1)) : name === rule || name.startsWith(`${rule}/`);

test.each(["local-server/protocol", "local-server/src", "host/src", "panel/src"].flatMap(sources))(
  "%s imports only what it may",
  (file) => {
    const row = rowOf(file);
    expect(row, `${file} stands in no row of the table`).toBeDefined();
    const forbidden = importsOf(file).filter(
      (name) => rowOf(name) !== row && !RULES[row!]!.some((rule) => allows(rule, name)),
    );
    expect(forbidden).toEqual([]);
  },
);
