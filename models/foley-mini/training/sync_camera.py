"""Where the camera is: its path over a drawn shot, and the perspective of one that is held in a hand."""
import cv2
import numpy as np

from sync_draw import H, W
from sync_motion import ring, smooth, wander


def path(rng, ts, events):
    """Zoom [K], centre offset [K, 2] (world units), roll [K]: the camera's path over a shot."""
    kind = rng.choice(["tripod", "hand", "hand", "pan", "wild"])
    far = rng.uniform(0.4, 0.85) if rng.random() < 0.2 else np.exp(rng.normal(0, 0.12))
    zoom, off, roll = np.full_like(ts, far), np.zeros((len(ts), 2)), np.zeros_like(ts)
    if kind in ("hand", "wild"):
        amt = np.exp(rng.uniform(np.log(0.002), np.log(0.03))) * (2 if kind == "wild" else 1)
        for rate, share in ((0.6, 1.0), (2.0, 0.4), (6.0, 0.12)):
            off += amt * share * np.stack([wander(rng, ts, rate, 1), wander(rng, ts, rate, 1)], 1)
        roll += wander(rng, ts, 0.8, amt * 0.5)
        zoom = zoom * np.exp(wander(rng, ts, 0.5, amt * 0.6))
    if kind in ("pan", "wild"):
        for _ in range(rng.integers(1, 4)):
            a, d = rng.uniform(ts[0], ts[-1]), rng.uniform(0.2, 2.0)
            off += np.outer(smooth((ts - a) / d), rng.normal(0, 0.25, 2))
        off -= off[len(ts) // 2] * rng.uniform(0.3, 1)
    if rng.random() < 0.15:
        zoom = zoom * np.exp(rng.normal(0, 0.3) * smooth((ts - rng.uniform(ts[0], ts[-1])) / rng.uniform(0.3, 2)))
    if events and rng.random() < 0.12:
        off[:, 1] += ring(ts, [(e[0], e[1]) for e in events], rng.uniform(0.04, 0.12), rng.uniform(6, 14), rng.uniform(0.003, 0.02))
    return zoom, off, roll


def by_hand(rng, frames, events, fps):
    """The camera turns about its own axes in a hand: a perspective that wanders. f32 [n, 64, 112]; events move along."""
    n = len(frames)
    t = np.arange(n) / fps
    move = lambda low, high: sum(wander(rng, t, rate * rng.uniform(0.7, 1.4), np.exp(rng.uniform(np.log(low), np.log(high))) * share) for rate, share in ((0.7, 1.0), (2.0, 0.5), (5.0, 0.2)))
    tilt, shift, roll = [move(0.005, 0.12) for _ in range(2)], [move(0.004, 0.06) for _ in range(2)], move(0.002, 0.03)
    steady = smooth((t - rng.uniform(0, t[-1] + 1)) / rng.uniform(0.2, 1.5)) if rng.random() < 0.3 else 1.0  # held still at first
    lean = rng.normal(0, 0.15, 2) * (rng.random() < 0.5)
    norm = np.array([[2 / W, 0, -1], [0, 2 / W, -H / W], [0, 0, 1]])  # pixels -> -1..1 across
    out, maps = np.empty_like(frames), []
    for k in range(n):
        h = np.array([[1.06, -roll[k], shift[0][k]], [roll[k], 1.06, shift[1][k]], [tilt[0][k] + lean[0], tilt[1][k] + lean[1], 1.0]])
        h = np.linalg.inv(norm) @ (np.eye(3) + (h - np.eye(3)) * (steady if np.isscalar(steady) else steady[k])) @ norm
        out[k] = cv2.warpPerspective(frames[k], h, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        maps.append(h)
    moved = []
    for f, w, x, y, counts, kind in events:
        p = maps[int(np.clip(round(f), 0, n - 1))] @ np.array([(x + 1) * W / 2, (y + 1) * H / 2, 1.0])
        x, y = p[0] / p[2] / W * 2 - 1, p[1] / p[2] / H * 2 - 1
        moved.append((f, w, x, y, counts * float(abs(x) < 1.0 and abs(y) < 1.05), kind))
    return out, moved
