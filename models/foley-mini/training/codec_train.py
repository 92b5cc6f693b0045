"""Trains the codec: fits the PCA once, then the decoder. Resumable: run the same command again.

  python codec_train.py --shared ../../../../shared --out work/codec --minutes 60
"""
import argparse
import json
import os
import time

import numpy as np
import torch

import codec_features
from codec_features import HOP, Encoder, fit_pca
from codec_losses import SpectralLoss, envelope_loss
from codec_model import Decoder
from sounds_data import load_sounds, samples_of, vary

CROP = 48 * HOP             # 0.96 s
BATCH = 5


def one_sound(sounds, weights, pcm, rng):
    """A crop of one sound, often with its attack, at a level as performances have it -> f32 [CROP]."""
    sound = sounds[rng.choice(len(sounds), p=weights)]
    samples = samples_of(sound, pcm)
    if rng.random() < 0.5:
        samples = vary(np.concatenate([samples, np.zeros(2400, np.float32)]), rng)
    before = int(rng.integers(0, CROP * 3 // 4))
    if rng.random() < 0.35 and len(samples) > CROP // 2:
        before = -int(rng.integers(0, len(samples) - CROP // 3))
    crop = np.zeros(CROP, np.float32)
    piece = samples[max(0, -before):][:CROP - max(0, before)]
    crop[max(0, before):max(0, before) + len(piece)] = piece
    peak = np.abs(crop).max() + 1e-4
    return crop * min(10 ** (rng.uniform(-16, 4) / 20), 0.99 / peak)


def training_crop(sounds, weights, pcm, rng):
    crop = one_sound(sounds, weights, pcm, rng)
    while rng.random() < 0.25:                       # sounds on top of each other
        crop = crop + one_sound(sounds, weights, pcm, rng)
    return np.clip(crop, -1, 1)


def choose_weights(sounds):
    """Files are drawn in proportion to the square root of their class's share, so that big classes do not rule."""
    names = [s.name for s in sounds]
    counts = {n: names.count(n) for n in set(names)}
    w = np.array([counts[s.name] ** -0.5 * min(1.5, 0.5 + s.sample_count / 96_000) for s in sounds])
    return w / w.sum()


def fit_encoder(sounds, weights, pcm):
    rng, encoder, rows = np.random.default_rng(1), Encoder(), []
    for _ in range(240):
        audio = torch.tensor(np.stack([training_crop(sounds, weights, pcm, rng) for _ in range(BATCH)]), dtype=torch.float32)
        rows.append(encoder.features(audio).reshape(-1, codec_features.FEATURE_DIM))
    encoder.mean, encoder.rotation, kept = fit_pca(torch.cat(rows))
    return encoder, kept


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--out", default="work/codec")
    args.add_argument("--minutes", type=float, default=60.0, help="of this run")
    args.add_argument("--steps", type=int, default=2700, help="length of the learning-rate schedule over all runs")
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    sounds, pcm = load_sounds(args.shared, os.path.dirname(args.out.rstrip("/")))
    sounds = [s for s in sounds if not s.held_out]
    weights = choose_weights(sounds)

    path = os.path.join(args.out, "codec.pt")
    torch.manual_seed(0)
    decoder, loss_of = Decoder(), SpectralLoss()
    average = {k: v.clone() for k, v in decoder.state_dict().items()}
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=1e-3, betas=(0.8, 0.98), weight_decay=0.01)
    step = 0
    if os.path.exists(path):
        saved = torch.load(path, weights_only=True)
        encoder = Encoder()
        encoder.load_state_dict(saved["encoder"])
        decoder.load_state_dict(saved["decoder"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, kept = saved["average"], saved["step"], saved["kept"]
    else:
        encoder, kept = fit_encoder(sounds, weights, pcm)
    print(f"decoder {sum(p.numel() for p in decoder.parameters()) / 1e6:.2f} M, PCA keeps {kept:.4f}, from step {step}", flush=True)

    def save():
        torch.save({"encoder": encoder.state_dict(), "decoder": decoder.state_dict(), "average": average,
                    "optimiser": optimiser.state_dict(), "step": step, "kept": kept}, path + ".part")
        os.replace(path + ".part", path)

    began, sums = time.time(), []
    while step < args.steps and time.time() - began < args.minutes * 60:
        rng = np.random.default_rng(10_000 + step)
        real = torch.tensor(np.stack([training_crop(sounds, weights, pcm, rng) for _ in range(BATCH)]), dtype=torch.float32)
        with torch.no_grad():
            latents = encoder(real)
            if rng.random() < 0.5:                   # latents from a denoiser are never quite exact
                latents = latents + torch.randn(latents.shape, generator=torch.Generator().manual_seed(step)) * 0.05
        made = decoder(latents)
        spectral, envelope = loss_of(made, real), envelope_loss(made, real)
        rate = float(1e-3 * min(1, (step + 1) / 100) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * step / args.steps))))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        (spectral + 0.3 * envelope).backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 5.0)
        optimiser.step()
        step += 1
        keep = min(0.998, step / (step + 20))
        with torch.no_grad():
            for name, value in decoder.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        sums.append((spectral.item(), envelope.item()))
        if step % 50 == 0:
            print(json.dumps({"step": step, "spectral": round(float(np.mean([s for s, _ in sums])), 4),
                              "envelope": round(float(np.mean([e for _, e in sums])), 4),
                              "seconds": round(time.time() - began)}), flush=True)
            sums = []
        if step % 200 == 0:
            save()
    save()


if __name__ == "__main__":
    main()
