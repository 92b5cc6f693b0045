"""Scenes with contacts: struck, dropped, thrown, pulled, torn things.

A scene is f(rng, ts) -> (draw(view, k), events); events are (t_s, intensity 0..1, x, y) in world units, k indexes ts.
"""
import numpy as np

from sync_draw import ASPECT, Sprite
from sync_motion import bouncing, gaps, loudness, ring, smooth, strokes, wander


def spot(rng, margin=0.18):
    return np.array([rng.uniform(margin * ASPECT, (1 - margin) * ASPECT), rng.uniform(margin + 0.1, 1 - margin * 0.7)])


def down_ish(rng):
    """A unit vector from the raised tool to the contact: mostly downwards."""
    a = np.pi / 2 + (rng.normal(0, 0.6) if rng.random() < 0.75 else rng.uniform(-np.pi, np.pi))
    return np.array([np.cos(a), np.sin(a)])


def debris(rng, events, place, amount):
    """Bits that fly off at each event and fall: draw(view, t)."""
    bits = [(t, place + rng.normal(0, 0.02, 2), rng.normal(0, 0.5, 2) - [0, rng.uniform(0.2, 0.9)], rng.uniform(0.006, 0.02), rng.uniform(10, 250))
            for t, _ in events for _ in range(int(amount))]
    def draw(view, t):
        for t0, p, v, r, lv in bits:
            u = t - t0
            if 0 < u < 0.5:
                view.blob(p + v * u + [0, 1.5 * u * u], r, r, 0, lv)
    return draw


def one_tool(rng, ts, lo, hi, reach=None, place=None, level=None):
    """One limb or tool that strikes a place. Returns draw, events, place."""
    place = spot(rng) if place is None else place
    reach = np.exp(rng.uniform(np.log(0.06), np.log(0.6))) if reach is None else reach
    h, ev = strokes(rng, ts, lo, hi)
    d, kind = down_ish(rng), rng.choice(["swing", "swing", "push", "both", "depth"])
    length = rng.uniform(0.12, 0.7)
    side = rng.choice([-1, 1])
    normal = np.array([-d[1], d[0]]) * side
    lean = normal * rng.uniform(0.5, 1.0) - d * rng.uniform(0.0, 0.8)  # from the contact to the grip
    lean /= np.linalg.norm(lean)
    grip0 = place + lean * length
    turn = side * rng.uniform(0.5, 1.2) * reach / max(length, 0.15)
    if abs(turn) > 1.6:
        turn *= 1.6 / abs(turn)
    width, lv = rng.uniform(0.015, 0.1), rng.uniform(10, 245) if level is None else level
    head = Sprite(rng, rng.uniform(0.06, 0.3)) if rng.random() < 0.6 else None
    hand = Sprite(rng, rng.uniform(0.08, 0.3), "ellipse") if rng.random() < 0.8 else None
    elbow = lean * rng.uniform(0.3, 0.8) + np.array([rng.normal(0, 0.2), rng.normal(0, 0.2)])
    arm_w, arm_lv = rng.uniform(0.04, 0.16), rng.uniform(10, 245)
    target = Sprite(rng, rng.uniform(0.12, 0.5)) if rng.random() < 0.75 else None
    jolt = ring(ts, [(t, min(1, v * reach / 4)) for t, v in ev], rng.uniform(0.03, 0.15), rng.uniform(4, 12), rng.choice([0, 0.01, 0.03, 0.05]))
    grow = rng.uniform(0.3, 1.5) * reach
    drift = np.stack([wander(rng, ts, 0.7, 0.006), wander(rng, ts, 0.7, 0.006)], 1) * h[:, None]
    body = Sprite(rng, rng.uniform(0.3, 0.9), "ellipse", 0.5) if rng.random() < 0.3 else None  # the one who strikes, leaning
    lean_xy = np.stack([wander(rng, ts, 0.8, 0.02), wander(rng, ts, 0.8, 0.02)], 1) + np.outer(h, d * rng.uniform(-0.06, 0.02))
    bits = debris(rng, [e for e in ev if rng.random() < 0.8], place, rng.integers(2, 6)) if rng.random() < 0.2 else None

    def draw(view, k):
        if body:
            view.sprite(body, grip0 + elbow + lean_xy[k], 1.57)
        if target:
            view.sprite(target, place + d * (target.size * 0.35 + jolt[k]), 0.2 * jolt[k])
        if kind == "push":
            grip, ang, size = grip0 - d * reach * h[k], 0.0, 1.0
        elif kind == "swing":
            grip, ang, size = grip0 - d * reach * 0.25 * h[k], turn * h[k], 1.0
        elif kind == "both":
            grip, ang, size = grip0 - d * reach * 0.7 * h[k], 0.4 * turn * h[k], 1.0
        else:
            grip, ang, size = grip0 - d * reach * 0.35 * h[k], 0.15 * turn * h[k], 1 + grow * h[k]
        grip = grip + drift[k]
        c, s = np.cos(ang), np.sin(ang)
        tip = grip + np.array([[c, -s], [s, c]]) @ (place - grip0) * size
        view.limb([grip + elbow, grip], arm_w * size, arm_lv)
        view.limb([grip, tip], width * size, lv)
        if head:
            view.sprite(head, tip - d * head.size * 0.25, ang + 1.0, size)
        if hand:
            view.sprite(hand, grip, ang, size)
        if bits:
            bits(view, ts[k])

    return draw, [(t, loudness(v * reach), *place) for t, v in ev], place


def stroke(rng, ts):
    """Hammer, stick, knife, hand: one tool, slow or quick."""
    lo, hi = ((0.4, 2.5), (1.5, 4.5), (3, 7))[rng.choice(3, p=[0.5, 0.35, 0.15])]
    return one_tool(rng, ts, lo, hi, None if hi < 5 else rng.uniform(0.04, 0.2))[:2]


def drums(rng, ts):
    """Two hands on one or several drums, a player's body and head behind; small and far or close."""
    size = np.exp(rng.uniform(np.log(0.35), np.log(1.2)))
    centre = np.array([rng.uniform(0.5, 1.25), rng.uniform(0.45, 0.8)])
    skins = [Sprite(rng, size * rng.uniform(0.25, 0.5)) for _ in range(rng.integers(1, 4))]
    at = [centre + size * np.array([(i - len(skins) / 2) * 0.3, rng.uniform(0.1, 0.2)]) for i in range(len(skins))]
    body, head = Sprite(rng, size * 0.6, "ellipse", 0.6), Sprite(rng, size * 0.22, "ellipse", 0.8)
    nod = wander(rng, ts, 2, 0.02 * size)
    hands = []
    for i, sx in enumerate((-1, 1)):
        place = centre + size * np.array([sx * rng.uniform(0.06, 0.22), rng.uniform(0, 0.1)])
        hands.append(one_tool(rng, ts, 1.0, 4.5, size * rng.uniform(0.1, 0.35), place))

    def draw(view, k):
        view.sprite(body, centre - [0, size * 0.3], 1.57)
        view.sprite(head, centre - [nod[k], size * 0.62 + 0.5 * nod[k]], 1.57)
        for s, p in zip(skins, at):
            view.sprite(s, p)
        for h in hands:
            h[0](view, k)

    return draw, hands[0][1] + hands[1][1]


def bounce(rng, ts):
    """One or two balls on a floor, drifting sideways, with a hand or none."""
    parts, events = [], []
    for _ in range(rng.choice([1, 1, 2])):
        h, ev = bouncing(rng, ts)
        height, floor, r = rng.uniform(0.12, 0.8), rng.uniform(0.6, 0.97), rng.uniform(0.02, 0.14)
        x = rng.uniform(0.2, 1.55) + (ts - ts.mean()) * rng.choice([0, rng.normal(0, 0.15)]) + wander(rng, ts, 0.5, 0.05)
        ball, spin = Sprite(rng, r * 2.3, "ellipse", 1.0), rng.normal(0, 5)
        squash = rng.uniform(0, 0.25)
        parts.append((h, height, floor, r, x, ball, spin, squash))
        events += [(t, loudness(v * height), float(np.interp(t, ts, x)), floor) for t, v in ev]

    def draw(view, k):
        for h, height, floor, r, x, ball, spin, squash in parts:
            s = 1 - squash * max(0, 1 - h[k] * height / r)
            view.blob((x[k], floor + 0.01), r * 0.9, r * 0.2, 0, 30)
            view.sprite(ball, (x[k], floor - r - h[k] * height), spin * ts[k], s)

    return draw, events


def drop(rng, ts):
    """Things let fall or put down hard: a slab, a bar, a box, a cup; each lands once and rattles little."""
    times = gaps(rng, ts[-1], 0.3, 1.3)
    spr, floor, x0 = Sprite(rng, rng.uniform(0.12, 0.6)), rng.uniform(0.5, 0.95), rng.uniform(0.3, 1.45)
    height, g = rng.uniform(0.15, 0.8), rng.uniform(2, 10)
    y, tilt, events = np.full_like(ts, floor), np.zeros_like(ts), []
    for t, nxt in zip(times[:-1], times[1:]):
        fall = min(np.sqrt(2 * height / g), 0.5 * (nxt - t))
        hit = t + fall
        m = (ts >= t) & (ts < hit)
        y[m] = floor - height * (1 - ((ts[m] - t) / fall) ** 2)
        tilt[m] = 0.5 * (1 - (ts[m] - t) / fall) * rng.normal()
        v = 2 * height / fall
        events.append((hit, loudness(v), x0, floor))
        rest, u0 = rng.uniform(0, 0.3), hit
        if rest > 0.1:
            dt = 2 * rest * v / g
            m = (ts >= hit) & (ts < hit + dt)
            u = ts[m] - hit
            y[m] = floor - (rest * v * u - 0.5 * g * u * u)
            u0 = hit + dt
            events.append((u0, loudness(rest * v), x0, floor))
        gone = 0.45 * (nxt - u0) + u0
        m = (ts >= gone) & (ts < nxt)
        y[m] = floor - height * smooth((ts[m] - gone) / max(nxt - gone, 1e-3) * 1.15)
    hand, show = Sprite(rng, rng.uniform(0.1, 0.3), "ellipse"), rng.random() < 0.5
    up = np.maximum.accumulate(y[::-1])[::-1] if show else y
    lx = wander(rng, ts, 0.4, 0.03)

    def draw(view, k):
        view.sprite(spr, (x0, y[k] - spr.size * 0.3), tilt[k])
        if show and y[k] <= up[k] - 1e-6:
            view.limb([(x0 + 0.3 + lx[k], -0.1), (x0 + lx[k], y[k] - spr.size * 0.6)], 0.08, hand.lum[20, 20])

    return draw, events


def swing_hit(rng, ts):
    """A racket, bat or foot swings through a ball: the ball's course breaks, the swing goes on. Some swings miss."""
    times = gaps(rng, ts[-1], 0.3, 1.1)
    place = spot(rng, 0.25)
    ball, r = Sprite(rng, rng.uniform(0.03, 0.12), "ellipse", 1.0), rng.uniform(0.25, 0.7)
    pivot = place + np.array([rng.choice([-1, 1]) * r * 0.7, -r * 0.6 * rng.choice([-1, 1])])
    base = np.arctan2(*(place - pivot)[::-1])
    sweep, dur, way = rng.uniform(1.0, 2.6), rng.uniform(0.15, 0.5), rng.choice([-1, 1])
    ang, bx, by, events = np.full_like(ts, base - way * sweep), np.full_like(ts, -9.0), np.full_like(ts, -9.0), []
    cur = -way * sweep
    for a, b in zip(times[:-1], times[1:]):
        miss = rng.random() < 0.25
        rate = 2 * sweep / dur  # swing from -sweep to +sweep around b
        m = (ts >= b - dur) & (ts < b + dur)
        ang[m] = base + way * sweep * np.sin(np.pi / 2 * (ts[m] - b) / dur)
        m = (ts >= b + dur) & (ts < b + max(dur * 1.05, (b - a) * 0.9))
        ang[m] = base + way * sweep * (1 - 2 * smooth((ts[m] - b - dur) / max(0.2, 0.35 * (b - a))))
        tang = way * np.array([-(place - pivot)[1], (place - pivot)[0]]) / max(np.linalg.norm(place - pivot), 0.1)
        v_in, v_out = rng.normal(0, 0.5, 2) + [0, rng.choice([0, 0.8])], tang * rate * r * rng.uniform(0.5, 1.0)
        m = (ts >= b - 0.8) & (ts < b + 1.0)
        u = ts[m] - b
        p = place + np.where(u[:, None] < 0, v_in * u[:, None], (v_in if miss else v_out) * u[:, None])
        bx[m], by[m] = p[:, 0], p[:, 1] + 0.5 * u * u
        if not miss:
            events.append((b, loudness(rate * r), *place))
    head, arm = Sprite(rng, rng.uniform(0.1, 0.3), "ellipse"), rng.uniform(10, 245)
    body = Sprite(rng, r * 1.2, "ellipse", 0.45)

    def draw(view, k):
        tip = pivot + np.linalg.norm(place - pivot) * np.array([np.cos(ang[k]), np.sin(ang[k])])
        view.sprite(body, pivot + [0, r * 0.3], 1.57)
        view.limb([pivot, tip], 0.05, arm)
        view.sprite(head, tip, ang[k])
        view.sprite(ball, (bx[k], by[k]))

    return draw, events
