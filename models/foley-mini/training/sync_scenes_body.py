"""Scenes with people: footsteps in several views, juggling a ball, jumps. Same form as sync_scenes_hit."""
import numpy as np

from sync_draw import ASPECT, Sprite
from sync_motion import loudness, smooth, wander


def foot_cycle(phase, stride, lift):
    """Foot relative to the hip over a gait phase 0..1: planted for 0..0.6 (goes back), swung 0.6..1. Returns x, up, each [K]."""
    p = phase % 1.0
    stance = p < 0.6
    u = np.where(stance, p / 0.6, (p - 0.6) / 0.4)
    x = np.where(stance, 0.5 - u, -0.5 + smooth(u)) * stride
    up = np.where(stance, 0, np.sin(np.pi * np.clip(u, 0, 1)) ** 0.8) * lift
    return x, up


def gait_phase(rng, ts):
    """Phase of the left leg [K] with slight unevenness, the cadence (steps per second) and the heel strikes (t, left?)."""
    cadence = np.exp(rng.uniform(np.log(1.3), np.log(3.2)))
    fine = np.arange(-1, ts[-1] + 1, 1 / 240)
    speed = cadence / 2 * (1 + 0.08 * np.interp(fine, ts, wander(rng, ts, 0.5, 1.0)))
    if rng.random() < 0.3:  # stands still for a while
        a, b = np.sort(rng.uniform(0, ts[-1], 2))
        speed = np.where((fine > a) & (fine < b), 0, speed)
    ph = np.cumsum(speed) / 240 + rng.uniform(0, 1)
    strikes = [(float(t), left) for left, off in ((True, 0.0), (False, 0.5)) for t in fine[1:][np.diff(np.floor(ph + off)) > 0]]
    return np.interp(ts, fine, ph), cadence, strikes


def walk_side(rng, ts):
    """A figure from the side, walking across the picture or followed by the camera (the ground scrolls)."""
    ph, cadence, strikes = gait_phase(rng, ts)
    tall = np.exp(rng.uniform(np.log(0.35), np.log(1.6)))
    legs_only = tall > 1.0
    ground, way = rng.uniform(0.72, 0.95), rng.choice([-1, 1])
    stride, lift = tall * rng.uniform(0.22, 0.42), tall * rng.uniform(0.03, 0.12)
    speed = stride / 0.6 * cadence / 2
    moved = np.interp(ts, ts, np.concatenate([[0], np.cumsum(np.diff(ph) * stride / 0.6)]))
    follow = rng.random() < 0.4 or legs_only
    x = (np.full_like(ts, rng.uniform(0.5, 1.2)) if follow else ASPECT / 2 + way * (moved - rng.uniform(0.2, 0.8) * moved[-1]))
    xl, ul = foot_cycle(ph, stride, lift)
    xr, ur = foot_cycle(ph + 0.5, stride, lift)
    leg, bob = 0.5 * tall, 0.015 * tall * np.cos(4 * np.pi * ph)
    lv1, lv2, lvs, w = rng.uniform(10, 240), rng.uniform(10, 240), rng.uniform(10, 240), tall * rng.uniform(0.05, 0.1)
    torso, head = Sprite(rng, tall * 0.4, "ellipse", 0.55), Sprite(rng, tall * 0.16, "ellipse", 0.85)
    marks = [(rng.uniform(0, 3), rng.uniform(ground, 1.0), rng.uniform(5, 250)) for _ in range(12)] if follow else []
    arm = tall * 0.3 * np.sin(2 * np.pi * ph)

    def draw(view, k):
        for mx, my, lv in marks:
            view.blob(((mx - way * moved[k]) % 3 - 0.6, my), 0.05, 0.012, 0, lv)
        hip = np.array([x[k], ground - leg + bob[k]])
        for fx, fu, lv in ((xr[k], ur[k], lv2), (xl[k], ul[k], lv1)):
            foot = np.array([x[k] + way * fx, ground - fu])
            knee = (hip + foot) / 2 + [way * (0.05 * tall + fu * 0.8), 0]
            view.limb([hip, knee, foot], w, lv)
            view.limb([foot, foot + [way * 0.09 * tall, 0.0]], w * 0.8, lvs)
        if not legs_only:
            view.sprite(torso, hip - [0, 0.2 * tall], 1.57)
            view.sprite(head, hip - [0, 0.46 * tall], 1.57)
            view.limb([hip - [0, 0.35 * tall], hip + [way * arm[k] * 0.6, -0.05 * tall]], w * 0.6, lv2)

    force = loudness(speed * 1.2 + lift / 0.1 * 0.3)
    ev = [(t, force, float(np.interp(t, ts, x)) + way * 0.5 * stride, ground) for t, _ in strikes]
    return draw, ev


def walk_front(rng, ts):
    """A figure walking towards or away from the camera, or feet alone from the front: small lifts, growth, bob."""
    ph, cadence, strikes = gait_phase(rng, ts)
    tall0, grow = rng.uniform(0.4, 1.3), rng.choice([0, rng.uniform(-0.12, 0.15)])
    tall = np.clip(tall0 * (1 + grow * (ts - ts.mean())), 0.2, 2.0)
    ground = np.clip(rng.uniform(0.7, 0.95) + 0.1 * (tall - tall0), 0.5, 1.1)
    x = rng.uniform(0.5, 1.25) + wander(rng, ts, 0.3, 0.05) + 0.02 * np.sin(2 * np.pi * ph)
    _, ul = foot_cycle(ph, 1, rng.uniform(0.06, 0.14))
    _, ur = foot_cycle(ph + 0.5, 1, rng.uniform(0.06, 0.14))
    lv, lvs, w = rng.uniform(10, 240), rng.uniform(10, 240), rng.uniform(0.07, 0.13)
    body, head = Sprite(rng, 0.42, "ellipse", 0.6), Sprite(rng, 0.16, "ellipse", 0.8)
    gap, bob = rng.uniform(0.06, 0.14), 0.02 * np.cos(4 * np.pi * ph)

    def draw(view, k):
        s = tall[k]
        hip = np.array([x[k], ground[k] - 0.5 * s + bob[k] * s])
        for side, u in ((-1, ul[k]), (1, ur[k])):
            foot = np.array([x[k] + side * gap * s, ground[k] - u * s])
            view.limb([hip + [side * gap * 0.7 * s, 0], foot + [0, -0.2 * s * (1 - u)], foot], w * s, lv)
            view.blob(foot, 0.06 * s * (1 + u), 0.035 * s * (1 + 2 * u), 0, lvs)
        view.sprite(body, hip - [0, 0.2 * s], 1.57, s)
        view.sprite(head, hip - [0, 0.46 * s], 1.57, s)

    force = loudness(cadence * 0.5 * tall0)
    ev = [(t, force, float(np.interp(t, ts, x)) + (-1 if left else 1) * gap * tall0, float(np.interp(t, ts, ground))) for t, left in strikes]
    return draw, ev


def juggle(rng, ts):
    """A ball kept up by feet, knees, head or a hand: it flies, is met by a limb, and flies again."""
    g = np.exp(rng.uniform(np.log(1.2), np.log(9.0)))
    tall = rng.uniform(0.5, 1.2)
    hip = np.array([rng.uniform(0.6, 1.15), rng.uniform(0.4, 0.6)])
    leg = 0.5 * tall
    r, ball = rng.uniform(0.02, 0.08), None
    ball = Sprite(rng, r * 2.3, "ellipse", 1.0, rng.choice([None, 235, 25]))
    spots = {"foot": (0.12, 0.42), "knee": (0.14, 0.18), "head": (0.05, -0.62), "hand": (0.2, -0.15)}
    kinds = rng.choice(list(spots), size=2)
    px, py, reach = np.zeros_like(ts), np.zeros_like(ts), np.zeros((4, len(ts)))
    t, events = -rng.uniform(0, 0.6), []
    def place():
        kind = rng.choice(kinds)
        s = rng.choice([-1, 1])
        sx, sy = spots[kind]
        return kind, s, hip + tall * np.array([s * sx + rng.normal(0, 0.03), sy + rng.normal(0, 0.03)])
    now = place()
    while t < ts[-1]:
        nxt = place()
        up = rng.uniform(0.08, 0.5) * tall
        top = min(now[2][1], nxt[2][1]) - up
        t1, t2 = np.sqrt(2 * (now[2][1] - top) / g), np.sqrt(2 * (nxt[2][1] - top) / g)
        events.append((t, loudness(g * t1 + 0.3), *now[2]))
        m = (ts >= t) & (ts < t + t1 + t2)
        u = ts[m] - t
        px[m] = now[2][0] + (nxt[2][0] - now[2][0]) * u / (t1 + t2)
        py[m] = now[2][1] - g * t1 * u + 0.5 * g * u * u
        t += t1 + t2
        i = ["foot", "knee", "head", "hand"].index(nxt[0])
        lead, after = rng.uniform(0.12, 0.3), rng.uniform(0.15, 0.4)
        e = np.where(ts < t, smooth((ts - t + lead) / lead), 1 - smooth((ts - t) / after))
        reach[i] = np.where(np.abs(e) > np.abs(reach[i]), e * nxt[1], reach[i])
        now = nxt
    sway, lv, w = wander(rng, ts, 0.8, 0.02), rng.uniform(10, 240), tall * rng.uniform(0.06, 0.11)
    torso, head, lvs = Sprite(rng, tall * 0.42, "ellipse", 0.55), Sprite(rng, tall * 0.16, "ellipse", 0.8), rng.uniform(10, 240)
    sway -= np.interp(events[0][0], ts, sway)

    def draw(view, k):
        h = hip + [sway[k] * 0.5, 0]
        f, kn, he, ha = reach[:, k]
        for s in (-1, 1):
            raised = max(0, s * f) * 0.12 + max(0, s * kn) * 0.2
            foot = h + tall * np.array([s * (0.06 + 0.3 * raised), 0.5 - raised])
            knee = h + tall * np.array([s * (0.07 + 0.4 * max(0, s * kn) * 0.2), 0.25 - 0.35 * raised])
            view.limb([h + [s * 0.03, 0], knee, foot, foot + [s * 0.05 * tall, 0.01]], w, lv)
            el = h + tall * np.array([s * 0.2, -0.22 + 0.05 * max(0, s * ha)])
            view.limb([h - [0, 0.36 * tall], el, el + tall * np.array([s * 0.06, 0.1 - 0.12 * max(0, s * ha)])], w * 0.6, lvs)
        view.sprite(torso, h - [0, 0.2 * tall], 1.57)
        view.sprite(head, h - [0, (0.47 + 0.03 * abs(he)) * tall], 1.57)
        view.sprite(ball, (px[k], py[k] - r), 2 * ts[k])

    return draw, events


def jump(rng, ts):
    """A figure (or an animal, or a bar with weights) leaves the ground and lands; landings are events."""
    from sync_motion import gaps
    times = gaps(rng, ts[-1], 0.5, 2.2)
    tall, ground, x0 = rng.uniform(0.3, 1.0), rng.uniform(0.7, 0.95), rng.uniform(0.4, 1.35)
    y, crouch, events = np.zeros_like(ts), np.zeros_like(ts), []
    for t, nxt in zip(times[:-1], times[1:]):
        fly = min(rng.uniform(0.25, 0.7), 0.6 * (nxt - t))
        peak = tall * rng.uniform(0.08, 0.35)
        u = (ts - t) / fly
        y = np.where((u >= 0) & (u < 1), 4 * peak * u * (1 - u), y)
        crouch = np.maximum(crouch, np.where(u < 0, smooth(1 + u * 2) * (u > -0.5), np.where(u > 1, np.exp(-np.maximum(u - 1, 0) * 6), 0)))
        events.append((t + fly, loudness(4 * peak / fly), x0, ground))
    lv, w = rng.uniform(10, 240), tall * 0.1
    body, head = Sprite(rng, tall * 0.45), Sprite(rng, tall * 0.18, "ellipse", 0.8)

    def draw(view, k):
        foot = np.array([x0, ground - y[k]])
        hip = foot - [0, tall * (0.45 - 0.15 * crouch[k])]
        for s in (-1, 1):
            view.limb([hip, (hip + foot) / 2 + [s * 0.1 * tall * (0.4 + crouch[k]), 0], foot + [s * 0.08 * tall, 0]], w, lv)
        view.sprite(body, hip - [0, 0.2 * tall], 1.57)
        view.sprite(head, hip - [0, 0.47 * tall], 0)

    return draw, events
