import { Tokenizer } from "@huggingface/tokenizers";

export interface TokenizedText {
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
}

/**
 * Texts to token ids, padded with `padId` to the longest; beyond `maxTokens` they are cut, the closing token with them, as
 * the public code's models see them. ids and mask row-major [texts, tokens].
 */
export function tokenizePadded(
  tokenizerJson: string,
  configJson: string,
  texts: readonly string[],
  padId: number,
  maxTokens: number,
): TokenizedText & { readonly tokens: number } {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson), JSON.parse(configJson));
  const rows = texts.map((text) => tokenizer.encode(text).ids);
  const tokens = Math.min(maxTokens, Math.max(...rows.map((ids) => ids.length)));
  const ids = new BigInt64Array(texts.length * tokens).fill(BigInt(padId));
  const mask = new BigInt64Array(texts.length * tokens);
  for (const [row, all] of rows.entries()) {
    for (const [i, id] of all.slice(0, tokens).entries()) {
      ids[row * tokens + i] = BigInt(id);
      mask[row * tokens + i] = 1n;
    }
  }
  return { ids, mask, tokens };
}

/** Text to token ids exactly as the Hugging Face files say; longer texts lose their tail, the closing token stays. */
export function createTokenizer(tokenizerJson: string, configJson: string, maxTokens: number) {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson), JSON.parse(configJson));
  return (text: string): TokenizedText => {
    let ids = tokenizer.encode(text).ids;
    if (ids.length > maxTokens) ids = [...ids.slice(0, maxTokens - 1), ids[ids.length - 1]!];
    return {
      ids: BigInt64Array.from(ids, BigInt),
      mask: new BigInt64Array(ids.length).fill(1n),
    };
  };
}
