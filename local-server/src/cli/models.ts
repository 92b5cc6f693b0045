import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { UserError } from "../errors.ts";
import { importModel } from "../import/import.ts";
import { miniGraph, WRITTEN_ROLES } from "../import/mini-graphs.ts";
import { removeModel } from "../import/remove.ts";
import { checkTerms, LICENCE_ID, TERMS } from "../import/terms.ts";
import { listBundles, loadBundle } from "../onnx/bundle.ts";
import { fileError } from "../takes/temp.ts";
import type { Row } from "../verify/compare.ts";
import { verifyGoldens } from "../verify/verify.ts";
import { choiceOption, parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const MODELS_USAGE =
  "models list | info ID | verify GOLDENS_DIR [--clips DIR] | remove ID | import DIR --id ID [--dtype fp32|fp16|int8|q8] [--weights NAME.pth] " +
  "[--accept-license ID --territory CC] | write ROLE WEIGHTS OUT.onnx   [--json]";

const OPTIONS = {
  id: { type: "string" },
  dtype: { type: "string" },
  weights: { type: "string" },
  "accept-license": { type: "string" },
  territory: { type: "string" },
  clips: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `foley models …`: what is installed, checked file by file; the published weights brought in, proven and taken away. */
export async function modelsVerb(args: readonly string[], signal: AbortSignal, output: Output): Promise<void> {
  const { positionals, values } = parseArguments(args, OPTIONS, MODELS_USAGE, { min: 1, max: 4 });
  const [verb, id, ...rest] = positionals;
  if (verb === "write") return write(positionals.slice(1), output);
  if (rest.length > 0) throw new UserError("usage", MODELS_USAGE, positionals.join(" "), "see `foley help`");
  if (verb === "list" && id === undefined) return list(output);
  if (verb === "info" && id !== undefined) return info(id, output);
  if (verb === "verify" && id !== undefined) return verify(resolve(id), values.clips, signal, output);
  if (verb === "remove" && id !== undefined) {
    return output.finish({ removed: id }, `removed ${await removeModel(id)}`);
  }
  if (verb === "import" && id !== undefined) return importVerb(resolve(id), values, signal, output);
  throw new UserError("usage", MODELS_USAGE, positionals.join(" "), "see `foley help`");
}

/** For those who train foley-mini's networks anew. */
async function write([role, weights, out]: readonly string[], output: Output): Promise<void> {
  if (role === undefined || weights === undefined || out === undefined) {
    throw new UserError("usage", "models write ROLE WEIGHTS OUT.onnx", "fewer", "name all three");
  }
  if (!WRITTEN_ROLES.includes(role)) {
    throw new UserError("bad_value", `a network of ${WRITTEN_ROLES.join(", ")}`, role, "name one of them");
  }
  // A graph made anew takes the place of the old one, never of the weights.
  if (!out.endsWith(".onnx")) throw new UserError("bad_value", "OUT as NAME.onnx", out, "name the graph so");
  const bytes = await miniGraph(role, resolve(weights));
  const [target, part] = [resolve(out), `${resolve(out)}.part`];
  try {
    await writeFile(part, bytes);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw fileError(error, target);
  }
  output.finish(
    { role, out: target, bytes: bytes.length },
    `${role}: ${(bytes.length / 1e6).toFixed(1)} MB in ${target}`,
  );
}

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>["values"];

async function importVerb(dir: string, values: Values, signal: AbortSignal, output: Output): Promise<void> {
  if (values.id === undefined)
    throw new UserError("usage", MODELS_USAGE, "no --id", "name the bundle: --id hunyuan-xl");
  const dtype = choiceOption(values.dtype, "--dtype", ["fp32", "fp16", "int8", "q8"]) ?? "int8";
  const territory = await agree(values);
  const live = process.stderr.isTTY && !values.json;
  const { directory, bytes, seconds } = await importModel({
    dir,
    id: values.id,
    dtype,
    territory,
    weights: values.weights,
    signal,
    onProgress(what, fraction, secondsLeft) {
      if (!live) return;
      const left = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft)} s left`;
      process.stderr.write(`\r\u001b[K${what} ${Math.round(100 * fraction)} %${left}`);
    },
  });
  if (live) process.stderr.write("\r\u001b[K");
  const peakMemoryMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const text = `imported ${values.id} (${dtype}, ${Math.round(bytes / 1e6)} MB) in ${seconds.toFixed(1)} s, ${peakMemoryMiB} MiB at most\n${directory}`;
  output.finish({ id: values.id, dtype, directory, bytes, seconds, cpuSeconds, peakMemoryMiB }, text);
}

/** Asks where it can: in a terminal. Elsewhere both options are needed. */
async function agree(values: Values): Promise<string> {
  const asks = process.stdin.isTTY && process.stderr.isTTY && !values.json && values["accept-license"] === undefined;
  if (!asks) return checkTerms(values["accept-license"], values.territory);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Lines, not questions: an answer that was typed before its question is kept.
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<string> => {
    process.stderr.write(question);
    const line = await lines.next();
    return line.done ? "" : line.value.trim();
  };
  try {
    process.stderr.write(`${TERMS}\n\n`);
    const territory = values.territory ?? (await ask("Country you use it in (two letters): "));
    const answer = await ask("Do you agree to the licence? (yes/no): ");
    return checkTerms(answer.toLowerCase() === "yes" ? LICENCE_ID : "no", territory);
  } finally {
    terminal.close();
  }
}

async function verify(dir: string, clips: string | undefined, signal: AbortSignal, output: Output): Promise<void> {
  if (clips !== undefined && !existsSync(clips)) {
    throw new UserError("not_found", "a folder with the clips of the cases", clips, "check the path");
  }
  const rows = await verifyGoldens(dir, clips && resolve(clips), signal);
  const count = (result: Row["result"]): number => rows.filter((row) => row.result === result).length;
  const [passed, failed, skipped] = [count("pass"), count("FAIL"), count("skip")];
  const number = (value: number | null) => (value === null ? "-" : value === 0 ? "0" : value.toExponential(1));
  const lines = rows.map(({ network, name, error, limit, result, why }) =>
    [network.padEnd(12), name.padEnd(52), number(error).padStart(8), number(limit).padStart(8), result, why ?? ""]
      .join(" ")
      .trimEnd(),
  );
  const last = `${passed} pass, ${failed} FAIL${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  output.finish({ rows, passed, failed, skipped }, [...lines, last].join("\n"));
  if (failed > 0) process.exitCode = 1;
}

async function list(output: Output): Promise<void> {
  const models = [];
  for (const id of await listBundles()) models.push(await describe(id));
  const text = models.map(
    (one) =>
      `${one.id.padEnd(20)} ${one.ok ? `${one.version}  ${String(one.megabytes).padStart(6)} MB  ${one.licence}${one.territory ? `, agreed to for ${one.territory}` : ""}\n${" ".repeat(21)}${one.description}` : one.error}`,
  );
  output.finish({ models }, text.join("\n") || "no models");
}

async function describe(id: string) {
  try {
    const { manifest } = await loadBundle(id);
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    const { name, version, licence, description } = manifest;
    const territory = licence.accepted?.territory;
    return {
      id,
      ok: true,
      name,
      version,
      description,
      licence: licence.id,
      territory,
      megabytes: Math.round(bytes / 1e6),
    };
  } catch (error) {
    if (error instanceof UserError) return { id, ok: false, error: error.message };
    throw error;
  }
}

async function info(id: string, output: Output): Promise<void> {
  const { directory, manifest, sha256 } = await loadBundle(id);
  const roles = Object.entries(manifest.roles).map(([role, part]) => {
    const graphs = part && "graphs" in part ? Object.entries(part.graphs) : [];
    return `  ${role.padEnd(10)} ${graphs.map(([provider, file]) => `${provider}: ${file}`).join(", ") || "recordings"}`;
  });
  const sources = manifest.provenance.map(({ name, licence, sha256 }) =>
    [`  ${name} (${licence})`, ...(sha256 ? [`    sha256 ${sha256}`] : [])].join("\n"),
  );
  const text = [
    `${manifest.name} ${manifest.version} (${manifest.id})`,
    manifest.description,
    `licence: ${manifest.licence.id}. ${manifest.licence.use}`,
    ...(manifest.licence.accepted
      ? [`agreed to on ${manifest.licence.accepted.date} for the territory ${manifest.licence.accepted.territory}`]
      : []),
    `folder: ${directory}`,
    `sha256 of the manifest: ${sha256}`,
    "roles:",
    ...roles,
    "made from:",
    ...sources,
  ];
  output.finish({ ...manifest, directory, sha256 }, text.join("\n"));
}
