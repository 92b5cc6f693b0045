"""Train the sync net from nothing on synthetic clips (rendered when missing).

  python sync_train.py --out work/sync --name first --first-shards 54 --shards 76 --steps 1200 [--minutes M]
  python sync_fit.py work/sync/first.pt ../sync.onnx               # probability, threshold, export

Needs no real video. On one free core a clip takes about 0.06 s to render and a step 0.4 s. Resumes from OUT/NAME.pt when
that exists. The shipped graph is a state after 1,000 steps on 1,728 clips of fewer scenes, without kinds, its logit moved by
a constant 0.72; sync_refine.py goes on from a graph with what is cheap.
"""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import sync_eval
from sync_model import SyncNet
from sync_render import render_missing

SEEN = 56  # frames of a clip in one step: more different clips for the same arithmetic


def load(paths):
    """Training shards: frames u8 [N, 96, 64, 112], list of N event arrays [m, 6]."""
    frames, events = [], []
    for path in paths:
        z = np.load(path)
        frames.append(z["frames"])
        events += [z["events"][z["events"][:, 0] == i, 1:] for i in range(len(z["frames"]))]
    return [clip for shard in frames for clip in shard], events


def halved(x):
    """f32 [.., 64, 112] -> [.., 32, 56], means of four pixels: what the net sees."""
    return F.avg_pool2d(x, 2)


def resized(x, size, mode):
    """f32 [T, h, w] -> [T, *size]."""
    extra = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(torch.from_numpy(np.ascontiguousarray(x[:, None])), size, mode=mode, **extra)[:, 0].numpy()


def augment(rng, frames, ev, seen=SEEN):
    """A stretch of `seen` frames, mirrored, cropped, toned: u8 [T, 64, 112] -> f32 0..1 [seen, 64, 112], events moved along."""
    first = rng.integers(0, len(frames) - seen + 1)
    x, ev = frames[first:first + seen].astype(np.float32) / 255, ev.copy()
    ev[:, 0] -= first
    ev = ev[(ev[:, 0] > -2) & (ev[:, 0] < seen + 1)]
    if rng.random() < 0.5:
        x, ev[:, 2] = x[:, :, ::-1], -ev[:, 2]
    if rng.random() < 0.1:
        x, ev[:, 3] = x[:, ::-1], -ev[:, 3]
    if rng.random() < 0.35:  # part of the picture, enlarged
        s = rng.uniform(0.55, 0.95)
        h, w = int(64 * s), int(112 * s)
        y0, x0 = rng.integers(0, 65 - h), rng.integers(0, 113 - w)
        x = resized(x[:, y0:y0 + h, x0:x0 + w], (64, 112), "bilinear")
        ev[:, 2] = ((ev[:, 2] + 1) * 56 - x0) / w * 2 - 1
        ev[:, 3] = ((ev[:, 3] + 1) * 32 - y0) / h * 2 - 1
        ev[:, 4] *= (np.abs(ev[:, 2]) < 1.0) & (np.abs(ev[:, 3]) < 1.0)
    elif rng.random() < 0.12:  # a letter-boxed or far smaller picture
        s = rng.uniform(0.5, 0.9)
        h, w = int(64 * s), int(112 * s)
        y0, x0 = (64 - h) // 2, rng.integers(0, 113 - w)
        small = resized(x, (h, w), "area")
        x = np.full_like(x, rng.uniform(0, 0.3))
        x[:, y0:y0 + h, x0:x0 + w] = small
        ev[:, 2] = ((ev[:, 2] + 1) / 2 * w + x0) / 56 - 1
        ev[:, 3] = ((ev[:, 3] + 1) / 2 * h + y0) / 32 - 1
    if rng.random() < 0.15:
        x = 1 - x
    if rng.random() < 0.6:
        x = np.clip((x - 0.5) * math.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.06), 0, 1)
    return np.ascontiguousarray(x, np.float32), ev


def targets(ev, t):
    """Gaussian onset curve [T], weight [T], intensity [T], place [T, 2], kind [T] and where they hold [T]. Sigma 0.7 frame."""
    kind = np.zeros(t, np.int64)
    y, w, hard, xy, at = np.zeros(t, np.float32), np.ones(t, np.float32), np.zeros(t, np.float32), np.zeros((t, 2), np.float32), np.zeros(t, np.float32)
    grid = np.arange(t)
    for f, inten, px, py, counts, what in ev:
        g = np.exp(-0.5 * ((grid - f) / 0.7) ** 2)
        if counts:
            new = g > np.maximum(y, 0.2)
            hard[new], xy[new], kind[new], at[new] = inten, (px, py), what, g[new]
            y = np.maximum(y, g)
        else:
            w[g > 0.02] = 0
    w[y > 0.05] = 1
    return y, w * (1 + 2 * y), hard, xy, kind, at


def losses(net, cells, y, w, hard, xy, kind, at):
    """Of the net's outputs by cell (net.read): BCE on the onset curve, smooth L1 on intensity, cross-entropy of the right cell and of the kind where there is an event."""
    onset, hardness, what = cells
    logit, share = net.pool(onset)
    bce = (F.binary_cross_entropy_with_logits(logit, y, reduction="none") * w).mean()
    there = at.sum() + 1
    inten = (F.smooth_l1_loss(torch.sigmoid((share * hardness).sum(2)), hard, reduction="none", beta=0.1) * at).sum() / there
    d2 = ((xy[:, :, None] - net.where) * torch.tensor([3.5, 2.0])).pow(2).sum(3)  # [B, T, 28] squared distance in cells
    near = torch.softmax(-d2 / 0.8, 2)
    place = (-(near * torch.log_softmax(onset, 2)).sum(2) * at).sum() / there
    sort = (F.cross_entropy((share[..., None] * what).sum(2).transpose(1, 2), kind, reduction="none") * at).sum() / there
    return bce, inten, place, sort


def export(net, path):
    """Write the ONNX graph (opset 17, dynamic T) and compare it with PyTorch."""
    net.eval()
    torch.onnx.export(net, torch.rand(1, 24, 32, 56), str(path), opset_version=17, input_names=["frames"], output_names=["events", "kinds"],
                      dynamic_axes={"frames": {1: "T"}, "events": {1: "T"}, "kinds": {1: "T"}}, dynamo=False)
    predict = sync_eval.onnx_predict(path)
    for t in (1, 2, 5, 10, 77):
        x = torch.rand(1, t, 64, 112)
        with torch.no_grad():
            diff = max(np.abs(a - b[0].numpy()).max() for a, b in zip(predict(x.numpy()), net(halved(x))))
        assert diff < 1e-4, (t, diff)


def train(a):
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    out = Path(a.out)
    shards = render_missing(out / "clips", a.shards)  # the rest is rendered while training, one every 60 steps
    ready = [path for _, path in zip(range(a.first_shards), shards)]
    frames, events = load(ready)
    widths = tuple(int(v) for v in a.widths.split(","))
    net, state = SyncNet(widths), out / f"{a.name}.pt"
    ema = SyncNet(widths)
    ema.load_state_dict(net.state_dict())
    own = [p for name, p in net.named_parameters() if not name.startswith("kind")]
    opt = torch.optim.AdamW([{"params": [p for p in own if p.ndim > 1], "weight_decay": 0.01, "pace": 1}, {"params": [p for p in own if p.ndim <= 1], "weight_decay": 0, "pace": 1},
                             {"params": net.kind.parameters(), "weight_decay": 0.01, "pace": 4}], lr=a.lr)
    step = 0
    if state.exists():
        s = torch.load(state, weights_only=False)
        net.load_state_dict(s["net"]), ema.load_state_dict(s["ema"]), opt.load_state_dict(s["opt"])
        step = s["step"]
    print(f"{len(frames)} clips, {sum(p.numel() for p in net.parameters())} parameters, from step {step}", flush=True)
    t0, sums = time.time(), np.zeros(4)
    while step < a.steps:
        done = max(step / a.steps, (time.time() - t0) / 60 / a.minutes)  # of the schedule
        while len(ready) < min(a.shards, a.first_shards + step // 20):
            ready.append(next(shards))
            f, e = load(ready[-1:])
            frames, events = frames + f, events + e
        rng = np.random.default_rng([a.seed, step])
        lr = a.lr * (min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * min(1, done))) + 0.005)
        for group in opt.param_groups:
            group["lr"] = lr * group["pace"]
        xs, ts = [], []
        for i in rng.integers(0, len(frames), a.batch):
            x, ev = augment(rng, frames[i], events[i])
            xs.append(x), ts.append(targets(ev, SEEN))
        x = halved(torch.from_numpy(np.stack(xs)))
        y, w, hard, xy, kind, at = (torch.from_numpy(np.stack(c)) for c in zip(*ts))
        net.train()
        bce, inten, place, sort = losses(net, net.read(net.trunk(x)), y, w, hard, xy, kind, at)
        opt.zero_grad()
        (bce + 0.3 * inten + a.place * place + 0.1 * sort).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        step += 1
        sums += [bce.item(), inten.item(), place.item(), sort.item()]
        with torch.no_grad():
            k = min(0.995, step / (step + 20))
            for p, q in zip(ema.state_dict().values(), net.state_dict().values()):
                p.lerp_(q, 1 - k) if p.is_floating_point() else p.copy_(q)
        if step % 50 == 0:
            print(f"{step} loss {' '.join(f'{v / 50:.4f}' for v in sums)} lr {lr:.5f} {time.time() - t0:.0f}s", flush=True)
            sums[:] = 0
        if step % a.every == 0 or step == a.steps or done >= 1:
            torch.save({"net": net.state_dict(), "ema": ema.state_dict(), "opt": opt.state_dict(), "step": step, "widths": widths}, state)
            if done >= 1:
                break


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="work/sync")
    p.add_argument("--name", default="net")
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
    p.add_argument("--threads", type=int, default=1)
    train(p.parse_args())
