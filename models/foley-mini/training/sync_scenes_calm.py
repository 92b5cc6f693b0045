"""Scenes without any contact that sounds as a hit: what must not be taken for an event. events is always []."""
import cv2
import numpy as np

from sync_draw import H, W, Sprite, noise_texture
from sync_motion import gaps, smooth, strokes, wander
from sync_scenes_hit import spot


def air_strokes(rng, ts):
    """Hands or tools that swing, conduct and stop in the air."""
    place, reach = spot(rng), rng.uniform(0.1, 0.6)
    h, _ = strokes(rng, ts, 0.4, 2.5, fake=1.0, lift="ease")
    if rng.random() < 0.5:  # waving: near sine, its turns are no hits
        h = 0.5 + 0.5 * np.sin(2 * np.pi * np.cumsum(np.gradient(ts) * rng.uniform(0.4, 2.0) * (1 + wander(rng, ts, 0.5, 0.15))))
    a, length, turn = rng.uniform(-np.pi, np.pi), rng.uniform(0.2, 0.8), rng.uniform(-1.2, 1.2)
    d = np.array([np.cos(a), np.sin(a)])
    arm, hand, lv, w = Sprite(rng, rng.uniform(0.1, 0.35)), Sprite(rng, rng.uniform(0.1, 0.3)), rng.uniform(10, 245), rng.uniform(0.03, 0.14)
    side = np.array([-d[1], d[0]])

    def draw(view, k):
        ang = turn * h[k]
        tip = place + d * reach * h[k] * 0.5 + length * (np.cos(ang) * d + np.sin(ang) * side)
        view.limb([place - d, place + d * reach * h[k] * 0.5, tip], w, lv)
        view.sprite(hand, tip, ang)
        view.sprite(arm, place, ang * 0.3)

    return draw, []


def slow_hands(rng, ts):
    """People who reach, turn, nod, talk: smooth motion of big parts, a mouth that opens and shuts."""
    parts = []
    for _ in range(rng.integers(1, 5)):
        p, s = spot(rng, 0.1), Sprite(rng, rng.uniform(0.1, 0.8))
        rate, amt = rng.uniform(0.2, 1.6), rng.uniform(0.01, 0.15)
        parts.append((p, s, wander(rng, ts, rate, amt), wander(rng, ts, rate, amt), wander(rng, ts, rate, 0.3), rng.uniform(10, 245), rng.random() < 0.4))
    face, size = spot(rng, 0.25), rng.uniform(0.25, 0.9)
    head = Sprite(rng, size, "ellipse", 0.75)
    open_ = np.abs(wander(rng, ts, rng.uniform(3, 7), 1.0)) * (wander(rng, ts, 0.7, 1.0) > -0.4)
    nod = [wander(rng, ts, 1.0, 0.015 * size), wander(rng, ts, 1.5, 0.02 * size)]
    blink = np.isin(np.arange(len(ts)), np.arange(len(ts))[np.floor(ts * 0.4) != np.floor((ts - 0.12) * 0.4)])
    talks, mouth = rng.random() < 0.5, rng.uniform(10, 80)

    def draw(view, k):
        if talks:
            c = face + [nod[0][k], nod[1][k]]
            view.sprite(head, c, 1.57 + nod[0][k])
            view.blob(c + [0, 0.22 * size], 0.09 * size, size * (0.008 + 0.05 * open_[k]), 0, mouth)
            for s in (-1, 1):
                view.blob(c + [s * 0.13 * size, -0.08 * size], 0.045 * size, 0.006 * size if blink[k] else 0.025 * size, 0, mouth)
        for p, s, x, y, a, lv, arm in parts:
            q = p + [x[k], y[k]]
            if arm:
                view.limb([p + [0.3, 0.9], q], 0.1, lv)
            view.sprite(s, q, a[k])

    return draw, []


def wipers(rng, ts):
    """Wipers or a pendulum or a fan: periodic sweeps with soft (or rather quick) turns, drops on the glass."""
    f, pivot, length = rng.uniform(0.5, 1.4), np.array([rng.uniform(0.2, 1.5), rng.uniform(0.95, 1.2)]), rng.uniform(0.6, 1.2)
    sharp = rng.uniform(0.6, 1.0)
    phase = (ts * f + rng.uniform(0, 1)) % 1
    tri = 1 - np.abs(2 * phase - 1)
    sweep = sharp * smooth(tri) + (1 - sharp) * tri
    if rng.random() < 0.3:
        sweep = phase  # a fan: round and round
    a0, a1 = rng.uniform(-3.0, -2.2), rng.uniform(-1.2, -0.3)
    two, lv, w = rng.random() < 0.6, rng.uniform(5, 60), rng.uniform(0.015, 0.05)
    rain = rain_fall(rng, ts)[0] if rng.random() < 0.5 else None

    def draw(view, k):
        if rain:
            rain(view, k)
        a = a0 + (a1 - a0) * sweep[k]
        for dx in ((0, 0.7) if two else (0,)):
            p = pivot + [dx, 0]
            view.limb([p, p + length * np.array([np.cos(a), np.sin(a)])], w, lv)

    return draw, []


def rain_fall(rng, ts):
    """Rain or snow streaks, or drops that appear on glass, or leaves: many small independent motions."""
    n, speed, slant = int(rng.integers(10, 70)), rng.uniform(0.2, 4.0), rng.normal(0, 0.2)
    x, y, lv, length = rng.uniform(0, 2, n), rng.uniform(0, 1.3, n), rng.uniform(100, 255, n), rng.uniform(0.01, 0.12)
    v = speed * rng.uniform(0.7, 1.3, n)

    def draw(view, k):
        yy = (y + v * ts[k]) % 1.3 - 0.15
        xx = (x + slant * v * ts[k]) % 2 - 0.1
        for i in range(n):
            view.limb([(xx[i], yy[i]), (xx[i] + slant * length, yy[i] + length)], 0.01, lv[i])

    return draw, []


def flow(rng, ts):
    """Water, smoke, fire, foliage: a region of texture that scrolls and boils; or a thin stream being poured."""
    tex = [noise_texture(rng, 96, 160) for _ in range(3)]
    vx, vy = rng.normal(0, 0.4), rng.choice([0, rng.uniform(0.1, 2.5)])
    boil, con, base = rng.uniform(0.3, 3.0), rng.uniform(8, 45), rng.uniform(60, 210)
    yy, xx = np.mgrid[0:H, 0:W]
    c, r = spot(rng, 0.1) * 64, rng.uniform(12, 90, 2)
    alpha = np.clip(1.5 - ((xx - c[0]) / r[0]) ** 2 - ((yy - c[1]) / r[1]) ** 2, 0, 1).astype(np.float32)
    pour, sx, sw = rng.random() < 0.3, rng.uniform(0.4, 1.3), rng.uniform(0.015, 0.05)
    fast = rng.random() < 0.5  # white water: the texture is another one every 60-200 ms
    pool = [noise_texture(rng, H, W, 0.95) for _ in range(8)] if fast else []
    beat, crisp = rng.uniform(5, 16), rng.uniform(0.3, 1.0)
    begin, wob = rng.uniform(-1, ts[-1] * 0.6), wander(rng, ts, 5, 0.006)
    pot = Sprite(rng, rng.uniform(0.2, 0.6))
    tip = smooth((ts - begin + 0.8) / 0.8)

    def draw(view, k):
        if pour:
            view.sprite(pot, (sx + 0.2, 0.2 + 0.05 * tip[k]), -0.6 * tip[k])
            if ts[k] > begin:
                view.limb([(sx, 0.25), (sx + wob[k], min(0.85, 0.25 + 3 * (ts[k] - begin) ** 2))], sw, 220)
            return
        ox, oy = int(vx * ts[k] * 64), int(vy * ts[k] * 64)
        a = np.roll(tex[0], (oy, ox), (0, 1))[:H, :W]
        b = np.roll(tex[1], (int(oy * 0.7), -ox), (0, 1))[:H, :W]
        w = 0.5 + 0.5 * np.sin(2 * np.pi * boil * ts[k] + tex[2][:H, :W])
        out = base + con * (a * w + b * (1 - w))
        if fast:
            n, u = divmod(ts[k] * beat, 1.0)
            out = out + con * crisp * (pool[int(n * 5) % 8] * (1 - u) + pool[int(n * 5 + 5) % 8] * u)
        view.img[:] = np.clip(view.img + alpha * (out - view.img), 0, 255).astype(np.uint8)

    return draw, []


def driving(rng, ts):
    """A view through a windscreen or out of a train: things grow from a point or slide by; the dashboard stands still."""
    n, vp = int(rng.integers(12, 50)), np.array([rng.uniform(0.6, 1.15), rng.uniform(0.3, 0.55)])
    ang, depth, lv = rng.uniform(0, 2 * np.pi, n), rng.uniform(0, 1, n), rng.uniform(5, 250, n)
    rate, size = rng.uniform(0.15, 0.9), rng.uniform(0.02, 0.2, n)
    sidewards = rng.random() < 0.3
    bump = wander(rng, ts, 6, rng.uniform(0, 0.008))
    dash, dash_y = rng.uniform(5, 80), rng.uniform(0.75, 1.0)
    road = [np.clip(rng.uniform(60, 180) + rng.uniform(5, 35) * noise_texture(rng, 128, 128), 0, 255).astype(np.uint8) for _ in range(2)]
    textured, pace = rng.random() < 0.6, rng.uniform(0.4, 2.0)

    def ground(view, t):
        """Two layers of texture that grow from the vanishing point and fade into each other."""
        total = np.zeros((H, W), np.float32)
        for i in range(2):
            u = (t * pace + i / 2) % 1
            s, c = 0.6 * 4 ** u, view.px(vp)[0]
            m = np.array([[s, 0, c[0] - 64 * s], [0, s, c[1] - 64 * s]])
            total += (1 - abs(2 * u - 1)) * cv2.warpAffine(road[i], m, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        view.img[:] = total.astype(np.uint8)

    def draw(view, k):
        if textured and not sidewards:
            ground(view, ts[k])
        for i in np.argsort(-((depth - rate * ts[k]) % 1)):
            d = (depth[i] - rate * ts[k]) % 1 + 0.04
            if sidewards:
                p, s = np.array([(i * 0.37 + rate * ts[k] * (0.3 + size[i] * 8)) % 2.4 - 0.3, 0.2 + 0.6 * depth[i]]), size[i]
            else:
                p, s = vp + 0.06 / d * np.array([np.cos(ang[i]), 0.7 * np.sin(ang[i])]), size[i] * 0.08 / d
            q = p + [0, bump[k]]
            view.poly([q + [-s, -s], q + [s, -s * 1.4], q + [s, s], q + [-s, s * 1.2]], lv[i])
        view.poly([(-1, dash_y), (3, dash_y), (3, 2), (-1, 2)], dash)

    return draw, []


def passers(rng, ts):
    """People, cars, clouds that pass smoothly, one behind the other, with small gaits too far to hear."""
    things = []
    for _ in range(rng.integers(1, 6)):
        s = Sprite(rng, rng.uniform(0.05, 0.7))
        v, x0, y = rng.normal(0, 0.35), rng.uniform(-0.2, 1.95), rng.uniform(0.2, 0.9)
        things.append((s, x0 + v * (ts - ts.mean()), y + wander(rng, ts, 0.6, 0.01), wander(rng, ts, 0.5, 0.1)))

    def draw(view, k):
        for s, x, y, a in things:
            view.sprite(s, (x[k], y[k]), a[k])

    return draw, []


def screen(rng, ts):
    """A screen recording: windows that open, bars that fill, text that scrolls, a pointer; sudden but silent."""
    times = gaps(rng, ts[-1], 0.3, 3.0)
    boxes = [(t, rng.uniform(0, 1.75), rng.uniform(0, 1), rng.uniform(0.05, 0.7), rng.uniform(0.03, 0.5), rng.uniform(10, 250), rng.uniform(0.1, 3)) for t in times]
    px, py = wander(rng, ts, 0.8, 0.4) + 0.9, wander(rng, ts, 0.8, 0.25) + 0.5

    def draw(view, k):
        for t, x, y, w, h, lv, life in boxes:
            if t <= ts[k] < t + life:
                view.poly([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)], lv)
        view.blob((px[k], py[k]), 0.02, 0.03, 0, 240)

    return draw, []


def still(rng, ts):
    """Nothing moves but the camera."""
    things = [(Sprite(rng, rng.uniform(0.1, 0.8)), spot(rng, 0.1), rng.uniform(-3, 3)) for _ in range(rng.integers(0, 5))]

    def draw(view, k):
        for s, p, a in things:
            view.sprite(s, p, a)

    return draw, []
