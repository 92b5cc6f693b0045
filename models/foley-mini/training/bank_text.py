"""The text tower as the product uses it: tokens -> last hidden states -> mean over the mask -> unit length."""
import pathlib

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

MAX_TOKENS = 128


def one_thread(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class TextTower:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
        self.session = one_thread(folder / "model.onnx")

    def tokens(self, texts):
        """-> input_ids, attention_mask i64 [B,Lt]."""
        rows = self.tokenizer.encode_batch(list(texts))
        return np.array([r.ids for r in rows], np.int64), np.array([r.attention_mask for r in rows], np.int64)

    def hidden(self, texts):
        """-> last hidden states f32 [B,Lt,384] and mask [B,Lt]."""
        ids, mask = self.tokens(texts)
        return self.session.run(["text"], {"input_ids": ids, "attention_mask": mask})[0], mask

    def embed(self, texts, batch=64):
        """-> pooled unit vectors f32 [B,384]."""
        out = []
        for i in range(0, len(texts), batch):
            hidden, mask = self.hidden(texts[i:i + batch])
            pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            out.append(pooled / np.linalg.norm(pooled, axis=1, keepdims=True))
        return np.concatenate(out).astype(np.float32)
