"""Scenes with contacts that train the weak spots: feet from above, small taps, water, drags. Same form as sync_scenes_hit."""
import numpy as np

from sync_draw import Sprite
from sync_motion import gaps, loudness, ring, smooth, strokes, wander
from sync_scenes_body import gait_phase
from sync_scenes_hit import down_ish, one_tool, spot


def walk_above(rng, ts):
    """Feet seen from above or over the shoulder: each goes forward in one sweep and stands; the ground slides under them."""
    ph, cadence, strikes = gait_phase(rng, ts)
    size, away = rng.uniform(0.12, 0.4), rng.choice([-1, 1])
    a = rng.normal(0, 0.35)
    ahead, side = away * np.array([np.sin(a), -np.cos(a)]), np.array([np.cos(a), np.sin(a)])
    mid, stride, gap = spot(rng, 0.3), size * rng.uniform(0.8, 1.8), size * rng.uniform(0.35, 0.7)
    shoe = Sprite(rng, size, "ellipse", rng.uniform(0.4, 0.6))
    trouser, lv, w = rng.random() < 0.6, rng.uniform(10, 240), size * rng.uniform(0.4, 0.8)
    marks = [(rng.uniform(-1, 2.7), rng.uniform(0, 2), rng.uniform(5, 250), rng.uniform(0.01, 0.06)) for _ in range(14)]
    sway = np.stack([0.02 * np.sin(2 * np.pi * ph), 0.012 * np.cos(4 * np.pi * ph)], 1) * rng.uniform(0, 1.5)
    grow = rng.uniform(0.05, 0.3)

    def foot(p):
        p = p % 1.0
        u = np.where(p < 0.6, p / 0.6, (p - 0.6) / 0.4)
        return np.where(p < 0.6, 0.5 - u, -0.5 + smooth(u)), np.where(p < 0.6, 0, np.sin(np.pi * np.clip(u, 0, 1)))

    (xl, ul), (xr, ur) = foot(ph), foot(ph + 0.5)

    def draw(view, k):
        for mx, my, lv2, r in marks:
            q = np.array([mx, (my + ph[k] * stride / 0.6) % 2 - 0.5])
            view.blob(mid + (q - [0.9, 0.5])[0] * side - (q - [0.9, 0.5])[1] * ahead, r, r * 0.5, 0, lv2)
        for s, x, u in ((-1, xl[k], ul[k]), (1, xr[k], ur[k])):
            p = mid + s * gap * side + x * stride * ahead + sway[k]
            if trouser:
                view.limb([p - ahead * size * 0.3, mid - ahead * (0.5 * size + 1.0) + s * gap * 0.6 * side], w, lv)
            view.sprite(shoe, p, np.arctan2(ahead[1], ahead[0]), 1 + grow * u)

    force = loudness(cadence * stride)
    return draw, [(t, force, *(mid + (-1 if left else 1) * gap * side + 0.45 * stride * ahead)) for t, left in strikes]


def tap(rng, ts):
    """Small quick taps close to a large thing: fingers, pen, spoon, the tip of a hammer; the hand hardly leaves it."""
    place = spot(rng)
    a = one_tool(rng, ts, 1.2, 5.0, rng.uniform(0.03, 0.12), place)
    thing, d = Sprite(rng, rng.uniform(0.3, 0.9)), down_ish(rng)
    rock = ring(ts, [(e[0], e[1]) for e in a[1]], rng.uniform(0.03, 0.2), rng.uniform(3, 10), rng.choice([0, 0.01, 0.02]))

    def draw(view, k):
        view.sprite(thing, place + d * thing.size * 0.4 + d * rock[k], rock[k])
        a[0](view, k)

    return draw, a[1]


def spray(rng, view, t, events, level, at):
    """Drops thrown up at each event and a ring that widens on the water."""
    for t0, w, *_ in events:
        u = t - t0
        if 0 < u < 0.7:
            own = np.random.default_rng(int(abs(t0) * 1e4))
            for _ in range(10):
                v = own.normal(0, 0.5) * (0.4 + w), -own.uniform(0.4, 1.6) * (0.3 + w)
                view.blob((at[0] + v[0] * u, min(at[1] + 0.02, at[1] + v[1] * u + 2.2 * u * u)), 0.012, 0.018, 0, level)
            view.blob(at, 0.06 + 0.5 * u, 0.012 + 0.06 * u, 0, level - 60 * u)


def splash(rng, ts):
    """Things and drops that fall into water: they vanish under it, drops fly up, a ring widens."""
    times, at = gaps(rng, ts[-1], 0.4, 3.0), np.array([rng.uniform(0.3, 1.45), rng.uniform(0.5, 0.85)])
    g, size, level = rng.uniform(1.5, 9), np.exp(rng.uniform(np.log(0.03), np.log(0.3))), rng.uniform(120, 255)
    thing, water = Sprite(rng, size), rng.uniform(30, 160)
    tall, drift = rng.uniform(0.3, 0.9), rng.normal(0, 0.3)
    wave = 0.008 * np.sin(2 * np.pi * ts * rng.uniform(0.5, 1.5))
    events = [(t, loudness(np.sqrt(2 * g * tall) * (0.4 + 2 * size)), *at) for t in times]

    def draw(view, k):
        view.poly([(-1, at[1] + wave[k]), (3, at[1] - wave[k]), (3, 2), (-1, 2)], water)
        for t in times:
            u = ts[k] - t
            if -np.sqrt(2 * tall / g) < u < 0.03:
                y = at[1] - tall + 0.5 * g * (u + np.sqrt(2 * tall / g)) ** 2
                view.sprite(thing, (at[0] + drift * u, min(y, at[1] + size)), 2 * u)
        view.poly([(-1, at[1] + 0.35 * size), (3, at[1] + 0.35 * size), (3, 2), (-1, 2)], water - 8)
        spray(rng, view, ts[k], events, level, at)

    return draw, events


def drag(rng, ts):
    """A tool pressed on a surface is pushed or pulled in strokes with rests between: one (soft) event where each begins."""
    times, at, a = gaps(rng, ts[-1], 0.5, 2.5), spot(rng, 0.25), rng.normal(0, 0.4)
    d, span = np.array([np.cos(a), np.sin(a)]), rng.uniform(0.08, 0.4)
    x, events, way = np.zeros_like(ts), [], 1
    for t, nxt in zip(times[:-1], times[1:]):
        dur = min(rng.uniform(0.12, 0.5), 0.75 * (nxt - t))
        u = np.clip((ts - t) / dur, 0, 1)
        x += way * span * (1 - (1 - u) ** 1.6)
        events.append((t + 0.02, loudness(0.7 * span / dur), *(at + d * (0.5 - (way > 0)) * span)))
        way = -way
    x -= span / 2
    tool, hand, board = Sprite(rng, rng.uniform(0.1, 0.35)), Sprite(rng, rng.uniform(0.12, 0.3), "ellipse"), Sprite(rng, rng.uniform(0.5, 1.2), "box", 0.5)
    lv, w = rng.uniform(10, 240), rng.uniform(0.05, 0.14)

    def draw(view, k):
        p = at + d * x[k]
        view.sprite(board, at + [0, board.size * 0.25], a)
        view.limb([p + [0.5, -0.6], p + [0.05, -0.08]], w, lv)
        view.sprite(tool, p, a)
        view.sprite(hand, p + [0.03, -0.08], a)

    return draw, events


def dribble(rng, ts):
    """A ball pushed to the floor by a hand again and again: the floor is the event, the hand is not."""
    rate, floor, top = rng.uniform(1.0, 2.6), rng.uniform(0.7, 0.97), rng.uniform(0.3, 0.55)
    times = np.arange(rng.uniform(-1, 0), ts[-1] + 1, 1 / rate)
    x, r = rng.uniform(0.4, 1.35) + wander(rng, ts, 0.5, 0.08), rng.uniform(0.03, 0.1)
    u = ((ts - times[0]) * rate) % 1
    h = 1 - np.abs(2 * u - 1) ** 1.5 if rng.random() < 0.5 else 4 * u * (1 - u)
    ball, hand, lv = Sprite(rng, 2.3 * r, "ellipse", 1.0), Sprite(rng, rng.uniform(0.1, 0.25), "ellipse", 0.5), rng.uniform(10, 240)
    body = Sprite(rng, 0.7, "ellipse", 0.5)

    def draw(view, k):
        view.sprite(body, (x[k] + 0.35, 0.45), 1.57)
        y = floor - r - h[k] * (floor - top)
        view.sprite(ball, (x[k], y), 4 * ts[k])
        p = np.array([x[k], max(top - 0.12, y - 1.6 * r - 0.02) if h[k] > 0.72 else top - 0.1 + 0.1 * (0.72 - h[k])])
        view.limb([(x[k] + 0.35, 0.3), p], 0.07, lv)
        view.sprite(hand, p)

    return draw, [(t, loudness(3 * rate * (floor - top)), float(np.interp(t, ts, x)), floor) for t in times]


def knock(rng, ts):
    """A fist on a door from the side: short pushes of the forearm about the elbow."""
    h, ev = strokes(rng, ts, 1.5, 6.0, fake=0.0)
    at, way, reach = spot(rng, 0.3), rng.choice([-1, 1]), rng.uniform(0.04, 0.16)
    fist, lv, w = Sprite(rng, rng.uniform(0.1, 0.25)), rng.uniform(10, 240), rng.uniform(0.06, 0.14)
    door = rng.uniform(20, 230)

    def draw(view, k):
        x = at[0]
        view.poly([(x, -1), (x + way * 3, -1), (x + way * 3, 2), (x, 2)], door)
        p = at - [way * (0.4 * fist.size + reach * h[k]), 0.3 * reach * h[k]]
        view.limb([at - [way * 0.6, -0.35], p], w, lv)
        view.sprite(fist, p, way * h[k] * 0.4)

    return draw, [(t, loudness(v * reach), *at) for t, v in ev]


def stamp(rng, ts):
    """One leg is lifted and put down hard; the other stands."""
    h, ev = strokes(rng, ts, 0.4, 2.0)
    tall, ground, x = rng.uniform(0.5, 1.6), rng.uniform(0.75, 0.95), rng.uniform(0.5, 1.2)
    lift, lv, w, gap = tall * rng.uniform(0.06, 0.2), rng.uniform(10, 240), tall * rng.uniform(0.06, 0.11), rng.uniform(0.06, 0.14)
    body = Sprite(rng, tall * 0.42, "ellipse", 0.6)

    def draw(view, k):
        hip = np.array([x, ground - 0.5 * tall])
        for s, up in ((-1, 0), (1, lift * h[k])):
            foot = np.array([x + s * gap * tall, ground - up])
            view.limb([hip, (hip + foot) / 2 + [0.05 * tall + up * 0.7, -0.2 * up], foot, foot + [0.09 * tall, 0]], w, lv)
        view.sprite(body, hip - [0, 0.2 * tall], 1.57)

    return draw, [(t, loudness(v * lift), x + gap * tall, ground) for t, v in ev]


def overhead(rng, ts):
    """An axe or a sledge from far behind the head in one long arc; the top is as quick as the blow, and no event."""
    times = gaps(rng, ts[-1], 0.4, 1.1)
    at, arm, way = np.array([rng.uniform(0.5, 1.25), rng.uniform(0.65, 0.85)]), rng.uniform(0.35, 0.7), rng.choice([-1, 1])
    ang, events = np.full_like(ts, 0.0), []
    for t, nxt in zip(times[:-1], times[1:]):
        down, far = rng.uniform(0.14, 0.3), rng.uniform(1.6, 2.8)
        rise = min(rng.uniform(0.25, 0.7), nxt - t - down - 0.05)
        m = (ts >= nxt - down) & (ts < nxt)
        ang[m] = far * (1 - ((ts[m] - nxt + down) / down) ** 2)
        m = (ts >= nxt - down - rise) & (ts < nxt - down)
        u = (ts[m] - nxt + down + rise) / rise
        ang[m] = far * (1 - (1 - u) ** 1.3)
        events.append((nxt, loudness(2 * far * arm / down), *at))
    pivot = at - np.array([way * arm * 0.95, arm * 0.3])
    base = np.arctan2(*(at - pivot)[::-1])
    head, lv, body = Sprite(rng, rng.uniform(0.1, 0.25), "box"), rng.uniform(10, 240), Sprite(rng, 0.6, "ellipse", 0.5)
    block, length = Sprite(rng, rng.uniform(0.15, 0.4), "box"), np.linalg.norm(at - pivot)

    def draw(view, k):
        a = base - way * ang[k]
        tip = pivot + length * np.array([np.cos(a), np.sin(a)])
        view.sprite(block, at + [0, 0.4 * block.size])
        view.sprite(body, pivot + [-way * 0.1, 0.15], 1.57 - way * 0.1 * ang[k])
        view.limb([pivot, tip], 0.04, lv)
        view.sprite(head, tip - [0, 0.2 * head.size], a)

    return draw, events


def plunge(rng, ts):
    """Something at rest in the water is struck from the side or skims it: splashes without a fall."""
    h, ev = strokes(rng, ts, 0.5, 2.5, fake=0.0)
    at, water, level = np.array([rng.uniform(0.4, 1.3), rng.uniform(0.5, 0.8)]), rng.uniform(30, 170), rng.uniform(120, 255)
    reach, hand, lv = rng.uniform(0.1, 0.4), Sprite(rng, rng.uniform(0.1, 0.35)), rng.uniform(10, 240)
    events = [(t, loudness(v * reach), *at) for t, v in ev]

    def draw(view, k):
        view.poly([(-1, at[1]), (3, at[1]), (3, 2), (-1, 2)], water)
        p = at - [0.5 * reach * h[k], reach * h[k]]
        view.limb([p - [0.5, 0.5], p], 0.09, lv)
        view.sprite(hand, p, h[k])
        spray(rng, view, ts[k], events, level, at)

    return draw, events


def cannon(rng, ts):
    """A barrel on a stand: a flash, the whole picture jolts, smoke drifts away."""
    times, at, way = gaps(rng, ts[-1], 0.3, 1.5), spot(rng, 0.3), rng.choice([-1, 1])
    back, size = rng.uniform(0.02, 0.15), rng.uniform(0.3, 0.8)
    barrel, stand, lit = Sprite(rng, size, "box", 0.3), Sprite(rng, size * 0.7), rng.random() < 0.7
    env = np.zeros_like(ts)
    for t in times:
        u = ts - t
        env = np.maximum(env, np.where((u > 0) & (u < 1.2), np.minimum(u / 0.03, 1) * np.exp(-np.maximum(u, 0) / 0.3), 0))
    mouth = at + [way * size * 0.55, 0]

    def draw(view, k):
        view.sprite(stand, at + [0, 0.25 * size])
        view.sprite(barrel, at - [way * back * env[k], 0], -way * 0.1 * env[k])
        for t in times:
            u = ts[k] - t
            if 0 <= u < 0.05 and lit:
                view.blob(mouth, 0.12, 0.08, 0, 255)
            if 0 <= u < 1.0:
                view.blob(mouth + [way * 0.3 * u, -0.15 * u], 0.04 + 0.2 * u, 0.03 + 0.15 * u, 0, 200 - 60 * u)

    return draw, [(t, float(rng.uniform(0.7, 1)), *mouth) for t in times]


def stairs(rng, ts):
    """Legs that climb or descend steps across the picture: each foot comes down flat on the next one."""
    ph, cadence, strikes = gait_phase(rng, ts)
    size, up, way = rng.uniform(0.3, 0.9), rng.choice([-1, 1]), rng.choice([-1, 1])
    run, rise = size * 0.3, size * 0.17 * up
    def foot(p):
        n, u = np.floor(p), p % 1.0
        s = smooth(np.clip((u - 0.55) / 0.45, 0, 1))
        return 2 * (n + s), np.sin(np.pi * s) * size * 0.12
    (nl, ul), (nr, ur) = foot(ph), foot(ph + 0.5)
    nr = nr - 1
    mid = np.interp(ts[-1] / 2, ts, 2 * ph)
    centre, lv, lv2, w = spot(rng, 0.35), rng.uniform(10, 240), rng.uniform(10, 240), size * rng.uniform(0.07, 0.12)
    follow = 2 * ph if rng.random() < 0.5 else np.full_like(ts, mid)
    grey = rng.uniform(30, 220)

    def at(n, k):
        return centre + np.array([way * run * (n - follow[k]), -rise * (n - follow[k])])

    def draw(view, k):
        first = int(np.floor(follow[k])) - 6
        for n in range(first, first + 13):
            q = at(n, k)
            view.poly([q + [-run * 0.5, 0], q + [run * 0.5, 0], q + [run * 0.5, 2], q + [-run * 0.5, 2]], grey + 25 * (n % 2))
        hip = at(2 * ph[k] + 0.3, k) - [0, size * 0.55]
        for n, u, c in ((nr[k], ur[k], lv2), (nl[k], ul[k], lv)):
            p = at(n, k) - [0, u + (abs(rise) * 0.5 if u > 0.01 else 0)]
            view.limb([hip, (hip + p) / 2 + [way * 0.1 * size, 0], p, p + [way * 0.1 * size, 0]], w, c)

    force = loudness(cadence * 0.4 * size + 0.3)
    return draw, [(t, force, *(centre + np.array([way * run, -rise]) * (float(np.interp(t, ts, 2 * ph - follow)) + 0.5))) for t, _ in strikes]


def door(rng, ts):
    """A door or a lid seen from the front that turns on its hinge and shuts: it grows wide, then stops."""
    h, ev = strokes(rng, ts, 0.25, 1.0, fake=rng.choice([0, 0.3]))
    x0, wide, tall, way = rng.uniform(0.4, 1.2), rng.uniform(0.3, 0.8), rng.uniform(0.5, 1.2), rng.choice([-1, 1])
    y0, lv, inside = rng.uniform(-0.2, 0.3), rng.uniform(20, 230), rng.uniform(5, 120)

    def draw(view, k):
        view.poly([(x0, y0), (x0 + way * wide, y0), (x0 + way * wide, y0 + tall), (x0, y0 + tall)], inside)
        a = 1.4 * h[k]
        x, s = x0 + way * wide * np.cos(a), 0.25 * tall * np.sin(a)
        view.poly([(x0, y0), (x, y0 - s), (x, y0 + tall + s), (x0, y0 + tall)], lv)
        view.blob((x0 + (x - x0) * 0.85, y0 + tall * 0.5), 0.03, 0.03, 0, 255 - lv)

    return draw, [(t, loudness(v * wide), x0 + way * wide * 0.9, y0 + tall * 0.5) for t, v in ev]
