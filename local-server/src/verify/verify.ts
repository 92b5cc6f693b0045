import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Precision } from "../graph/linear.ts";
import { importModel } from "../import/import.ts";
import { type Bundle, openBundle } from "../onnx/bundle.ts";
import type { Row } from "./compare.ts";
import { denoiserRows, networkRows } from "./networks.ts";
import { pipelineRows } from "./pipeline.ts";
import { videoRows } from "./video.ts";

/** Published folders of a set of goldens; see the goldens' README. */
const PARTS = ["dit-tiny", "dac-vae-tiny", "synchformer-tiny", "siglip2-tiny", "clap-tiny"] as const;

/**
 * Imports the small models of a folder of goldens as a user imports the real ones, and holds every case against what the
 * public code computed. fp32 has limits; the other precisions are shown beside it. `clips` is the folder of the clips that
 * the cases name, where they lie neither beside the goldens nor among our own.
 * @throws UserError not_found
 */
export async function verifyGoldens(dir: string, clips: string | undefined, signal: AbortSignal): Promise<Row[]> {
  const missing = PARTS.filter((part) => !existsSync(join(dir, part)));
  if (missing.length > 0) {
    throw new UserError(
      "not_found",
      `goldens in ${dir} (${PARTS.join(", ")})`,
      `no ${missing.join(", ")}`,
      "check the path",
    );
  }
  const rows: Row[] = [];
  const work = await mkdtemp(join(tmpdir(), "foley-verify-"));
  const before = { models: process.env.FOLEY_MODELS, providers: process.env.FOLEY_PROVIDERS };
  process.env.FOLEY_MODELS = work;
  // The limits are those of fp32 on the CPU.
  process.env.FOLEY_PROVIDERS = "cpu";
  try {
    const weights = (await readdir(join(dir, "dit-tiny"))).filter((name) => name.endsWith(".pth")).sort();
    for (const file of weights) {
      for (const dtype of ["fp32", "int8", "fp16", "q8"] as const) {
        const bundle = await imported(dir, work, file, dtype, signal);
        rows.push(...(await denoiserRows(bundle, join(dir, "dit-tiny"), file, dtype)));
        if (dtype !== "fp32" || file !== weights[0]) continue;
        rows.push(...(await networkRows(bundle, dir)));
        rows.push(...(await pipelineRows(bundle, dir)));
        rows.push(...(await videoRows(bundle, dir, clips, signal)));
      }
    }
  } finally {
    restore("FOLEY_MODELS", before.models);
    restore("FOLEY_PROVIDERS", before.providers);
    await rm(work, { recursive: true, force: true });
  }
  return rows;
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

async function imported(
  dir: string,
  work: string,
  file: string,
  dtype: Precision,
  signal: AbortSignal,
): Promise<Bundle> {
  const id = `${file.replace(/\.pth$/, "").replaceAll("_", "-")}-${dtype}`;
  const order = { dir, id, dtype, weights: file, territory: "US", signal, onProgress: () => {} };
  await importModel(order);
  return openBundle(join(work, id), id);
}

export const readJsonFile = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));
