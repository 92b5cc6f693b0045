"""What the bundle's graphs must say, by torch, on inputs that a formula makes: `python graph_goldens.py` -> test/fixtures/mini-goldens.safetensors.

The weights are those that the graphs hold (16 bits and all), but for the picture's network, whose graph holds them folded: there it is the package's
own file in 32 bits. Input i of n values: sin(0.37 k + i), k = 0..n-1; 0.05 times that for sound.
"""
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

from codec_features import Encoder
from codec_model import Decoder
from denoiser_model import Denoiser
from lite0 import load_lite0

HERE = pathlib.Path(__file__).resolve().parent


def held(module, role):
    """A torch module with the weights that a graph of the bundle holds."""
    values = {t.name.removesuffix(".f16"): numpy_helper.to_array(t).astype(np.float32) for t in onnx.load(HERE.parent / f"{role}.onnx").graph.initializer}
    module.load_state_dict({name: torch.tensor(values[name]) for name in module.state_dict()})
    return module.eval()


def wave(i, *shape):
    return torch.sin(0.37 * torch.arange(int(np.prod(shape)), dtype=torch.float64) + i).float().reshape(shape)


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    words, guide = wave(2, 2, 3, 384), wave(4, 2, 64, 5)
    words[1], guide[1] = 0, 0  # the second scene has neither words nor guide
    out = {"encoder": held(Encoder(), "encoder")(0.05 * wave(0, 1, 3 * 960)), "decoder": held(Decoder(), "decoder")(wave(0, 1, 64, 4)),
           "denoiser": held(Denoiser(), "denoiser")(wave(0, 2, 64, 5), torch.tensor([0.9, 0.4]), words, wave(3, 2, 5, 2), guide),
           "semantic": load_lite0()(wave(0, 1, 3, 224, 224))}
    path = HERE.parent.parent.parent / "test" / "fixtures" / "mini-goldens.safetensors"
    save_file({k: v.contiguous() for k, v in out.items()}, path, {"maker": f"models/foley-mini/training/graph_goldens.py, torch {torch.__version__.split('+')[0]}"})


if __name__ == "__main__":
    main()
