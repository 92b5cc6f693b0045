"""Drawn clips on the training device and what is done to each before a step; all of it vectorised, so that a GPU is kept busy.

Positions of events: frames from the first of the stretch, x and y -1..1 in the picture. A row of events is (frame
position, intensity, x, y, counts, kind); rows that hold nothing lie at frame -99 and do not count.
"""
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from sync_draw import H, W
from sync_render import T

SEEN = 56  # frames of a clip in one step: more different clips for the same arithmetic
MOST = 96  # events of a clip; the fastest scenes have fewer
NOWHERE = -99.0


class Clips:
    """The shards of some parts: frames u8 [N, 96, 64, 112] and events f32 [N, MOST, 6], read as they appear in the folder."""

    def __init__(self, folder, parts, most, device):
        self.folder, self.parts, self.device, self.read, self.count = Path(folder), parts, device, set(), 0
        self.frames = torch.zeros(most, T, H, W, dtype=torch.uint8, device=device)
        self.events = torch.full((most, MOST, 6), NOWHERE, device=device)

    def look(self, shards=1):
        """Read at most so many new shards; how many were read."""
        new = [p for part in self.parts for p in self.folder.glob(f"{part}-????.npz") if p not in self.read]
        new = sorted(new, key=lambda p: p.stem[::-1])[:shards]
        for path in new:
            self.read.add(path)
            z = np.load(path)
            frames, rows = z["frames"], z["events"]
            room = min(len(frames), len(self.frames) - self.count)
            events = np.full((room, MOST, 6), NOWHERE, np.float32)
            events[:, :, 4] = 0
            for i in range(room):
                own = rows[rows[:, 0] == i, 1:][:MOST]
                events[i, :len(own)] = own
            self.frames[self.count:self.count + room] = torch.from_numpy(frames[:room]).to(self.device)
            self.events[self.count:self.count + room] = torch.from_numpy(events).to(self.device)
            self.count += room
        return len(new)


def drawn(rng, n, low, high, device):
    return torch.rand(n, generator=rng, device=device) * (high - low) + low


def maybe(rng, n, share, device):
    return torch.rand(n, generator=rng, device=device) < share


def stretches(clips, rng, n):
    """n stretches of SEEN frames, some at one and a half times the pace: f32 0..1 [n, SEEN, 64, 112], events [n, MOST, 6]."""
    d = clips.device
    chosen = torch.randint(0, clips.count, (n,), generator=rng, device=d)
    pace = torch.where(maybe(rng, n, 0.15, d), 1.5, 1.0)
    first = (torch.rand(n, generator=rng, device=d) * (T - pace * (SEEN - 1) - 0.01)).floor()
    at = (first[:, None] + (torch.arange(SEEN, device=d) * pace[:, None]).floor()).long()
    x = clips.frames[chosen[:, None], at].float() / 255
    events = clips.events[chosen].clone()
    missed = torch.where(pace > 1, 0.25, 0.0)  # frames, in the mean, by which a frame comes late when some are left out
    events[:, :, 0] = (events[:, :, 0] - first[:, None] + missed[:, None]) / pace[:, None]
    return x, events


def seen_through(x, events, rng):
    """Mirrored, turned a little, a part enlarged or the whole smaller on a plain ground; the events move along."""
    n, d = len(x), x.device
    scale = torch.ones(n, device=d)
    near, far = maybe(rng, n, 0.35, d), maybe(rng, n, 0.12, d)
    scale = torch.where(near, drawn(rng, n, 0.55, 0.95, d), scale)  # of the input that is shown
    scale = torch.where(far & ~near, 1 / drawn(rng, n, 0.5, 0.9, d), scale)
    room = (1 - scale).abs()
    shift = torch.stack([drawn(rng, n, -1, 1, d) * room, torch.where(far & ~near, 0.0, drawn(rng, n, -1, 1, d)) * room], 1)
    turn = torch.where(maybe(rng, n, 0.2, d), drawn(rng, n, -0.12, 0.12, d), torch.zeros(n, device=d))
    mx, my = torch.where(maybe(rng, n, 0.5, d), -1.0, 1.0), torch.where(maybe(rng, n, 0.08, d), -1.0, 1.0)
    c, s, aspect = turn.cos() * scale, turn.sin() * scale, W / H
    a = torch.stack([torch.stack([c * mx, -s / aspect * my], 1), torch.stack([s * aspect * mx, c * my], 1)], 1)  # [n, 2, 2] out -> in
    ground = torch.where(maybe(rng, n, 0.5, d), drawn(rng, n, 0, 0.3, d), x.mean((1, 2, 3)))[:, None, None, None]
    grid = F.affine_grid(torch.cat([a, shift[:, :, None]], 2), [n, 1, H, W], align_corners=False)
    x = F.grid_sample(x - ground, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + ground
    place = torch.einsum("nij,nmj->nmi", torch.linalg.inv(a), events[:, :, 2:4] - shift[:, None])
    inside = (place.abs() < 1.02).all(2)
    events = torch.cat([events[:, :, :2], place, (events[:, :, 4] * inside)[:, :, None], events[:, :, 5:]], 2)
    return x, events


def side_by_side(x, events, rng, share):
    """In a share of the pictures a window shows another one: two things happen at once, each with its events."""
    n, d = len(x), x.device
    two = maybe(rng, n, share, d)
    w, h = drawn(rng, n, 0.7, 1.3, d), torch.where(maybe(rng, n, 0.5, d), 2.2, drawn(rng, n, 0.7, 1.3, d))  # of 2, the picture's height
    x0, y0 = drawn(rng, n, -1, 1, d) * (1 - w / 2) - w / 2, torch.where(h > 2, -1.1, drawn(rng, n, -1, 1, d) * (1 - h / 2) - h / 2)
    w = torch.where(two, w, -1.0)  # no window
    inside = lambda px, py, grow: ((px > x0[:, None] - grow) & (px < (x0 + w)[:, None] + grow) & (py > y0[:, None] - grow) & (py < (y0 + h)[:, None] + grow)) & two[:, None]
    gy, gx = torch.meshgrid((torch.arange(H, device=d) + 0.5) / H * 2 - 1, (torch.arange(W, device=d) + 0.5) / W * 2 - 1, indexing="ij")
    window = inside(gx.reshape(1, -1), gy.reshape(1, -1), 0.0).reshape(n, 1, H, W)
    other, theirs = x.roll(1, 0), events.roll(1, 0).clone()
    mine = events.clone()
    mine[:, :, 0] = torch.where(inside(mine[:, :, 2], mine[:, :, 3], -0.1), NOWHERE, mine[:, :, 0])  # hidden
    mine[:, :, 4] *= ~inside(mine[:, :, 2], mine[:, :, 3], 0.1)  # on the edge: neither
    theirs[:, :, 0] = torch.where(inside(theirs[:, :, 2], theirs[:, :, 3], 0.1), theirs[:, :, 0], NOWHERE)
    theirs[:, :, 4] *= inside(theirs[:, :, 2], theirs[:, :, 3], -0.1)
    return torch.where(window, other, x), torch.cat([mine, theirs], 1)


def toned(x, rng):
    """Negative, brighter, darker, flatter: f32 0..1."""
    n, d = len(x), x.device
    some = maybe(rng, n, 0.6, d)
    gain = torch.where(some, torch.exp(0.3 * torch.randn(n, generator=rng, device=d)), 1.0) * torch.where(maybe(rng, n, 0.15, d), -1.0, 1.0)
    lift = torch.where(some, 0.06 * torch.randn(n, generator=rng, device=d), 0.0)
    return ((x - 0.5) * gain[:, None, None, None] + 0.5 + lift[:, None, None, None]).clamp(0, 1)


def batch(clips, rng, n):
    """What one step sees: frames f32 0..1 [n, SEEN, 64, 112] and targets (see targets)."""
    x, events = side_by_side(*seen_through(*stretches(clips, rng, n), rng), rng, 0.2)
    return toned(x, rng), targets(events, SEEN)


def targets(events, t):
    """Events [n, m, 6] -> onset curve, its weight, intensity [n, t], place [n, t, 2], kind [n, t] and where the last three hold [n, t].

    The curve is a Gaussian of 0.7 frame at each event; near events that do not count nothing is asked.
    """
    grid = torch.arange(t, device=events.device)
    g = torch.exp(-0.5 * ((grid - events[:, :, :1]) / 0.7) ** 2)  # [n, m, t]
    counts = events[:, :, 4:5] > 0
    y, best = (g * counts).max(1)
    weight = torch.where((g * ~counts).amax(1) > 0.02, 0.0, 1.0)
    weight = torch.where(y > 0.05, 1.0, weight)
    of = lambda k: events[:, :, k].gather(1, best)
    at = torch.where(y > 0.2, y, 0.0)
    return y, weight * (1 + 2 * y), of(1), torch.stack([of(2), of(3)], 2), of(5).clamp(min=0).long(), at
