import { Tokenizer } from "@huggingface/tokenizers";

export interface TokenizedText {
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
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
