import type { z } from "zod";
import type { CALLS, ImportResource, ModelsResource, modelSchema } from "../../protocol/index.ts";
import { asUserError } from "../errors.ts";
import { isImported } from "../import/remove.ts";
import { EXCLUDED_TERRITORIES, LICENCE_ID, TERMS } from "../import/terms.ts";
import { glanceAtBundle, listBundles, readBank } from "../onnx/bundle.ts";

type ModelResource = z.infer<typeof modelSchema>;
type SoundResource = (typeof CALLS)["models.sounds"]["result"]["_output"]["sounds"][number];

/** What is installed, as people see it. Sizes are looked at here, hashes when a bundle is used. */
export async function listModels(): Promise<ModelResource[]> {
  return Promise.all((await listBundles()).map(describe));
}

/** The same with the import under way and what has to be agreed to for one. */
export const readModels = async (current: ImportResource | null): Promise<ModelsResource> => ({
  models: await listModels(),
  import: current,
  licence: { id: LICENCE_ID, terms: TERMS, excluded: EXCLUDED_TERRITORIES },
});

/** Every recording of a model's bank by its class; none where it has no bank. @throws UserError unknown_model, broken_bundle */
export async function listSounds(id: string): Promise<SoundResource[]> {
  const bank = await readBank(id);
  if (bank === null) return [];
  const names = new Map(bank.index.classes.map((one) => [one.id, one.name]));
  const chinese = bank.lexicons.find(({ language }) => language === "zh")?.classes;
  return bank.index.sounds.map((sound) => ({
    id: sound.id,
    class: sound.class,
    name: names.get(sound.class) ?? sound.class,
    nameZh: chinese?.[sound.class]?.name ?? null,
  }));
}

async function describe(id: string): Promise<ModelResource> {
  const imported = isImported(id);
  try {
    const { name, version, description, licence, files } = await glanceAtBundle(id);
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    return { id, name, version, description, licence: licence.id, use: licence.use, bytes, problem: null, imported };
  } catch (error) {
    const { message } = asUserError(error);
    return { id, name: id, version: "", description: "", licence: "", use: "", bytes: 0, problem: message, imported };
  }
}
