"""The decoder: latents [B, 64, L] at 50 Hz -> audio [B, 960 L].

ConvNeXt blocks at 50 Hz, then at 200 Hz, then an inverse STFT (Vocos, arXiv 2306.00814) of a tonal part
(magnitude and phase) plus a noise part (magnitude only), plus a second one of clicks (magnitude and phase) in
windows of a quarter of the length, then a gain drawn every 30 samples: an inverse STFT smears an attack over its
window, 20 ms or 5 ms, the gain cuts it sharp again.

The noise is a function of the latents (a fixed random projection through a sine), so a decoder run over
chunks with `CONTEXT` latents on each side gives what one run over all gives.
"""
import math

import torch
import torch.nn.functional as F

from codec_features import HOP, LATENT_DIM

STEP = 240                  # samples of one 200 Hz frame
N_FFT = 4 * STEP
BINS = N_FFT // 2 + 1
CLICK_STEP = 60             # four short windows a frame
CLICK_N_FFT = 4 * CLICK_STEP
CLICK_BINS = CLICK_N_FFT // 2 + 1
CLICKS = STEP // CLICK_STEP
GAIN_STEP = 30              # samples of one gain value
GAINS = STEP // GAIN_STEP
GAIN_LIMIT = 4.0            # nepers, 35 dB
# latents each side: 3 (first conv) + 3 per 50 Hz block; 200 Hz: 3 frames a block, then window, noise, gain
SLOW_BLOCKS, FAST_BLOCKS = 2, 7
CONTEXT = 3 + 3 * SLOW_BLOCKS + math.ceil((3 * FAST_BLOCKS + 2 + 2) / 4) + 1


def windows_of(audio):
    """[B, 240 T] -> [B, T, 960]: each 200 Hz frame with 360 samples of its neighbours on either side."""
    edge = (N_FFT - STEP) // 2
    steps = F.pad(audio, (edge, edge)).reshape(audio.shape[0], -1, STEP)          # [B, T + 3, 240]
    return torch.cat([steps[:, i:steps.shape[1] - 3 + i] for i in range(4)], -1)


class Block(torch.nn.Module):
    """ConvNeXt block, [B, C, T] -> [B, C, T], reach 3 frames each side."""

    def __init__(self, dim, wide):
        super().__init__()
        self.near = torch.nn.Conv1d(dim, dim, 7, padding=3, groups=dim)
        self.norm = torch.nn.LayerNorm(dim)
        self.up = torch.nn.Linear(dim, wide)
        self.down = torch.nn.Linear(wide, dim)
        self.scale = torch.nn.Parameter(torch.full((dim,), 0.2))

    def forward(self, x):
        y = self.norm(self.near(x).transpose(1, 2))
        return x + (self.down(F.gelu(self.up(y), approximate="tanh")) * self.scale).transpose(1, 2)


class Decoder(torch.nn.Module):
    def __init__(self, slow=320, fast=256):
        super().__init__()
        self.first = torch.nn.Conv1d(LATENT_DIM, slow, 7, padding=3)
        self.slow = torch.nn.Sequential(*[Block(slow, 3 * slow) for _ in range(SLOW_BLOCKS)])
        self.spread = torch.nn.Linear(slow, 4 * fast)
        self.fast = torch.nn.Sequential(*[Block(fast, 3 * fast) for _ in range(FAST_BLOCKS)])
        self.norm = torch.nn.LayerNorm(fast)
        self.head = torch.nn.Linear(fast, 3 * BINS + GAINS + 2 * CLICKS * CLICK_BINS)
        with torch.no_grad():
            self.head.weight.mul_(0.3)
            self.head.bias.zero_()
        generator = torch.Generator().manual_seed(960)
        hash_weight = torch.randn(LATENT_DIM, HOP, generator=generator) * 0.7
        self.register_buffer("hash_weight", hash_weight.half().float())        # stored in 16 bits, exactly
        self.register_buffer("hash_phase", (torch.rand(HOP, generator=generator) * 6.28).half().float())
        self.register_buffer("window", torch.hann_window(N_FFT))
        self.register_buffer("click_window", torch.hann_window(CLICK_N_FFT))
        ramp = (torch.arange(GAIN_STEP) + 0.5) / GAIN_STEP - 0.5                # -0.5..0.5 around a gain's centre
        self.register_buffer("ramp", torch.stack([(-ramp).clamp(min=0), 1 - ramp.abs(), ramp.clamp(min=0)]))

    def frames(self, latents):
        """-> hidden [B, 4 L, 3 bins + gains + 8 click bins] at 200 Hz."""
        batch, _, length = latents.shape
        x = self.slow(self.first(latents)).transpose(1, 2)                       # [B, L, slow]
        x = self.spread(x).reshape(batch, 4 * length, -1).transpose(1, 2)         # [B, fast, 4 L]
        return self.head(self.norm(self.fast(x).transpose(1, 2)))

    def noise(self, latents):
        """-> [B, 960 L], variance about 1/2, white as long as the latents move."""
        return torch.sin(latents.transpose(1, 2) @ self.hash_weight + self.hash_phase).reshape(latents.shape[0], -1)

    def gain(self, raw):
        """raw [B, 4 L, 8] -> factor [B, 960 L], linear between the centres in nepers."""
        g = (GAIN_LIMIT * torch.tanh(raw / GAIN_LIMIT)).reshape(raw.shape[0], -1)   # [B, N]
        before = torch.cat([g[:, :1], g[:, :-1]], 1)
        after = torch.cat([g[:, 1:], g[:, -1:]], 1)
        return torch.exp(torch.stack([before, g, after], -1) @ self.ramp).reshape(raw.shape[0], -1)

    def forward(self, latents):
        log_tone, phase, log_noise, raw_gain, clicks = self.frames(latents).split(
            [BINS, BINS, BINS, GAINS, 2 * CLICKS * CLICK_BINS], -1)
        tone = torch.exp(log_tone.clamp(max=6.0) - 1.0)
        hiss = torch.exp(log_noise.clamp(max=6.0) - 3.0)
        noise_re, noise_im = self.analyse(self.noise(latents))
        audio = self.synthesise(tone * torch.cos(phase) + hiss * noise_re, tone * torch.sin(phase) + hiss * noise_im, self.window)
        log_click, turn = clicks.reshape(clicks.shape[0], -1, 2 * CLICK_BINS).split([CLICK_BINS, CLICK_BINS], -1)
        click = torch.exp(log_click.clamp(max=6.0) - 6.0)
        audio = audio + self.synthesise(click * torch.cos(turn), click * torch.sin(turn), self.click_window)
        return audio * self.gain(raw_gain)

    def analyse(self, noise):
        """[B, S] -> re, im [B, S/240, bins], each about unit variance."""
        re, im = self.dft(windows_of(noise) * self.window)
        return re * (1 / 13.0), im * (1 / 13.0)

    def dft(self, framed):
        spectrum = torch.fft.rfft(framed)
        return spectrum.real, spectrum.imag

    def inverse_dft(self, re, im, n_fft):
        return torch.fft.irfft(torch.complex(re, im), n_fft)

    def synthesise(self, re, im, window):
        """[B, T, bins] twice -> [B, step T] by windowed overlap-add of four, step a quarter of the window."""
        n_fft = window.shape[0]
        step = n_fft // 4
        framed = self.inverse_dft(re, im, n_fft) * window * (n_fft / 64 / 1.5)
        quarters = framed.reshape(framed.shape[0], -1, 4, step)
        total = sum(F.pad(quarters[:, :, i], (0, 0, i, 3 - i)) for i in range(4))    # [B, T + 3, step]
        edge = (n_fft - step) // 2
        return total.reshape(framed.shape[0], -1)[:, edge:-edge]
