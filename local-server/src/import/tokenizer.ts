import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { readJson } from "./find.ts";

/**
 * tokenizer.json and tokenizer_config.json of a snapshot; where only vocab.json and merges.txt lie there, a tokenizer.json of
 * the same RoBERTa byte-level BPE is made from them.
 * @throws UserError missing_weights, bad_weights
 */
export async function tokenizerFiles(folder: string): Promise<Record<string, string>> {
  const text = (name: string) => readFile(join(folder, name), "utf8").catch(() => null);
  const config = (await text("tokenizer_config.json")) ?? "{}";
  const whole = await text("tokenizer.json");
  if (whole !== null) return { "tokenizer.json": whole, "tokenizer_config.json": config };
  const merges = await text("merges.txt");
  if (merges === null || (await text("vocab.json")) === null) {
    const expected = `tokenizer.json, or vocab.json and merges.txt, in ${folder}`;
    throw new UserError("missing_weights", expected, "neither", "get the whole folder from the model's card");
  }
  const vocab = (await readJson(join(folder, "vocab.json"))) as Record<string, number>;
  return { "tokenizer.json": JSON.stringify(roberta(vocab, merges)), "tokenizer_config.json": config };
}

/** The shape that Hugging Face's tokenizers library writes for a RobertaTokenizerFast. */
function roberta(vocab: Record<string, number>, merges: string) {
  const special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].filter((token) => token in vocab);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: content === "<mask>",
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: ["</s>", vocab["</s>"]],
      cls: ["<s>", vocab["<s>"]],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: merges.split("\n").filter((line) => line !== "" && !line.startsWith("#version")),
    },
  };
}
