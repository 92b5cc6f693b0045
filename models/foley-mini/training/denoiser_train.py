"""Trains the denoiser on rendered scenes. Resumable: run the same command again.

  python denoiser_train.py --shared ../../../../shared --out work/denoiser --minutes 60

Flow matching with sigma = sigmoid(N(1.1, 1.2)): most steps near noise, where the guide and the events have to say
what comes. Guide and target are different performances of the same events; 15 % have no guide, 10 % no condition.
"""
import argparse
import glob
import json
import os
import time

import numpy as np
import torch

from denoiser_model import Denoiser, target_of
from denoiser_scenes import PERFORMANCES
from denoiser_sounds import load_cuts, load_texts

BATCH, CROP = 10, 160       # 10 x 3.2 s
LONG_BATCH = 4              # the last fifth: 4 x 8 s
PEAK_RATE = 1e-3


def load_scenes(folder):
    """-> latents f16 [N, PERFORMANCES, 64, 400], sync f16 [N, 2, 400], names [N]."""
    latents, sync, names = [], [], []
    for path in sorted(glob.glob(os.path.join(folder, "scenes_???.npz"))):
        shard = np.load(path)
        latents.append(shard["latents"])
        sync.append(shard["sync"])
        names += json.loads(str(shard["names"]))
    return np.concatenate(latents), np.concatenate(sync), names


def make_batch(scenes, texts, rng, count, crop):
    """-> target [B, 64, L], guide [B, 64, L], sync [B, L, 2], text [B, 1, 384]."""
    latents, sync, names = scenes
    out = []
    for _ in range(count):
        i = int(rng.integers(len(names)))
        at = int(rng.integers(0, latents.shape[-1] - crop + 1))
        target, guide = rng.permutation(PERFORMANCES)[:2]
        if rng.random() < 0.1:
            guide = target
        piece = latents[i, :, :, at:at + crop].astype(np.float32)
        events = sync[i, :, at:at + crop].T.astype(np.float32)
        words = texts[names[i]]
        word = words[rng.integers(len(words))][None]
        guide = piece[guide].copy()
        drop = rng.random(4)
        if drop[0] < 0.15:
            guide[:] = 0
        if drop[1] < 0.1:
            word = np.zeros_like(word)
        if drop[2] < 0.1:
            events = np.zeros_like(events)
        if drop[3] < 0.1:
            guide, word, events = np.zeros_like(guide), np.zeros_like(word), np.zeros_like(events)
        out.append((piece[target], guide, events, word))
    return [torch.tensor(np.stack(x)) for x in zip(*out)]


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--out", default="work/denoiser")
    args.add_argument("--minutes", type=float, default=60.0, help="of this run")
    args.add_argument("--steps", type=int, default=2200, help="length of the learning-rate schedule over all runs")
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()
    torch.set_num_threads(args.threads)
    classes, _ = load_cuts(args.shared, args.out)
    texts, scenes = load_texts(classes, args.out), load_scenes(args.out)

    path = os.path.join(args.out, "denoiser.pt")
    torch.manual_seed(0)
    model = Denoiser()
    average = {k: v.clone() for k, v in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    step = 0
    if os.path.exists(path):
        saved = torch.load(path, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step = saved["average"], saved["step"]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M, {len(scenes[2])} scenes, from step {step}", flush=True)

    def save():
        torch.save({"model": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(), "step": step}, path + ".part")
        os.replace(path + ".part", path)

    began, losses = time.time(), []
    while step < args.steps and time.time() - began < args.minutes * 60:
        rng, generator = np.random.default_rng([3, step]), torch.Generator().manual_seed(step)
        long = step > 0.8 * args.steps
        data, guide, sync, text = make_batch(scenes, texts, rng, LONG_BATCH if long else BATCH, 400 if long else CROP)
        sigma = torch.sigmoid(1.1 + 1.2 * torch.randn(len(data), 1, 1, generator=generator))
        sigma = torch.where(torch.rand(sigma.shape, generator=generator) < 0.05, torch.ones_like(sigma), sigma)
        noise = torch.randn(data.shape, generator=generator)
        x = (1 - sigma) * data + sigma * noise
        spread = torch.sqrt(sigma ** 2 + (1 - sigma) ** 2)
        loss = (model.network(x / spread, sigma[:, 0, 0], text, sync, guide) - target_of(data, noise, sigma)).square().mean()
        rate = PEAK_RATE * min(1, (step + 1) / 100) * (0.05 + 0.95 * 0.5 * float(1 + np.cos(np.pi * step / args.steps)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(0.998, step / (step + 20))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        losses.append(loss.item())
        if step % 50 == 0:
            print(json.dumps({"step": step, "loss": round(float(np.mean(losses)), 4), "seconds": round(time.time() - began)}), flush=True)
            losses = []
        if step % 200 == 0:
            save()
    save()


if __name__ == "__main__":
    main()
