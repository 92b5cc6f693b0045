"""The denoiser: noisy latents, the latents of a performance (the guide), when things happen, what they are -> velocity.

Two latent frames make one token (25 Hz). Blocks of depthwise convolution, attention without positions (one
sound's tone colour, wherever it occurs) and an MLP, all modulated by noise level and text (adaLN, DiT:
arXiv 2212.09748). The network sees x / s and predicts F; velocity = x (2 sigma - 1) / s^2 + F / s with
s^2 = sigma^2 + (1 - sigma)^2, so that what it has to produce has unit variance at every noise level.

Text: rows of zeros do not count, so a batch may be padded with them; the mean over the other rows is what is used.
No guide = zeros, no text = zeros, no sync = zeros.
"""
import math

import torch
import torch.nn.functional as F

LATENT_DIM, TEXT_DIM = 64, 384
DIM, HEADS, WIDE, COND = 256, 4, 768, 128
ATTENDS = (False, True, False, True, False, True, False)


def modulate(x, shift, scale):
    return x * (1 + scale) + shift


class Block(torch.nn.Module):
    """[B, T, 256], cond [B, 128] -> [B, T, 256]."""

    def __init__(self, attends):
        super().__init__()
        self.near = torch.nn.Conv1d(DIM, DIM, 5, padding=2, groups=DIM)
        self.norm = torch.nn.LayerNorm(DIM, elementwise_affine=False)
        self.up = torch.nn.Linear(DIM, WIDE)
        self.down = torch.nn.Linear(WIDE, DIM)
        self.attends = attends
        if attends:
            self.qkv = torch.nn.Linear(DIM, 3 * DIM)
            self.out = torch.nn.Linear(DIM, DIM)
        self.cond = torch.nn.Linear(COND, DIM * (6 if attends else 3))
        torch.nn.init.zeros_(self.cond.weight)
        torch.nn.init.zeros_(self.cond.bias)

    def attend(self, x):
        batch, count, _ = x.shape
        q, k, v = self.qkv(x).reshape(batch, -1, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)   # [B, H, T, 64] each
        weights = torch.softmax(q @ k.transpose(-1, -2) * (DIM // HEADS) ** -0.5, -1)
        return self.out((weights @ v).transpose(1, 2).reshape(batch, -1, DIM))

    def forward(self, x, cond):
        parts = self.cond(cond)[:, None].chunk(6 if self.attends else 3, -1)
        x = x + self.near(x.transpose(1, 2)).transpose(1, 2)
        if self.attends:
            x = x + parts[5] * self.attend(modulate(self.norm(x), parts[3], parts[4]))
        return x + parts[2] * self.down(F.gelu(self.up(modulate(self.norm(x), parts[0], parts[1])), approximate="tanh"))


class Denoiser(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2 * (2 * LATENT_DIM + 2), DIM)
        self.level = torch.nn.Sequential(torch.nn.Linear(128, DIM), torch.nn.SiLU(), torch.nn.Linear(DIM, COND))
        self.word = torch.nn.Sequential(torch.nn.Linear(TEXT_DIM, DIM), torch.nn.SiLU(), torch.nn.Linear(DIM, COND))
        self.guided = torch.nn.Parameter(torch.randn(COND) * 0.02)
        self.direct = torch.nn.Linear(COND, 2 * LATENT_DIM)       # how much of input and guide goes straight through
        self.blocks = torch.nn.ModuleList([Block(a) for a in ATTENDS])
        self.norm = torch.nn.LayerNorm(DIM, elementwise_affine=False)
        self.shape = torch.nn.Linear(COND, 2 * DIM)
        self.last = torch.nn.Linear(DIM, 2 * LATENT_DIM)
        for layer in (self.direct, self.shape, self.last):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        for block in self.blocks:                                 # blocks start open a little: few steps to learn in
            with torch.no_grad():
                block.cond.bias[2 * DIM:3 * DIM] = 0.3
                if block.attends:
                    block.cond.bias[5 * DIM:] = 0.3
        self.register_buffer("rates", torch.exp(-math.log(1000.0) * torch.arange(64) / 63) * 100.0, persistent=False)

    def conditioning(self, timestep, text, guide):
        """-> [B, 128]."""
        turns = timestep[:, None] * self.rates
        level = self.level(torch.cat([torch.cos(turns), torch.sin(turns)], -1))
        rows = (text.abs().amax(-1) > 0).float().sum(1, keepdim=True)               # [B, 1]
        mean = text.sum(1) / rows.clamp(min=1)
        word = self.word(mean * 20 / mean.norm(dim=-1, keepdim=True).clamp(min=1e-3))
        has_guide = (guide.abs().amax((1, 2)) > 0).float()[:, None]
        return F.silu(level + word + has_guide * self.guided)

    def network(self, x, cond, sync, guide):
        """x [B, 64, L] of unit variance, cond [B, 128] -> F [B, 64, L]."""
        rows = torch.cat([x.transpose(1, 2), guide.transpose(1, 2), sync], -1)       # [B, L, 130]
        length = rows.shape[1]
        even = torch.cat([rows, torch.zeros_like(rows[:, :1])], 1)[:, :(length + 1) // 2 * 2]
        h = self.first(even.reshape(rows.shape[0], -1, 2 * rows.shape[2])).float()   # [B, T, 256]; summed in 32 bits
        for block in self.blocks:
            h = block(h, cond)
        shift, scale = self.shape(cond)[:, None].chunk(2, -1)
        out = self.last(modulate(self.norm(h), shift, scale)).reshape(rows.shape[0], -1, LATENT_DIM)[:, :length]
        keep_x, keep_guide = self.direct(cond)[:, :, None].chunk(2, 1)               # [B, 64, 1]
        return out.transpose(1, 2) + keep_x * x + keep_guide * guide

    def forward(self, latents, timestep, text, sync, guide):
        sigma = timestep[:, None, None]
        power = sigma ** 2 + (1 - sigma) ** 2
        spread = torch.sqrt(power)
        cond = self.conditioning(timestep, text, guide)
        return latents * (2 * sigma - 1) / power + self.network(latents / spread, cond, sync, guide) / spread


def target_of(data, noise, sigma):
    """What the network has to predict, of unit variance: F = ((1 - sigma) noise - sigma data) / s."""
    return ((1 - sigma) * noise - sigma * data) / torch.sqrt(sigma ** 2 + (1 - sigma) ** 2)


def generate(model, text, sync, guide, start=1.0, steps=8, guidance=2.0, seed=0, follows=True):
    """Euler from sigma `start` down to 0, each of B scenes beside its all-null twin -> latents [B, 64, L].
    Below start 1 the guide's own latents are where it starts, and of `steps` only the share that is left is taken, as
    the product does. Without `follows` the model is not shown the guide."""
    noise = torch.randn(guide.shape, generator=torch.Generator().manual_seed(seed))
    x = noise if start >= 1 else (1 - start) * guide + start * noise
    nothing = torch.zeros_like(guide)
    texts, syncs = torch.cat([text, torch.zeros_like(text)]), torch.cat([sync, torch.zeros_like(sync)])
    guides = torch.cat([guide if follows else nothing, nothing])
    sigmas = torch.linspace(start, 0, max(1, round(steps * start)) + 1)
    for now, then in zip(sigmas[:-1], sigmas[1:]):
        positive, negative = model(torch.cat([x, x]), now.expand(2 * len(x)), texts, syncs, guides).chunk(2)
        x = x + (then - now) * (negative + guidance * (positive - negative))
    return x
