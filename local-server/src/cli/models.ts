import { UserError } from "../errors.ts";
import { listBundles, loadBundle } from "../onnx/bundle.ts";
import { parseArguments } from "./arguments.ts";
import type { Output } from "./output.ts";

export const MODELS_USAGE = "models list|info ID [--json]";

/** `foley models list|info`: what is installed, checked file by file. */
export async function modelsVerb(args: readonly string[], output: Output): Promise<void> {
  const { positionals } = parseArguments(args, { json: { type: "boolean" } }, MODELS_USAGE, { min: 1, max: 2 });
  const [verb, id] = positionals;
  if (verb === "list" && id === undefined) return list(output);
  if (verb === "info" && id !== undefined) return info(id, output);
  throw new UserError("usage", MODELS_USAGE, positionals.join(" "), "see `foley help`");
}

async function list(output: Output): Promise<void> {
  const models = [];
  for (const id of await listBundles()) models.push(await describe(id));
  const text = models.map(
    (one) => `${one.id.padEnd(20)} ${one.ok ? `${one.version}  ${one.megabytes} MB  ${one.licence}` : one.error}`,
  );
  output.finish({ models }, text.join("\n") || "no models");
}

async function describe(id: string) {
  try {
    const { manifest } = await loadBundle(id);
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    const { name, version, licence } = manifest;
    return { id, ok: true, name, version, licence: licence.id, megabytes: Math.round(bytes / 1e6) };
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
  const sources = manifest.provenance.map(({ name, licence }) => `  ${name} (${licence})`);
  const text = [
    `${manifest.name} ${manifest.version} (${manifest.id})`,
    manifest.description,
    `licence: ${manifest.licence.id}. ${manifest.licence.use}`,
    `folder: ${directory}`,
    `sha256 of the manifest: ${sha256}`,
    "roles:",
    ...roles,
    "made from:",
    ...sources,
  ];
  output.finish({ ...manifest, directory, sha256 }, text.join("\n"));
}
