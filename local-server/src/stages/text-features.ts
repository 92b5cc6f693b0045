import type { Bundle } from "../onnx/bundle.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import type { Context, TextFeatures } from "../pipeline/types.ts";
import { createTokenizer, tokenizePadded } from "../tokenizer/tokenizer.ts";
import { isHan } from "./lexicon.ts";
import { createMemory } from "./memory.ts";

/** Words -> hidden states and one vector; null for no words. */
export async function textFeatures(text: string, bundle: Bundle, context: Context): Promise<TextFeatures | null> {
  const { roles } = bundle.manifest;
  // A pair is encoded when its negative half is known; Chinese that a bank has a lexicon for is no use to the tower.
  const alone = text.trim() !== "" && !roles.text.pair && !(roles.bank && isHan(text));
  const [features] = alone ? await encodeTexts([text], bundle) : [null];
  context.progress("text features", 1);
  return features ?? null;
}

/** Words that were just encoded: every take of a clip asks for the same. */
const encodedBefore = createMemory<TextFeatures>(64);

/** Several texts with one loading of the tower, and none for those that this process has just encoded. */
export async function encodeTexts(texts: readonly string[], bundle: Bundle): Promise<TextFeatures[]> {
  const known = new Map(texts.map((text) => [text, encodedBefore.get(bundle.sha256 + text)]));
  const fresh = [...known.keys()].filter((text) => !known.get(text));
  const features = fresh.length > 0 ? await encodeAnew(fresh, bundle) : [];
  for (const [i, text] of fresh.entries()) {
    known.set(text, features[i]!);
    encodedBefore.set(bundle.sha256 + text, features[i]!);
  }
  return texts.map((text) => known.get(text)!);
}

async function encodeAnew(texts: readonly string[], bundle: Bundle): Promise<TextFeatures[]> {
  const { text: role } = bundle.manifest.roles;
  const tokenize = createTokenizer(
    await bundle.readText(role.tokenizer),
    await bundle.readText(role.tokenizerConfig),
    role.maxTokens,
  );
  await using session = await bundle.open("text");
  const features: TextFeatures[] = [];
  for (const text of texts) {
    const { ids, mask } = tokenize(text.normalize("NFC"));
    const dims = [1, ids.length];
    const { text: states } = await session.run({
      input_ids: { data: ids, dims },
      attention_mask: { data: mask, dims },
    });
    features.push({ states: states!, pooled: pool(states!) });
  }
  return features;
}

/**
 * [negative, positive] as models take them that were trained on padded pairs: hidden states [2, W, D], the padding's too.
 * @throws UserError broken_bundle
 */
export async function encodePair(negative: string, positive: string, bundle: Bundle): Promise<Tensor> {
  const { text: role } = bundle.manifest.roles;
  const pair = role.pair!;
  const texts = [negative, positive].map((text) => text.normalize("NFC"));
  const [json, config] = [await bundle.readText(role.tokenizer), await bundle.readText(role.tokenizerConfig)];
  const { ids, mask, tokens } = tokenizePadded(json, config, texts, pair.padId, role.maxTokens);
  await using session = await bundle.open("text");
  const dims = [2, tokens];
  const { text: states } = await session.run({
    input_ids: { data: ids, dims },
    attention_mask: { data: mask, dims },
  });
  const kept = Math.min(tokens, pair.keep);
  if (kept === tokens) return states!;
  const width = states!.dims[2]!;
  const row = (at: number) => states!.data.subarray(at * tokens * width, (at * tokens + kept) * width);
  const data = new Float32Array(2 * kept * width);
  data.set(row(0), 0);
  data.set(row(1), kept * width);
  return tensor(data, [2, kept, width]);
}

/** Mean over tokens, scaled to unit length: [1,Lt,D] -> [D]. */
function pool(states: Tensor): Float32Array {
  const [, tokens, width] = states.dims as [number, number, number];
  const mean = new Float32Array(width);
  for (let t = 0; t < tokens; t++) for (let d = 0; d < width; d++) mean[d]! += states.data[t * width + d]! / tokens;
  const norm = Math.hypot(...mean) || 1;
  return mean.map((value) => value / norm);
}

/** [negative, positive] padded with zero rows to the longer one: [2, Lt, D]. A missing text is one zero row. */
export function textPair(negative: TextFeatures | null, positive: TextFeatures | null, width: number): Tensor {
  const tokens = Math.max(1, negative?.states.dims[1] ?? 0, positive?.states.dims[1] ?? 0);
  const data = new Float32Array(2 * tokens * width);
  if (negative) data.set(negative.states.data, 0);
  if (positive) data.set(positive.states.data, tokens * width);
  return tensor(data, [2, tokens, width]);
}
