"""Train what follows the trunk of the sync net (time, onset, intensity, place, kind) on many more clips than the whole could see.

  python sync_refine.py ../sync.onnx --out work/sync --name refined --shards 76 --minutes 28

The trunk, three quarters of the arithmetic, stays as the graph has it: its output on every clip (augmented once) is kept in
OUT/trunk, so that a step costs a fifth. Batch 8, AdamW 1.5e-3 with a cosine over the minutes, averaged weights.
"""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch

import sync_train
import sync_warm
from sync_model import SyncNet
from sync_render import T, render_missing


def trunk_of(net, path, kept, augmented):
    """Trunk f16 [n, T, C, 4, 7] and events of a shard, kept in the file `kept`."""
    if not kept.exists():
        frames, events = sync_train.load([path])
        rng, outputs, rows = np.random.default_rng(int(path.stem.split("-")[1])), [], []
        for i, (x, ev) in enumerate(zip(frames, events)):
            x, ev = sync_train.augment(rng, x, ev, T) if augmented else (x.astype(np.float32) / 255, ev)
            with torch.no_grad():
                outputs.append(net.trunk(sync_train.halved(torch.from_numpy(x))[None])[0].half().numpy())
            rows += [(i, *e) for e in ev]
        np.savez(kept.with_suffix(".tmp.npz"), x=np.stack(outputs), events=np.array(rows, np.float32).reshape(-1, 7))
        kept.with_suffix(".tmp.npz").replace(kept)
    z = np.load(kept)
    return list(z["x"]), [z["events"][z["events"][:, 0] == i, 1:] for i in range(len(z["x"]))]


def part(net, out, name, shards):
    """All clips of a part: list of trunk outputs, list of events."""
    (out / "trunk").mkdir(parents=True, exist_ok=True)
    xs, events = [], []
    for path in render_missing(out / "clips", shards, name):
        x, ev = trunk_of(net, path, out / "trunk" / path.name, name == "train")
        xs, events = xs + x, events + ev
    return xs, events


def batch(xs, events, chosen):
    targets = [sync_train.targets(events[i], T) for i in chosen]
    return torch.from_numpy(np.stack([xs[i] for i in chosen])).float(), [torch.from_numpy(np.stack(c)) for c in zip(*targets)]


def check(net, xs, events):
    """Mean losses on the fresh scenes."""
    net.eval()
    with torch.no_grad():
        rows = [[v.item() for v in sync_train.losses(net, net.read(x), *y)] for x, y in (batch(xs, events, range(i, i + 32)) for i in range(0, len(xs), 32))]
    return np.mean(rows, 0).round(4)


def refine(a):
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    out, net, ema = Path(a.out), SyncNet(), SyncNet()
    sync_warm.trunk(net, a.graph)
    xs, events = part(net, out, "train", a.shards)
    fresh = part(net, out, "fit", a.fresh)
    sync_warm.rest(net, a.graph, torch.from_numpy(np.stack(xs[:48])).float())
    ema.load_state_dict(net.state_dict())
    learns = [(n, p) for n, p in net.named_parameters() if n.split(".")[0] in ("times", "head", "kind")]
    own = [p for n, p in learns if not n.startswith("kind")]
    opt = torch.optim.AdamW([{"params": [p for p in own if p.ndim > 1], "weight_decay": 0.02, "pace": 1}, {"params": [p for p in own if p.ndim <= 1], "weight_decay": 0, "pace": 1},
                             {"params": net.kind.parameters(), "weight_decay": 0.01, "pace": 2}], lr=a.lr)
    print(f"{len(xs)} clips, fresh ones {check(net, *fresh)}", flush=True)
    began, step, done = time.time(), 0, 0.0
    while done < 1:
        done = min(1, (time.time() - began) / 60 / a.minutes)
        for group in opt.param_groups:
            group["lr"] = a.lr * group["pace"] * (min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * done)) + 0.003)
        x, y = batch(xs, events, np.random.default_rng([a.seed, step]).integers(0, len(xs), a.batch))
        net.times.train(), net.drop.train()
        bce, inten, place, sort = sync_train.losses(net, net.read(x), *y)
        opt.zero_grad()
        (bce + 0.3 * inten + 0.1 * place + 0.1 * sort).backward()
        torch.nn.utils.clip_grad_norm_(own, 2.0)
        opt.step()
        step += 1
        with torch.no_grad():
            k = min(0.99, step / (step + 20))
            for p, q in zip(ema.state_dict().values(), net.state_dict().values()):
                p.lerp_(q, 1 - k) if p.is_floating_point() else p.copy_(q)
        if step % 400 == 0 or done >= 1:
            print(f"{step} fresh ones {check(ema, *fresh)} {time.time() - began:.0f} s", flush=True)
            torch.save({"ema": ema.state_dict(), "step": step, "widths": (16, 32, 48, 64)}, out / f"{a.name}.pt")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("graph", help="the graph to begin from")
    p.add_argument("--out", default="work/sync")
    p.add_argument("--name", default="refined")
    p.add_argument("--shards", type=int, default=76)
    p.add_argument("--fresh", type=int, default=8)
    p.add_argument("--minutes", type=float, default=28)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--seed", type=int, default=1)
    refine(p.parse_args())
