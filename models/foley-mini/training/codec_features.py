"""What the codec keeps of a sound: log-mel at two resolutions and a fine envelope, rotated by PCA to 64 dims at 50 Hz.

Features of latent frame l (960 samples, centred at 960 l + 480), 288 in all:
  96  log-mel of one 2048-sample window (pitch, tone colour)
 160  log-mel of four 512-sample windows, 40 bands each (change within the frame)
  32  log energy of sixteen 120-sample windows, of the signal and of its difference (where the attack is)
Latents are PCA scores divided by (eigenvalue ** 0.4): nearly, not quite, unit variance, so that the loudest
direction does not rule the denoiser and the smallest ones are not blown up to pure noise.
"""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

HOP = 960
LATENT_DIM = 64
FEATURE_DIM = 288
POWER_FLOOR = 3e-9          # about -85 dB re a full-scale sine in one band
FLATTEN = 0.4
GROUP_WEIGHTS = ((96, 1.0), (160, 0.8), (32, 1.0))


def mel_matrix(n_fft, bands, low_hz=30.0, high_hz=23_000.0, rate_hz=48_000):
    """Triangles on the HTK mel scale, peak 1, at least one bin wide -> f32 [n_fft/2+1, bands]."""
    mel = lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0)
    edges = 700.0 * (10 ** (np.linspace(mel(low_hz), mel(high_hz), bands + 2) / 2595.0) - 1.0)
    bins = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    width = rate_hz / n_fft
    rows = []
    for lo, mid, hi in zip(edges[:-2], edges[1:-1], edges[2:]):
        lo, hi = min(lo, mid - width), max(hi, mid + width)
        rows.append(np.maximum(0, np.minimum((bins - lo) / (mid - lo), (hi - bins) / (hi - mid))))
    return torch.tensor(np.array(rows).T, dtype=torch.float32)


def log_power(power):
    return torch.log(power + POWER_FLOOR)


class Features(torch.nn.Module):
    """audio [B, S] (S a multiple of 960) -> features [B, S/960, 288], natural log of power, weighted."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mel_long", mel_matrix(2048, 96))
        self.register_buffer("mel_short", mel_matrix(512, 40))
        self.register_buffer("window_long", torch.hann_window(2048) * 2 / 1024)
        self.register_buffer("window_short", torch.hann_window(512) * 2 / 256)
        self.register_buffer("weights", torch.cat([torch.full((n,), w) for n, w in GROUP_WEIGHTS]))

    def log_mel(self, audio, n_fft, hop, window, mel):
        pad = (n_fft - hop) // 2
        spectrum = torch.stft(F.pad(audio, (pad, pad)), n_fft, hop, window=window, center=False, return_complex=True)
        power = spectrum.real ** 2 + spectrum.imag ** 2                     # [B, bins, frames]
        return log_power(power.transpose(1, 2) @ mel)                        # [B, frames, bands]

    def envelope(self, audio):
        difference = F.pad(audio, (1, 0))
        difference = difference[:, 1:] - difference[:, :-1]
        pair = torch.stack([audio, difference], 1) ** 2                      # [B, 2, S]
        return log_power(F.avg_pool1d(F.pad(pair, (30, 30)), 120, 60)).transpose(1, 2)   # [B, S/60, 2]

    def forward(self, audio):
        batch, frames = audio.shape[0], audio.shape[1] // HOP
        long = self.log_mel(audio, 2048, 960, self.window_long, self.mel_long)
        short = self.log_mel(audio, 512, 240, self.window_short, self.mel_short).reshape(batch, frames, 160)
        fine = self.envelope(audio).reshape(batch, frames, 32)
        return torch.cat([long, short, fine], -1) * self.weights


class Encoder(torch.nn.Module):
    """audio [B, S] -> latents [B, 64, S/960]. `mean` [288] and `rotation` [288, 64] come from `fit_pca`."""

    def __init__(self):
        super().__init__()
        self.features = Features()
        self.register_buffer("mean", torch.zeros(FEATURE_DIM))
        self.register_buffer("rotation", torch.zeros(FEATURE_DIM, LATENT_DIM))

    def forward(self, audio):
        return ((self.features(audio) - self.mean) @ self.rotation).transpose(1, 2)


def fit_pca(features):
    """features f32 [N, 288] -> (mean [288], rotation [288, 64], kept share of the variance).
    The overall scale makes the mean latent variance 1."""
    mean = features.mean(0)
    centred = (features - mean).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
    values, vectors = values.flip(0), vectors.flip(1)
    kept = values[:LATENT_DIM]
    scale = kept ** -FLATTEN
    scale = scale / torch.sqrt((kept * scale ** 2).mean())
    return mean, (vectors[:, :LATENT_DIM] * scale).float(), float(kept.sum() / values.sum())


def published_encoder(path):
    """The encoder whose graph is at `path`, to the bit: latents of a bundle and its denoiser stay good."""
    held = {t.name.removesuffix(".f16"): numpy_helper.to_array(t).astype(np.float32) for t in onnx.load(path).graph.initializer}
    encoder = Encoder()
    encoder.load_state_dict({name: torch.tensor(held[name]) for name in encoder.state_dict()})
    return encoder.eval()
