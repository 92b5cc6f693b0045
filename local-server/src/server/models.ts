import type { z } from "zod";
import type { modelSchema } from "../../protocol/index.ts";
import { asUserError } from "../errors.ts";
import { glanceAtBundle, listBundles } from "../onnx/bundle.ts";

type ModelResource = z.infer<typeof modelSchema>;

/** What is installed, as people see it. Sizes are looked at here, hashes when a bundle is used. */
export async function listModels(): Promise<ModelResource[]> {
  return Promise.all((await listBundles()).map(describe));
}

async function describe(id: string): Promise<ModelResource> {
  try {
    const { name, version, description, licence, files } = await glanceAtBundle(id);
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    return { id, name, version, description, licence: licence.id, use: licence.use, bytes, problem: null };
  } catch (error) {
    const { message } = asUserError(error);
    return { id, name: id, version: "", description: "", licence: "", use: "", bytes: 0, problem: message };
  }
}
