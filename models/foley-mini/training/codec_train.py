"""Trains the codec's decoder. Resumable: run the same command again with the same --minutes.

  python codec_train.py --shared ../../../../shared --out work/codec --minutes 300 --batch 5      (a core)
  python codec_train.py --shared ../../../../shared --out work/codec --minutes 8 --device cuda

The learning rate follows the clock over all runs. The encoder is the published one; `--encoder fit` makes a new one,
which takes a new denoiser.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch

import codec_features
from codec_crops import Crops
from codec_features import Encoder, fit_pca, published_encoder
from codec_losses import Distance
from codec_model import Decoder
from sounds_data import load_sounds

RATE, WARM_STEPS = 1e-3, 200
SAVE_EVERY_S = 60.0


class Learner:
    """A decoder, its optimiser and the running average of its weights."""

    def __init__(self, device):
        torch.manual_seed(0)
        self.decoder = Decoder().to(device)
        self.weights = list(self.decoder.parameters())
        self.average = [p.detach().clone() for p in self.weights]
        self.optimiser = torch.optim.AdamW(self.weights, lr=RATE, betas=(0.8, 0.98), weight_decay=0.01)

    def state(self):
        return {"decoder": self.decoder.state_dict(), "average": self.average, "optimiser": self.optimiser.state_dict()}

    def load(self, state):
        self.decoder.load_state_dict(state["decoder"])
        self.average = [a.to(p.device).clone() for a, p in zip(state["average"], self.weights)]
        self.optimiser.load_state_dict(state["optimiser"])

    def update(self, loss, rate, step):
        """One step; a gradient that is not finite is let go -> whether it was taken."""
        self.optimiser.zero_grad()
        loss.backward()
        taken = bool(torch.isfinite(torch.nn.utils.clip_grad_norm_(self.weights, 5.0)))
        if taken:
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - min(0.999, (step + 1) / (step + 21)))
        return taken

    def averaged(self):
        """-> state dict with the averaged weights, in 16 bits."""
        state = {name: value.detach().cpu() for name, value in self.decoder.state_dict().items()}
        state |= {name: value.cpu() for (name, _), value in zip(self.decoder.named_parameters(), self.average)}
        return {name: value.half() for name, value in state.items()}


def share_of(progress):
    """Of the learning rate: a cosine from 1 to 0.01."""
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def fit_encoder(crops, batch):
    rng, encoder, rows = np.random.default_rng(1), Encoder().to(crops.device), []
    for _ in range(1200 // batch + 1):
        rows.append(encoder.features(crops.batch(rng, batch)).reshape(-1, codec_features.FEATURE_DIM).cpu())
    encoder.mean, encoder.rotation, kept = fit_pca(torch.cat(rows))
    print(f"PCA keeps {kept:.4f}", flush=True)
    return encoder


def exact(encoder, audio):
    """Latents with all the bits of f32, whatever the trainer allows itself elsewhere."""
    torch.set_float32_matmul_precision("highest")
    latents = encoder(audio)
    torch.set_float32_matmul_precision("high")
    return latents


def write(path, saved):
    torch.save(saved, path + ".part")
    os.replace(path + ".part", path)


class Log:
    """Means of what was measured since the last line, without waiting for the device in between."""

    def __init__(self):
        self.sums, self.count, self.at = {}, 0, time.time()

    def add(self, **parts):
        self.count += 1
        for name, value in parts.items():
            self.sums.setdefault(name, []).append(value.detach())

    def line(self, **more):
        means = {name: round(float(torch.stack(values).mean()), 4) for name, values in self.sums.items()}
        print(json.dumps({**more, **means, "ms_a_step": round(1000 * (time.time() - self.at) / max(1, self.count), 1)}), flush=True)
        self.sums, self.count, self.at = {}, 0, time.time()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--out", default="work/codec")
    args.add_argument("--encoder", default="../encoder.onnx", help="a published encoder to keep, or fit")
    args.add_argument("--minutes", type=float, default=300.0, help="of all runs together, loading included")
    args.add_argument("--batch", type=int, default=32)
    args.add_argument("--device", default="cpu")
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()
    started = time.time()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    device, total = torch.device(args.device), args.minutes * 60
    sounds, pcm = load_sounds(args.shared, os.path.dirname(args.out.rstrip("/")))
    crops = Crops([s for s in sounds if not s.held_out], pcm, device)

    distance = Distance().to(device)
    learner = Learner(device)
    step, spent, path = 0, 0.0, os.path.join(args.out, "state.pt")
    if os.path.exists(path):
        saved = torch.load(path, weights_only=True, map_location="cpu")
        encoder = Encoder()
        encoder.load_state_dict(saved["encoder"])
        learner.load(saved["learner"])
        step, spent = saved["step"], saved["spent"]
    else:
        encoder = fit_encoder(crops, args.batch) if args.encoder == "fit" else published_encoder(args.encoder)
    encoder = encoder.to(device).requires_grad_(False)
    print(f"decoder {sum(p.numel() for p in learner.weights) / 1e6:.2f} M, from step {step}, {spent:.0f} s of {total:.0f} spent", flush=True)

    def save():
        held = {name: value.cpu() for name, value in encoder.state_dict().items()}
        told = {"encoder": held, "step": step}
        write(os.path.join(args.out, "codec.pt"), {**told, "decoder": learner.averaged()})
        write(path, {**told, "spent": spent, "learner": learner.state()})

    began, log, told_at, saved_at, lost = started - spent, Log(), time.time(), time.time(), 0
    while (spent := time.time() - began) < total:
        progress = spent / total
        rng = np.random.default_rng(10_000 + step)
        generator = torch.Generator(device).manual_seed(step)
        with torch.no_grad():
            real = crops.batch(rng, args.batch)
            latents = exact(encoder, real)
            loose = (torch.rand(args.batch, 1, 1, device=device, generator=generator) < 0.5) * 0.05    # a denoiser's are never quite exact
            latents = latents + torch.randn(latents.shape, device=device, generator=generator) * loose
        rate = RATE * min(1, (step + 1) / WARM_STEPS) * share_of(progress)
        loss, parts = distance(learner.decoder(latents), real)
        lost += not learner.update(loss, rate, step)
        log.add(**parts)
        step += 1
        if time.time() - told_at > 5:
            log.line(step=step, seconds=round(spent), rate=round(rate, 6), lost=lost)
            told_at = time.time()
        if time.time() - saved_at > SAVE_EVERY_S:
            save()
            saved_at = time.time()
    save()
    print(json.dumps({"done": step, "lost": lost}), flush=True)


if __name__ == "__main__":
    main()
