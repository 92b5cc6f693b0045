"""Train the sync net on synthetic clips (rendered when missing) and export it.

  python sync_train.py --out work/sync --name first --first-shards 27 --shards 60 --steps 1200 [--minutes M] [--shared ../../../../shared]
  python sync_render.py --held-out --shards 3
  python sync_export.py work/sync/first.pt ../sync.onnx 0.72
  python sync_eval.py --model ../sync.onnx --report reports/sync.json

Needs no real video; with --shared it only prints scores on the development clips now and then. On one free core a clip
takes about 0.12 s to render and a step 0.65 s. Resumes from OUT/NAME.pt when that exists. The shipped net is the state
after 1,000 of 1,200 steps, from 1,728 clips of the scenes as they stood before white water, textured roads and bodies
were added; 1,200 and 420 further steps on more and newer clips did not raise the score on real clips (reports/sync.json).
"""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import sync_clips
import sync_eval
from sync_model import SyncNet
from sync_render import T, render_missing


def load(paths):
    """Training shards: frames u8 [N, 96, 32, 56], list of N event arrays [m, 5]."""
    frames, events = [], []
    for path in paths:
        z = np.load(path)
        frames.append(z["frames"])
        events += [z["events"][z["events"][:, 0] == i, 1:] for i in range(len(z["frames"]))]
    return np.concatenate(frames), events


def augment(rng, frames, ev):
    """Mirror, crop, tone, drop every second frame; u8 [T, 32, 56] -> f32 0..1 of the same length, events moved along."""
    x, ev = frames.astype(np.float32) / 255, ev.copy()
    if rng.random() < 0.5:
        x, ev[:, 2] = x[:, :, ::-1], -ev[:, 2]
    if rng.random() < 0.1:
        x, ev[:, 3] = x[:, ::-1], -ev[:, 3]
    if rng.random() < 0.35:  # part of the picture, enlarged
        s = rng.uniform(0.55, 0.95)
        h, w = int(32 * s), int(56 * s)
        y0, x0 = rng.integers(0, 33 - h), rng.integers(0, 57 - w)
        x = F.interpolate(torch.from_numpy(np.ascontiguousarray(x[:, None, y0:y0 + h, x0:x0 + w])), (32, 56), mode="bilinear")[:, 0].numpy()
        ev[:, 2] = ((ev[:, 2] + 1) * 28 - x0) / w * 2 - 1
        ev[:, 3] = ((ev[:, 3] + 1) * 16 - y0) / h * 2 - 1
        ev[:, 4] *= (np.abs(ev[:, 2]) < 1.0) & (np.abs(ev[:, 3]) < 1.0)
    elif rng.random() < 0.12:  # a letter-boxed or far smaller picture
        s = rng.uniform(0.5, 0.9)
        h, w = int(32 * s), int(56 * s)
        y0, x0 = (32 - h) // 2, rng.integers(0, 57 - w)
        small = F.interpolate(torch.from_numpy(np.ascontiguousarray(x[:, None])), (h, w), mode="area")[:, 0].numpy()
        x = np.full_like(x, rng.uniform(0, 0.3))
        x[:, y0:y0 + h, x0:x0 + w] = small
        ev[:, 2] = ((ev[:, 2] + 1) / 2 * w + x0) / 28 - 1
        ev[:, 3] = ((ev[:, 3] + 1) / 2 * h + y0) / 16 - 1
    if rng.random() < 0.15:
        x = 1 - x
    if rng.random() < 0.6:
        x = np.clip((x - 0.5) * math.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.06), 0, 1)
    return np.ascontiguousarray(x), ev


def targets(ev, t):
    """Gaussian onset curve [T], weight [T], intensity [T], place [T, 2] and where they hold [T]. Sigma 0.7 frame."""
    y, w, hard, xy, at = np.zeros(t, np.float32), np.ones(t, np.float32), np.zeros(t, np.float32), np.zeros((t, 2), np.float32), np.zeros(t, np.float32)
    grid = np.arange(t)
    for f, inten, px, py, counts in ev:
        g = np.exp(-0.5 * ((grid - f) / 0.7) ** 2)
        if counts:
            new = g > np.maximum(y, 0.2)
            hard[new], xy[new], at[new] = inten, (px, py), g[new]
            y = np.maximum(y, g)
        else:
            w[g > 0.02] = 0
    w[y > 0.05] = 1
    return y, w * (1 + 2 * y), hard, xy, at


def losses(net, x, y, w, hard, xy, at):
    """BCE on the onset curve, smooth L1 on intensity, and the share of the right cell (cross-entropy) where there is an event."""
    onset, hardness = net.cells(x)
    logit, share = net.pool(onset)
    bce = (F.binary_cross_entropy_with_logits(logit, y, reduction="none") * w).mean()
    inten = (F.smooth_l1_loss(torch.sigmoid((share * hardness).sum(2)), hard, reduction="none", beta=0.1) * at).sum() / (at.sum() + 1)
    d2 = ((xy[:, :, None] - net.where) * torch.tensor([3.5, 2.0])).pow(2).sum(3)  # [B, T, 28] squared distance in cells
    near = torch.softmax(-d2 / 0.8, 2)
    place = (-(near * torch.log_softmax(onset, 2)).sum(2) * at).sum() / (at.sum() + 1)
    return bce, inten, place


def export(net, path):
    """Write the ONNX graph (opset 17, dynamic T) and compare it with PyTorch."""
    net.eval()
    torch.onnx.export(net, torch.rand(1, 24, 32, 56), str(path), opset_version=17, input_names=["frames"], output_names=["events"],
                      dynamic_axes={"frames": {1: "T"}, "events": {1: "T"}}, dynamo=False)
    predict = sync_eval.onnx_predict(path)
    for t in (1, 2, 5, 10, 77):
        x = torch.rand(1, t, 32, 56)
        with torch.no_grad():
            diff = np.abs(predict(x.numpy()) - net(x)[0].numpy()).max()
        assert diff < 1e-4, (t, diff)


def train(a):
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    out = Path(a.out)
    shards = render_missing(out / "clips", a.shards, 64)  # the rest is rendered while training, one every 60 steps
    ready = [path for _, path in zip(range(a.first_shards), shards)]
    frames, events = load(ready)
    widths = tuple(int(v) for v in a.widths.split(","))
    net, state = SyncNet(widths), out / f"{a.name}.pt"
    ema = SyncNet(widths)
    ema.load_state_dict(net.state_dict())
    decay, plain = [p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim <= 1]
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0}], lr=a.lr)
    step = 0
    if state.exists():
        s = torch.load(state, weights_only=False)
        net.load_state_dict(s["net"]), ema.load_state_dict(s["ema"]), opt.load_state_dict(s["opt"])
        step = s["step"]
    elif a.start:
        s = torch.load(a.start, weights_only=False)
        net.load_state_dict(s["ema"]), ema.load_state_dict(s["ema"])
    print(f"{len(frames)} clips, {sum(p.numel() for p in net.parameters())} parameters, from step {step}", flush=True)
    dev = (sync_clips.load(a.shared, out / "dev"), sync_clips.labels(a.shared)) if a.shared else None
    t0, sums = time.time(), np.zeros(3)
    while step < a.steps:
        done = max(step / a.steps, (time.time() - t0) / 60 / a.minutes)  # of the schedule
        while len(ready) < min(a.shards, a.first_shards + step // 60):
            ready.append(next(shards))
            f, e = load(ready[-1:])
            frames, events = np.concatenate([frames, f]), events + e
        rng = np.random.default_rng([a.seed, step])
        lr = a.lr * (min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * min(1, done))) + 0.005)
        for group in opt.param_groups:
            group["lr"] = lr
        xs, ts = [], []
        for i in rng.integers(0, len(frames), a.batch):
            x, ev = augment(rng, frames[i], events[i])
            xs.append(x), ts.append(targets(ev, T))
        x = torch.from_numpy(np.stack(xs))
        y, w, hard, xy, at = (torch.from_numpy(np.stack(c)) for c in zip(*ts))
        net.train()
        bce, inten, place = losses(net, x, y, w, hard, xy, at)
        opt.zero_grad()
        (bce + 0.3 * inten + a.place * place).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        step += 1
        sums += [bce.item(), inten.item(), place.item()]
        with torch.no_grad():
            k = min(0.995, step / (step + 20))
            for p, q in zip(ema.state_dict().values(), net.state_dict().values()):
                p.lerp_(q, 1 - k) if p.is_floating_point() else p.copy_(q)
        if step % 50 == 0:
            print(f"{step} loss {sums[0] / 50:.4f} {sums[1] / 50:.4f} {sums[2] / 50:.4f} lr {lr:.5f} {time.time() - t0:.0f}s", flush=True)
            sums[:] = 0
        if step % a.every == 0 or step == a.steps or done >= 1:
            torch.save({"net": net.state_dict(), "ema": ema.state_dict(), "opt": opt.state_dict(), "step": step, "widths": widths}, state)
            if dev:
                ema.eval()
                with torch.no_grad():
                    print(f"{step} dev", sync_eval.line(sync_eval.score(*dev, lambda f: ema(torch.from_numpy(f))[0].numpy())), flush=True)
            if done >= 1:
                break
    export(ema, a.export or out / f"{a.name}.onnx")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="work/sync")
    p.add_argument("--name", default="net")
    p.add_argument("--export")
    p.add_argument("--start", help="begin from the averaged weights of this .pt")
    p.add_argument("--shards", type=int, default=60)
    p.add_argument("--first-shards", type=int, default=8)
    p.add_argument("--steps", type=int, default=2500)
    p.add_argument("--minutes", type=float, default=1e9, help="end the schedule after this time, whatever the step")
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--place", type=float, default=0.1)
    p.add_argument("--widths", default="16,32,48,64")
    p.add_argument("--every", type=int, default=250)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--shared", help="folder of development clips, to print scores on the way")
    train(p.parse_args())
