"""Train the sync net from nothing on drawn clips (sync_render.py), as many of them as there are, also while they appear.

  python sync_train.py --out work/sync --name net [--kinds ab|a] [--size 112] [--device cuda] --minutes 60

Needs no real video. `--kinds a` sees half the kinds of scene only: such a net says on the other half what nets of this
recipe are worth on what they were not drawn for; the one that ships sees both. The schedule follows the clock.
"""
import argparse
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from sync_data import Clips, batch, targets
from sync_model import REACH, SIZE, SyncNet

PARTS = {"a": ["train-a"], "ab": ["train-a", "train-b"]}


def sized(x, size):
    """f32 [.., 64, 112] -> [.., *size], means of pixels: what the net sees."""
    return x if x.shape[-2:] == tuple(size) else F.avg_pool2d(x, x.shape[-2] // size[0])


def losses(net, cells, y, w, hard, xy, kind, at):
    """Of the net's outputs by cell (net.read): BCE on the onset curve, smooth L1 on intensity, cross-entropy of the right cell and of the kind where there is an event."""
    onset, hardness, what = (c.float() for c in cells)
    logit, share = net.pool(onset)
    bce = (F.binary_cross_entropy_with_logits(logit, y, reduction="none") * w).mean()
    there = at.sum() + 1
    inten = (F.smooth_l1_loss(torch.sigmoid((share * hardness).sum(2)), hard, reduction="none", beta=0.1) * at).sum() / there
    d2 = ((xy[:, :, None] - net.where) * xy.new_tensor([3.5, 2.0])).pow(2).sum(3)  # [B, T, 28] squared distance in cells
    near = torch.softmax(-d2 / 0.8, 2)
    place = (-(near * torch.log_softmax(onset, 2)).sum(2) * at).sum() / there
    sort = (F.cross_entropy((share[..., None] * what).sum(2).transpose(1, 2), kind, reduction="none") * at).sum() / there
    return bce, inten, place, sort


@torch.no_grad()
def check(net, clips):
    """Mean losses on clips that are not trained on."""
    net.eval()
    rows = []
    for i in range(0, clips.count, 16):
        x = clips.frames[i:i + 16].float() / 255
        y = [part[:, REACH // 2:-REACH // 2] for part in targets(clips.events[i:i + 16], x.shape[1])]
        cells = [c[:, REACH // 2:-REACH // 2] for c in net.read(net.trunk(sized(x, net.size)))]
        rows.append([v.item() for v in losses(net, cells, *y)])
    return " ".join(f"{v:.4f}" for v in np.mean(rows, 0)) if rows else "-"


def train(a):
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    torch.backends.cudnn.benchmark = True
    out, device = Path(a.out), a.device
    out.mkdir(parents=True, exist_ok=True)
    clips = Clips(a.clips or out / "clips", PARTS[a.kinds], a.most, device)
    fresh = {part: Clips(clips.folder, [f"fresh-{part}"], 128, device) for part in "ab"}
    widths = tuple(int(v) for v in a.widths.split(","))
    make = lambda: SyncNet(widths, SIZE if a.size == 112 else (32, 56)).to(device)
    net, ema = make(), make()
    if a.start:
        net.load_state_dict(torch.load(a.start, map_location=device, weights_only=True)["ema"])
    ema.load_state_dict(net.state_dict())
    decay = [p for p in net.parameters() if p.ndim > 1]
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.02}, {"params": [p for p in net.parameters() if p.ndim <= 1], "weight_decay": 0}], lr=a.lr)
    rng = torch.Generator(device=device).manual_seed(a.seed)
    began = time.time()
    while clips.count < a.least and time.time() - began < 60 * a.minutes:
        time.sleep(0 if clips.look(1) else 1)
    print(f"{clips.count} clips, {sum(p.numel() for p in net.parameters())} parameters", flush=True)
    step, done, sums, said, saved = 0, 0.0, torch.zeros(4, device=device), time.time(), time.time()

    def save():
        torch.save({"ema": {k: v.cpu() for k, v in ema.state_dict().items()}, "step": step, "clips": clips.count, "widths": widths, "size": ema.size, "kinds": a.kinds}, out / f"{a.name}.part")
        os.replace(out / f"{a.name}.part", out / f"{a.name}.pt")

    while done < 1:
        done = min(1, max(step / a.steps, (time.time() - began) / 60 / a.minutes))
        if clips.count < a.most and step % 4 == 0:
            clips.look(1)
        for group in opt.param_groups:
            group["lr"] = a.lr * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.002)
        x, wanted = batch(clips, rng, a.batch)
        net.train()
        with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
            cells = net.read(net.trunk(sized(x, net.size)))
        parts = losses(net, cells, *wanted)
        bce, inten, place, sort = parts
        opt.zero_grad(set_to_none=True)
        (bce + 0.3 * inten + 0.1 * place + 0.1 * sort).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        step += 1
        with torch.no_grad():
            sums += torch.stack([p.detach() for p in parts])
            keep = min(0.998, step / (step + 20))
            pairs = [(p, q) for p, q in zip(ema.state_dict().values(), net.state_dict().values())]
            torch._foreach_lerp_([p for p, _ in pairs if p.is_floating_point()], [q for p, q in pairs if p.is_floating_point()], 1 - keep)
        if step % 100 == 0 and (time.time() - said > 20 or done >= 1):
            for part in fresh.values():
                part.look(4 - len(part.read))
            print(f"{step} trained {' '.join(f'{v / 100:.4f}' for v in sums.tolist())} fresh {' | '.join(check(ema, part) for part in fresh.values())} of {clips.count}, {time.time() - began:.0f} s", flush=True)
            said = time.time()
        if step % 100 == 0:
            sums.zero_()
        if time.time() - saved > 60 or done >= 1:
            save()
            saved = time.time()


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", default="work/sync")
    p.add_argument("--clips", help="folder of the shards; OUT/clips without it")
    p.add_argument("--name", default="net")
    p.add_argument("--start", help="state of a net of the same size to go on from")
    p.add_argument("--kinds", choices=list(PARTS), default="ab")
    p.add_argument("--size", type=int, choices=[56, 112], default=112, help="columns that the net sees")
    p.add_argument("--widths", default="24,32,48,96")
    p.add_argument("--most", type=int, default=2400, help="clips held in memory, 0.7 MB each")
    p.add_argument("--least", type=int, default=256, help="clips to wait for before the first step")
    p.add_argument("--steps", type=int, default=10**9)
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--device", default="cpu")
    train(p.parse_args())
