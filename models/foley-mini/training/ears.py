"""Ears: what a pretrained net for sound effects makes of a sound, f64 [512]; each once, kept in a file.

The net is that of Ma and Lerch, "Representation Learning for the Automatic Indexing of Sound Effects Libraries" (ISMIR 2022), weights
CC BY 4.0, read from the package aisfx. It was trained on commercial libraries' own classes, knows nothing of ours, and only measures:
nothing of it is in the bundle.
"""
import hashlib
import pathlib

import numpy as np
import torch
from numpy._core.multiarray import scalar
from scipy.fft import rfft
from scipy.signal import resample_poly
from torch import nn

from bank_onsets import RATE_HZ
from package_files import package_dir

NET_RATE_HZ, WINDOW, HOP, BANDS = 44100, 2048, 1024, 96
FRAMES, DIMS = 100, 512  # a look is 2.3 s
PEAK, LOUDEST = 0.9, 9.457798957824707  # the level looked at; what the net's training divided by


class Pair(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class Net(nn.Module):
    """Log-mel looks f32 [N,FRAMES,BANDS] -> [N,512]."""

    def __init__(self):
        super().__init__()
        for i, (inputs, outputs) in enumerate(((1, 64), (64, 128), (128, 256), (256, 512)), 1):
            setattr(self, f"conv_block{i}", Pair(inputs, outputs))

    def forward(self, looks):
        x = looks[:, None]
        for block in (self.conv_block1, self.conv_block2, self.conv_block3):
            x = nn.functional.max_pool2d(block(x), 2)
        return self.conv_block4(x).mean(3).amax(2)


def load_net():
    path = package_dir("aisfx") / "models" / "checkpoint.pth"
    with torch.serialization.safe_globals([(scalar, "numpy.core.multiarray.scalar"), np.dtype, np.dtypes.Int64DType]):
        state, _ = torch.load(path, map_location="cpu", weights_only=True)
    net, own = Net(), "embedding_net."
    net.load_state_dict({k[len(own):]: v for k, v in state.items() if k.startswith(own)})
    return net.eval()


def mel_bands():
    """[bins,BANDS]: triangles on the mel axis, each of sum 1."""
    mel = lambda hz: 1127.01048 * np.log(1 + hz / 700)
    edges, bins = np.linspace(0, mel(NET_RATE_HZ / 2), BANDS + 2), mel(np.arange(WINDOW // 2 + 1) * NET_RATE_HZ / WINDOW)
    width = edges[1]
    bands = np.maximum(0, np.minimum((bins - edges[:-2, None]) / width, (edges[2:, None] - bins) / width))
    return (bands / bands.sum(1, keepdims=True)).T


MEL = mel_bands()


def looks_of(samples):
    """48 kHz -> f32 [N,FRAMES,BANDS]: every half look; silence after the end."""
    y = resample_poly(samples, 147, 160)
    y = np.concatenate([np.zeros(WINDOW // 2), y * (PEAK / max(1e-9, np.abs(y).max())), np.zeros(WINDOW)])
    power = np.abs(rfft(np.lib.stride_tricks.sliding_window_view(y, WINDOW)[::HOP] * np.hanning(WINDOW), axis=1)) ** 2 @ MEL
    mel = np.log10(1e4 * power + 1) / LOUDEST
    count = 1 + max(0, int(np.ceil((len(mel) - FRAMES) / (FRAMES // 2))))
    mel = np.vstack([mel, np.zeros((FRAMES, BANDS))]).astype(np.float32)
    return np.stack([mel[i * FRAMES // 2:i * FRAMES // 2 + FRAMES] for i in range(count)])


def from_start(samples):
    """Without a silence of more than 30 ms before it is heard (a hundredth of its peak); 10 ms of it stay."""
    first = int(np.argmax(np.abs(samples) > 0.01 * np.abs(samples).max()))
    return samples[first - round(0.01 * RATE_HZ):] if first > 0.03 * RATE_HZ else samples


class Ears:
    def __init__(self, work):
        self.net, self.path = load_net(), pathlib.Path(work) / "heard.npz"
        kept = np.load(self.path) if self.path.exists() else {"of": [], "heard": []}
        self.kept = dict(zip(map(str, kept["of"]), kept["heard"]))

    def hear(self, samples):
        """Kept by a hash of what was heard; -> f64 [512]."""
        name = hashlib.sha256(samples.astype(np.float32).tobytes()).hexdigest()[:16]
        if name not in self.kept:
            with torch.no_grad():
                self.kept[name] = np.log1p(self.net(torch.from_numpy(looks_of(from_start(samples)))).double().numpy().mean(0))
            if len(self.kept) % 50 == 0:
                self.keep()
        return self.kept[name]

    def hear_all(self, sounds):
        """`sounds`: functions that give samples -> [N,512]."""
        heard = np.stack([self.hear(sound()) for sound in sounds])
        self.keep()
        return heard

    def keep(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part.npz")
        np.savez(part, of=list(self.kept), heard=list(self.kept.values()))
        part.replace(self.path)
