"""More scenes with contacts: recoil, stops, collisions, claps, tears, typing. Same form as sync_scenes_hit."""
import numpy as np

from sync_draw import ASPECT, Sprite
from sync_motion import gaps, loudness, ring, smooth, strokes, wander
from sync_scenes_hit import spot


def recoil(rng, ts):
    """A held thing (gun, tool) jumps within a frame or two and comes back slowly; flash and smoke or none."""
    times = gaps(rng, ts[-1], 0.4, 3.0)
    at, spr, hand = spot(rng, 0.3), Sprite(rng, rng.uniform(0.2, 0.7), "box", rng.uniform(0.2, 0.5)), Sprite(rng, rng.uniform(0.15, 0.35), "ellipse")
    way, rise, back = rng.choice([-1, 1]), rng.uniform(0.01, 0.05), rng.uniform(0.12, 0.5)
    kick, turn = rng.uniform(0.01, 0.12), rng.uniform(0.05, 0.6)
    flash, smoke = rng.random() < 0.55, rng.random() < 0.3
    env = np.zeros_like(ts)
    for t in times:
        u = ts - t
        env = np.maximum(env, np.where(u < 0, 0, np.where(u < rise, u / rise, np.exp(-np.maximum(u - rise, 0) / back * 2))))
    sway = np.stack([wander(rng, ts, 1.2, 0.008), wander(rng, ts, 1.2, 0.008)], 1)
    muzzle = at - np.array([way * spr.size * 0.55, 0.02])
    part = Sprite(rng, spr.size * 0.5, "box", 0.4)
    slide = rng.uniform(0, 0.08)

    def draw(view, k):
        p = at + sway[k] + env[k] * kick * np.array([way, -0.6])
        view.limb([p + np.array([way * 1.2, 0.3]), p + np.array([way * 0.1, 0.08])], 0.13, hand.lum[20, 20])
        view.sprite(spr, p, way * turn * env[k])
        view.sprite(part, p + np.array([way * slide * env[k], -0.03]), way * turn * env[k])
        view.sprite(hand, p + np.array([way * spr.size * 0.35, 0.06]), way * turn * env[k])
        last = ts[k] - times[times <= ts[k]][-1] if np.any(times <= ts[k]) else 9
        if flash and last < 0.035:
            view.blob(muzzle, 0.09, 0.06, 0, 255)
        if smoke and last < 0.6:
            view.blob(muzzle - [way * last * 0.2, last * 0.2], 0.03 + 0.1 * last, 0.03 + 0.1 * last, 0, 190)

    return draw, [(t, float(np.clip(0.6 + kick * 3 + rng.normal(0, 0.05), 0.5, 1)), *muzzle) for t in times]


def slam(rng, ts):
    """Something slides or turns and stops dead against a stop (door, drawer, lid, bolt); then opened softly."""
    horizontal = rng.random() < 0.6
    span, spr = rng.uniform(0.15, 0.7), Sprite(rng, rng.uniform(0.25, 0.9), "box")
    h, ev = strokes(rng, ts, 0.25, 1.3, fake=rng.choice([0, 0.3]))
    stop = spot(rng, 0.25)
    d = np.array([rng.choice([-1, 1]), 0.0]) if horizontal else np.array([0.0, 1.0])
    turn = rng.choice([0, rng.uniform(0.3, 1.2)])
    post = Sprite(rng, 0.3, "box", 0.3)
    shake = ring(ts, [(t, 1) for t, _ in ev], 0.08, 8, rng.choice([0, 0.01, 0.02]))

    def draw(view, k):
        view.sprite(post, stop + d * (0.12 + shake[k]), 1.57 if horizontal else 0)
        view.sprite(spr, stop - d * (spr.size * 0.42 + span * h[k]) + [0, shake[k]], turn * h[k])

    return draw, [(t, loudness(v * span), *stop) for t, v in ev]


def clap(rng, ts):
    """Two hands (or two stones) meet in the middle."""
    h, ev = strokes(rng, ts, 0.7, 4.5)
    reach, mid, ang = rng.uniform(0.06, 0.35), spot(rng, 0.3), rng.uniform(-0.6, 0.6)
    d = np.array([np.cos(ang), np.sin(ang)])
    a, b = Sprite(rng, rng.uniform(0.1, 0.3)), Sprite(rng, rng.uniform(0.1, 0.3))
    lv, w = rng.uniform(10, 245), rng.uniform(0.04, 0.12)
    sway = np.stack([wander(rng, ts, 0.8, 0.01), wander(rng, ts, 0.8, 0.01)], 1)

    def draw(view, k):
        for s, spr in ((-1, a), (1, b)):
            p = mid + sway[k] + s * d * (reach * h[k] + 0.3 * spr.size)
            view.limb([p + [s * 0.35, 0.5], p], w, lv)
            view.sprite(spr, p, s * 0.5 * h[k])

    return draw, [(t, loudness(2 * v * reach), *mid) for t, v in ev]


def collide(rng, ts):
    """A thing slides into another, which takes the motion on (billiards, cart, puck); or hits a wall and comes back."""
    times = gaps(rng, ts[-1], 0.4, 1.4)
    a, b = Sprite(rng, rng.uniform(0.08, 0.25), "ellipse", 1.0), Sprite(rng, rng.uniform(0.08, 0.3))
    at, ang, v = spot(rng, 0.3), rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 2.5)
    d, wall, back = np.array([np.cos(ang), np.sin(ang)]), rng.random() < 0.4, rng.uniform(0.1, 0.7)
    pa, pb, events = np.full_like(ts, -9.0), np.zeros_like(ts), []
    for t, nxt in zip(times[:-1], times[1:]):
        m = (ts >= t - 0.7) & (ts < t)
        pa[m] = v * (ts[m] - t)
        m = (ts >= t) & (ts < nxt - 0.7)
        u = 1 - np.exp(-(ts[m] - t) * 1.5)
        pa[m] = -back * v * u / 1.5 if wall else 0.2 * v * u / 1.5
        if not wall:
            pb[m] = 0.8 * v * u / 1.5
        events.append((t, loudness(v), *at))
    off = (a.size + b.size) * 0.42

    def draw(view, k):
        view.sprite(b, at + d * (pb[k] + off / 2))
        view.sprite(a, at + d * (pa[k] - off / 2), 3 * pa[k])

    return draw, events


def tear(rng, ts):
    """A sheet opened along a line in jerks: each burst of motion is one (soft) event at its start."""
    times = gaps(rng, ts[-1], 0.5, 2.0)
    open_, events, at = np.zeros_like(ts), [], spot(rng, 0.3)
    level = 0.0
    for t, nxt in zip(times[:-1], times[1:]):
        dur, step = rng.uniform(0.08, 0.4), rng.uniform(0.06, 0.22)
        open_ += step * np.clip((ts - t) / dur, 0, 1)
        level += step
        events.append((t + 0.02, loudness(0.8 * step / dur), *at))
        if level > 0.7:  # a new sheet is taken softly
            open_ -= level * smooth((ts - t - dur - 0.1) / max(0.2, nxt - t - dur - 0.15))
            level = 0.0
    lv, w = rng.uniform(90, 250), rng.uniform(0.2, 0.5)
    left, right = Sprite(rng, 0.22, "ellipse"), Sprite(rng, 0.22, "ellipse")
    sway = np.stack([wander(rng, ts, 1.0, 0.012), wander(rng, ts, 1.0, 0.012)], 1)

    def draw(view, k):
        c, o = at + sway[k], open_[k]
        view.poly([c + [-w - o * 0.4, -0.25 + o * 0.2], c + [-o * 0.5, -0.25], c + [0, 0.35], c + [-w, 0.35]], lv)
        view.poly([c + [w + o * 0.4, -0.25 + o * 0.2], c + [o * 0.5, -0.25], c + [0, 0.35], c + [w, 0.35]], lv - 12)
        view.sprite(left, c + [-w * 0.8 - o * 0.4, -0.1 + o * 0.2], -o)
        view.sprite(right, c + [w * 0.8 + o * 0.4, -0.1 + o * 0.2], o)

    return draw, events


def typing(rng, ts):
    """Fingers of two hands on keys or on a table: many small taps, hands drift between."""
    size = rng.uniform(0.4, 1.1)
    n = int(rng.integers(3, 9))
    centre = np.array([ASPECT / 2 + rng.normal(0, 0.15), rng.uniform(0.45, 0.75)])
    lv, amp, seen = rng.uniform(90, 230), size * rng.uniform(0.03, 0.09), rng.uniform(0.035, 0.07) * size
    times = gaps(rng, ts[-1], 2.0, 7.0)
    who = rng.integers(0, n, len(times))
    palms = [Sprite(rng, size * 0.36, "ellipse", 0.7, lv) for _ in range(2)]
    drift = np.stack([wander(rng, ts, 1.0, 0.02 * size) for _ in range(4)], 1)
    board = Sprite(rng, size * 1.2, "box", 0.45)
    tracks, events = [], []
    for f in range(n):
        mine = times[who == f]
        h = np.full_like(ts, 0.45)
        x = centre + size * np.array([(f + 0.5) / n - 0.5, rng.uniform(-0.05, 0.03)])
        for t in mine:
            u = ts - t
            d = rng.uniform(0.05, 0.1)
            h = np.where((u >= -2.2 * d) & (u < -d), 0.45 + 0.55 * smooth((u + 2.2 * d) / (1.2 * d)), h)
            h = np.where((u >= -d) & (u < 0), 1 - (np.clip(u + d, 0, d) / d) ** 1.7, h)
            h = np.where((u >= 0) & (u < 0.06), 0, h)
            h = np.where((u >= 0.06) & (u < 0.2), np.minimum(h, 0.45 * smooth((u - 0.06) / 0.14)), h)
            events.append((t, loudness(amp / d), *x))
        tracks.append((x, h))
    axis = rng.choice([0, 1], p=[0.35, 0.65])  # seen from above: fingers grow and shrink; from the side: they go up

    def draw(view, k):
        view.sprite(board, centre)
        for i, p in enumerate(palms):
            view.sprite(p, centre + size * np.array([(i - 0.5) * 0.5, 0.2]) + drift[k, 2 * i:2 * i + 2])
        for f, (x, h) in enumerate(tracks):
            off = drift[k, 0:2] if f < n / 2 else drift[k, 2:4]
            base = centre + size * np.array([(-0.25 if f < n / 2 else 0.25), 0.15]) + off
            tip = x + off - ([0, amp * h[k]] if axis else [0, -amp * 0.6 * h[k]])
            view.limb([base * 0.4 + x * 0.6 + [0, 0.05], tip], seen, lv + 8 * (f % 2))

    return draw, events
