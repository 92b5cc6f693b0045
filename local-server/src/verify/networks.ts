import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../onnx/bundle.ts";
import type { Feed } from "../onnx/session.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import { openPrepared } from "../stages/denoiser.ts";
import { tokenizePadded } from "../tokenizer/tokenizer.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { equal, maxRelativeError, type Row, skipped, within } from "./compare.ts";

const LIMIT = 1e-4;

export const tensorOf = async (file: Checkpoint, name: string): Promise<Tensor> =>
  tensor(await file.floats(name), file.dims(name));

/** Every case beside the denoiser that was made with these weights: its velocity. */
export async function denoiserRows(bundle: Bundle, dir: string, weights: string, dtype: string): Promise<Row[]> {
  const rows: Row[] = [];
  const isBf16 = /bf16/.test(weights);
  const cases = (await readdir(dir)).filter((name) => /^case.*\.safetensors$/.test(name)).sort();
  for (const name of cases.filter((one) => /bf16/.test(one) === isBf16)) {
    await using file = await openSafetensors(join(dir, name));
    const [latents, timesteps, text, semantic, sync] = await Promise.all(
      ["latents", "timesteps", "text", "semantic", "sync"].map((one) => tensorOf(file, one)),
    );
    await using model = await openPrepared(bundle, [timesteps!.data[0]!]);
    const given = { text: text!, semantic: semantic!, sync: sync! };
    const conditioned = await model.condition(given, latents!.dims[2]!);
    const velocity = await model.velocity(conditioned, latents!, 0);
    const error = maxRelativeError(velocity.data, await file.floats("velocity"));
    const label = `${name.replace(".safetensors", "")} ${dtype}`;
    if (dtype === "fp32") rows.push(within("denoiser", label, error, LIMIT));
    else rows.push({ network: "denoiser", name: label, error, limit: null, result: "info" });
  }
  return rows;
}

/** Codec, words, picture and sync towers, and the tokenizer. */
export async function networkRows(bundle: Bundle, dir: string): Promise<Row[]> {
  return [
    ...(await codecRows(bundle, join(dir, "dac-vae-tiny"))),
    ...(await towerRow(
      bundle,
      "semantic",
      join(dir, "siglip2-tiny"),
      ["pixels", "pixel_values"],
      ["semantic", "image_features"],
    )),
    ...(await towerRow(bundle, "sync", join(dir, "synchformer-tiny"), ["frames", "frames"], ["tokens", "features"])),
    ...(await textRows(bundle, join(dir, "clap-tiny"))),
  ];
}

const casesIn = async (dir: string): Promise<string[]> =>
  (await readdir(dir)).filter((name) => /^cases?.*\.safetensors$/.test(name)).sort();

async function codecRows(bundle: Bundle, dir: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of await casesIn(dir)) {
    await using file = await openSafetensors(join(dir, name));
    await using decoder = await bundle.open("decoder");
    const { audio } = await decoder.run({ latents: await tensorOf(file, "latents") });
    rows.push(within("decoder", name, maxRelativeError(audio!.data, await file.floats("audio")), LIMIT));
    await using encoder = await bundle.open("encoder");
    const made = await encoder.run({ audio: await tensorOf(file, "wave") });
    rows.push(
      within("encoder", `${name} mean`, maxRelativeError(made.latents!.data, await file.floats("mean")), LIMIT),
    );
    rows.push(
      within("encoder", `${name} logvar`, maxRelativeError(made.logvar!.data, await file.floats("logvar")), LIMIT),
    );
  }
  return rows;
}

/** One input, one output; names [of the graph, of the golden]. */
async function towerRow(
  bundle: Bundle,
  role: "semantic" | "sync",
  dir: string,
  input: readonly [string, string],
  output: readonly [string, string],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of await casesIn(dir)) {
    await using file = await openSafetensors(join(dir, name));
    await using session = await bundle.open(role);
    const made = await session.run({ [input[0]]: await tensorOf(file, input[1]) });
    rows.push(within(role, name, maxRelativeError(made[output[0]]!.data, await file.floats(output[1])), LIMIT));
  }
  return rows;
}

interface TextCase {
  readonly prompts: readonly string[];
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
}

async function textRows(bundle: Bundle, dir: string): Promise<Row[]> {
  if (!existsSync(join(dir, "cases.json"))) return [skipped("text", "cases", `no cases.json in ${dir}`)];
  const rows: Row[] = [];
  const { text: role } = bundle.manifest.roles;
  const cases = JSON.parse(await readFile(join(dir, "cases.json"), "utf8")) as TextCase[];
  const [json, config] = [await bundle.readText(role.tokenizer), await bundle.readText(role.tokenizerConfig)];
  await using file = await openSafetensors(join(dir, "cases.safetensors"));
  await using session = await bundle.open("text");
  for (const [i, { prompts, input_ids, attention_mask }] of cases.entries()) {
    const whole = tokenizePadded(json, config, prompts, role.pair!.padId, Number.MAX_SAFE_INTEGER);
    const numbers = (values: BigInt64Array) => Array.from(values, Number);
    rows.push(equal("tokenizer", `case ${i} ids`, numbers(whole.ids), input_ids.flat()));
    rows.push(equal("tokenizer", `case ${i} mask`, numbers(whole.mask), attention_mask.flat()));
    const { ids, mask, tokens } = tokenizePadded(json, config, prompts, role.pair!.padId, role.maxTokens);
    const feed = (data: BigInt64Array): Feed => ({ data, dims: [prompts.length, tokens] });
    const { text } = await session.run({ input_ids: feed(ids), attention_mask: feed(mask) });
    rows.push(within("text", `case ${i}`, maxRelativeError(text!.data, await file.floats(`hidden_${i}`)), LIMIT));
  }
  return rows;
}
