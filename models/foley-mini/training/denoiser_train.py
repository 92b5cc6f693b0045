"""Trains the denoiser on rendered scenes. Resumable: run the same command again.

  python denoiser_train.py --shared ../../../../shared --out work/denoiser --minutes 60 --device cuda --batch 64

Flow matching with sigma = sigmoid(N(0.9, 1.3)): most steps near noise, where the guide and the events have to say what
comes. Guide and target are different performances of the same events; 15 % have no guide, 10 % no condition.

It leaves denoiser.pt, averaged weights in 16 bits; resume.pt goes on from. The learning rate follows the clock, summed
over all runs, so that it ends at its lowest after --minutes however quick the machine is. Scenes may still be rendering:
new shards are taken in as they come.
"""
import argparse
import glob
import json
import os
import time

import numpy as np
import torch

from denoiser_model import Denoiser, target_of
from denoiser_scenes import FRAMES
from denoiser_sounds import load_cuts, load_texts

CROP, WHOLE_FROM = 240, 0.75       # latents; from that part of the time on scenes are seen whole
PEAK_RATE, WARM_STEPS = 1e-3, 200
SAVE_S, LOOK_S, TELL_S = 60, 30, 5


class Scenes:
    """Rendered shards on the device: latents f16 [N, PERFORMANCES, 64, 400], sync f16 [N, 400, 2], class i64 [N]."""

    def __init__(self, folder, names, device):
        self.folder, self.names, self.device, self.read, self.parts = folder, {n: i for i, n in enumerate(names)}, device, set(), []
        self.look()

    def look(self):
        """Takes in the shards that have come since."""
        for path in sorted(set(glob.glob(os.path.join(self.folder, "scenes_???.npz"))) - self.read):
            shard = np.load(path)
            classes = torch.tensor([self.names[n] for n in json.loads(str(shard["names"]))])
            part = (torch.from_numpy(shard["latents"]), torch.from_numpy(shard["sync"]).transpose(1, 2), classes)
            self.parts.append([x.to(self.device) for x in part])
            self.read.add(path)
        if len(self.parts) > 1:
            self.parts = [[torch.cat(x) for x in zip(*self.parts)]]
        if not self.parts:
            raise SystemExit(f"no scenes in {self.folder}: run denoiser_scenes.py first")

    def __len__(self):
        return len(self.parts[0][2])


def padded_texts(texts, names, device):
    """-> f32 [classes, most descriptions, 384], how many each has i64 [classes]."""
    counts = torch.tensor([len(texts[n]) for n in names])
    rows = torch.zeros(len(names), int(counts.max()), 384)
    for i, n in enumerate(names):
        rows[i, :len(texts[n])] = torch.tensor(texts[n])
    return rows.to(device), counts.to(device)


def make_batch(scenes, texts, generator, count, crop):
    """-> target [B, 64, L], guide [B, 64, L], sync [B, L, 2], text [B, 1, 384]."""
    (latents, sync, classes), (words, word_counts), device = scenes.parts[0], texts, scenes.device
    uniform = lambda *shape: torch.rand(shape, generator=generator, device=device)
    below = lambda limit: (uniform(count) * limit).long() % limit
    performances = latents.shape[1]
    i, first = below(len(latents)), below(performances)
    guide = torch.where(uniform(count) < 0.1, first, (first + 1 + below(performances - 1)) % performances)
    frames = below(FRAMES - crop + 1)[:, None] + torch.arange(crop, device=device)                      # [B, L]
    rows = torch.arange(latents.shape[2], device=device)[None, :, None]
    piece = lambda which: latents[i[:, None, None], which[:, None, None], rows, frames[:, None]].float()
    of = classes[i]
    between = uniform(count, 1) * (uniform(count, 1) < 0.5)                                             # two ways of saying it
    word = torch.lerp(words[of, below(word_counts[of])], words[of, below(word_counts[of])], between)
    all_there = uniform(count) > 0.1
    keep = [(all_there & (uniform(count) > share)).float()[:, None, None] for share in (0.15, 0.1, 0.1)]  # guide, word, events
    return piece(first), piece(guide) * keep[0], sync[i[:, None], frames].float() * keep[2], word[:, None] * keep[1]


class Learner:
    """The model in training, with its running average."""

    def __init__(self, device):
        torch.manual_seed(0)
        self.model = Denoiser().to(device)
        self.now = self.model.state_dict()                          # the living weights themselves
        self.average = {k: v.clone() for k, v in self.now.items()}
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=torch.device(device).type == "cuda")
        self.loss = torch.zeros((), device=device)                  # summed since it was last told

    def train(self, data, noise, sigma, guide, sync, text, rate, step):
        spread = torch.sqrt(sigma ** 2 + (1 - sigma) ** 2)
        x = ((1 - sigma) * data + sigma * noise) / spread
        cond = self.model.conditioning(sigma[:, 0, 0], text, guide)
        with torch.autocast(data.device.type, torch.bfloat16, enabled=data.device.type == "cuda"):
            made = self.model.network(x, cond, sync, guide)
        loss = (made.float() - target_of(data, noise, sigma)).square().mean()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.loss += loss.detach()
        torch._foreach_lerp_(list(self.average.values()), list(self.now.values()), 1 - min(0.999, (step + 1) / (step + 21)))

    def state(self):
        return {"model": self.model.state_dict(), "average": self.average, "optimiser": self.optimiser.state_dict()}

    def restore(self, saved):
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        for k, v in saved["average"].items():
            self.average[k].copy_(v)


def write(value, path):
    torch.save(value, path + ".part")
    os.replace(path + ".part", path)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--out", default="work/denoiser")
    args.add_argument("--minutes", type=float, default=60.0, help="over all runs")
    args.add_argument("--batch", type=int, default=6, help="in scenes of 8 s")
    args.add_argument("--device", default="cpu")
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()
    last = time.time()
    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision("high")
    classes, _ = load_cuts(args.shared, args.out)
    names = sorted(classes)
    texts, scenes = padded_texts(load_texts(classes, args.out), names, args.device), Scenes(args.out, names, args.device)
    learner, step, spent = Learner(args.device), 0, 0.0
    resume = os.path.join(args.out, "resume.pt")
    if os.path.exists(resume):
        saved = torch.load(resume, weights_only=True, map_location=args.device)
        step, spent = saved["step"], saved["spent"]
        learner.restore(saved["learner"])
    print(f"{sum(p.numel() for p in learner.model.parameters()) / 1e6:.2f} M, {len(scenes)} scenes, from step {step}", flush=True)

    def save():
        write({"step": step, "spent": spent, "learner": learner.state()}, resume)
        average = {k: v.half().cpu() for k, v in learner.average.items()}
        if all(v.isfinite().all() for v in average.values()):
            write({"average": average, "step": step}, os.path.join(args.out, "denoiser.pt"))

    saved_at = looked_at = told_at = time.time()
    told_step, generator = step, torch.Generator(args.device)
    while spent < args.minutes * 60:
        done = spent / (args.minutes * 60)
        crop = FRAMES if done > WHOLE_FROM else CROP
        count = args.batch * FRAMES // crop
        generator.manual_seed(step)
        data, guide, sync, text = make_batch(scenes, texts, generator, count, crop)
        normal = lambda *shape: torch.randn(shape, generator=generator, device=args.device)
        sigma = torch.sigmoid(0.9 + 1.3 * normal(count, 1, 1))
        sigma = torch.where(torch.rand(sigma.shape, generator=generator, device=args.device) < 0.05, torch.ones_like(sigma), sigma)
        noise = normal(*data.shape)
        rate = PEAK_RATE * min(1, (step + 1) / WARM_STEPS) * (0.01 + 0.99 * 0.5 * float(1 + np.cos(np.pi * done)))
        learner.train(data, noise, sigma, guide, sync, text, rate, step)
        step += 1
        now = time.time()
        spent, last = spent + now - last, now
        if now - told_at > TELL_S:
            loss = round(learner.loss.item() / (step - told_step), 4)
            print(json.dumps({"step": step, "loss": loss, "rate": round(rate, 6), "scenes": len(scenes), "seconds": round(spent)}), flush=True)
            learner.loss.zero_()
            told_at, told_step = now, step
        if now - looked_at > LOOK_S and done < WHOLE_FROM:
            scenes.look()
            looked_at = now
        if now - saved_at > SAVE_S:
            save()
            saved_at = now
    save()
    print(json.dumps({"step": step, "seconds": round(spent)}), flush=True)


if __name__ == "__main__":
    main()
