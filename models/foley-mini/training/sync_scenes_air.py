"""More scenes without contact: swings that go through the air, mouths, dancing, swings and cloth. events is always []."""
import numpy as np

from sync_draw import Sprite
from sync_motion import gaps, smooth, wander
from sync_scenes_hit import spot


def follow_through(rng, ts):
    """Golf, racket, axe, punch that meets nothing: a quick sharp back-swing, full speed past the lowest point, a soft end."""
    times = gaps(rng, ts[-1], 0.3, 1.4)
    pivot, length, way = spot(rng, 0.2) - [0, 0.2], rng.uniform(0.25, 0.8), rng.choice([-1, 1])
    back, through = rng.uniform(0.8, 2.4), rng.uniform(0.6, 2.2)
    ang = np.zeros_like(ts)
    for t, nxt in zip(times[:-1], times[1:]):
        gap = nxt - t
        rise, pause, go = gap * rng.uniform(0.2, 0.4), gap * rng.choice([0, 0, 0.1]), min(rng.uniform(0.15, 0.5), 0.35 * gap)
        m = (ts >= t) & (ts < t + rise)
        u = (ts[m] - t) / rise
        ang[m] = -back * (smooth(u) if rng.random() < 0.4 else 1 - (1 - u) ** rng.uniform(1.1, 2))
        m = (ts >= t + rise) & (ts < t + rise + pause)
        ang[m] = -back
        m = (ts >= t + rise + pause) & (ts < t + rise + pause + go)
        u = (ts[m] - t - rise - pause) / go
        ang[m] = -back + (back + through) * smooth(u)
        m = (ts >= t + rise + pause + go) & (ts < nxt)
        left = max(1e-3, gap - rise - pause - go)
        ang[m] = through * (1 - smooth((ts[m] - (nxt - left)) / left))
    tool, body, hand = Sprite(rng, rng.uniform(0.06, 0.25)), Sprite(rng, rng.uniform(0.4, 0.9), "ellipse", 0.5), Sprite(rng, rng.uniform(0.08, 0.2), "ellipse")
    base, lv, w = np.pi / 2 + rng.normal(0, 0.5), rng.uniform(10, 245), rng.uniform(0.02, 0.1)
    things = [(Sprite(rng, rng.uniform(0.05, 0.3)), spot(rng, 0.1)) for _ in range(rng.integers(0, 4))]

    def draw(view, k):
        for s, p in things:
            view.sprite(s, p)
        a = base + way * ang[k]
        d = np.array([np.cos(a), np.sin(a)])
        view.sprite(body, pivot + [0, 0.1], 1.57 + 0.1 * ang[k])
        view.limb([pivot, pivot + length * d], w, lv)
        view.sprite(tool, pivot + length * d, a)
        view.sprite(hand, pivot + 0.4 * length * d, a)

    return draw, []


def mouths(rng, ts):
    """A face close up that speaks, chews or sings: lips and jaw open and shut quickly, the head nods."""
    size, c0 = rng.uniform(0.7, 1.8), spot(rng, 0.3)
    rate = rng.uniform(2, 8)
    open_ = np.clip(np.abs(wander(rng, ts, rate, 1.0)) * (wander(rng, ts, 0.8, 1.0) > -0.5), 0, 2)
    if rng.random() < 0.3:  # chewing
        open_ = 0.5 + 0.5 * np.sin(2 * np.pi * np.cumsum(np.gradient(ts)) * rng.uniform(1, 2.4))
    head, jaw = Sprite(rng, size, "ellipse", 0.75), Sprite(rng, size * 0.5, "ellipse", 0.6)
    nod = np.stack([wander(rng, ts, 1.2, 0.02 * size), wander(rng, ts, 1.6, 0.025 * size)], 1)
    dark, lip, teeth = rng.uniform(5, 70), rng.uniform(60, 200), rng.random() < 0.4
    others = rng.random() < 0.3
    second = Sprite(rng, size * 0.7, "ellipse", 0.75)

    def draw(view, k):
        c, o = c0 + nod[k], open_[k]
        if others:
            view.sprite(second, c0 + [0.8 * size, -0.1] - nod[k], 1.57)
        view.sprite(head, c, 1.57)
        view.sprite(jaw, c + [0, size * (0.3 + 0.03 * o)], 0)
        m = c + [0, 0.23 * size]
        view.blob(m, 0.14 * size, size * (0.025 + 0.05 * o), 0, lip)
        view.blob(m, 0.11 * size, size * (0.004 + 0.045 * o), 0, dark)
        if teeth and o > 0.4:
            view.blob(m - [0, 0.02 * size * o], 0.09 * size, 0.012 * size, 0, 235)
        for s in (-1, 1):
            view.blob(c + [s * 0.16 * size, -0.1 * size], 0.05 * size, 0.025 * size, 0, dark)

    return draw, []


def dance(rng, ts):
    """A figure whose arms, legs and hips sway to a beat and never strike anything."""
    beat, tall = rng.uniform(0.6, 2.4), rng.uniform(0.4, 1.3)
    ph = np.cumsum(np.gradient(ts) * beat * (1 + wander(rng, ts, 0.5, 0.1)))
    hip0, lv, w = np.array([rng.uniform(0.5, 1.25), rng.uniform(0.45, 0.65)]), rng.uniform(10, 240), tall * rng.uniform(0.05, 0.1)
    torso, head = Sprite(rng, tall * 0.42, "ellipse", 0.55), Sprite(rng, tall * 0.17, "ellipse", 0.8)
    amp, off = rng.uniform(0.1, 0.9, 4), rng.uniform(0, 2 * np.pi, 4)
    crisp = rng.uniform(1, 3)

    def wave(i, k):
        s = np.sin(2 * np.pi * ph[k] * (1 if i < 2 else 0.5) + off[i])
        return amp[i] * np.tanh(crisp * s)

    def draw(view, k):
        hip = hip0 + tall * np.array([0.06 * wave(2, k), 0.03 * wave(3, k)])
        top = hip - [0.05 * tall * wave(2, k), 0.36 * tall]
        for i, s in enumerate((-1, 1)):
            view.limb([hip, hip + tall * np.array([s * 0.1 + 0.05 * wave(3, k), 0.22]), hip0 + tall * np.array([s * 0.1, 0.47])], w, lv)
            a = 0.6 + wave(i, k)
            elbow = top + tall * 0.18 * np.array([s * np.sin(a), np.cos(a)])
            view.limb([top, elbow, elbow + tall * 0.16 * np.array([s * np.sin(a + 0.9 * wave(1 - i, k)), np.cos(a + 0.9)])], w * 0.7, 255 - lv)
        view.sprite(torso, (hip + top) / 2, 1.57)
        view.sprite(head, top - [0, 0.11 * tall], wave(2, k))

    return draw, []


def swing(rng, ts):
    """A swing, a lamp, a bell-pull, a hammock: a pendulum that turns softly at both ends."""
    f, length, at = rng.uniform(0.3, 1.3), rng.uniform(0.3, 1.1), np.array([rng.uniform(0.4, 1.35), rng.uniform(-0.4, 0.2)])
    amp, seat, lv = rng.uniform(0.15, 1.1), Sprite(rng, rng.uniform(0.1, 0.5)), rng.uniform(10, 240)
    two, post = rng.random() < 0.5, rng.uniform(10, 240)

    def draw(view, k):
        view.limb([at + [-0.6, 0], at + [-0.8, 2]], 0.05, post)
        for i in range(1 + two):
            a = amp * np.sin(2 * np.pi * f * ts[k] + 1.3 * i)
            p = at + [0.45 * i, 0] + length * np.array([np.sin(a), np.cos(a)])
            view.limb([at + [0.45 * i, 0], p], 0.015, lv)
            view.sprite(seat, p, -a)

    return draw, []


def curtain(rng, ts):
    """Cloth that waves in wind: bright and dark folds that travel."""
    n, speed, lean = rng.uniform(3, 9), rng.uniform(0.2, 1.6), rng.uniform(-0.4, 0.4)
    lv, depth, x0 = rng.uniform(60, 200), rng.uniform(15, 60), rng.uniform(0, 0.8)
    wide, gust = rng.uniform(0.5, 1.4), 1 + 0.6 * wander(rng, ts, 0.8, 1.0)

    def draw(view, k):
        for i in range(24):
            u = i / 24
            s = np.sin(2 * np.pi * (n * u - speed * ts[k]) + 2 * gust[k] * u)
            x = x0 + wide * u
            low = 1.0 + 0.05 * s * gust[k]
            view.poly([(x, -0.2), (x + wide / 23, -0.2), (x + wide / 23 + lean * u * 0.2, low), (x + lean * u * 0.2, low)], np.clip(lv + depth * s, 0, 255))

    return draw, []
