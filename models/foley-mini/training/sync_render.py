"""Render synthetic clips for the sync net: 96 frames of 112x64 luma with the exact contact times.

  python sync_render.py --out work/sync/clips --shards 40 [--workers 2]

A clip is one to three shots of a scene (sync_scenes_*), seen by a camera (tripod, hand-held, pan, zoom, jolt at hits),
exposed at 10-30 frames a second with motion blur, then spoiled (repeated frames, exposure, flicker, noise, JPEG,
codec-like held blocks). Shard k holds frames u8 [n, 96, 64, 112] and events f32 [m, 7] = (clip, frame position,
intensity, x, y, counts, kind), x and y -1..1 in the picture; counts 0 = do not train near it (too faint or off the
picture); kind indexes KINDS. Deterministic: shard k depends on part and k only. The kinds of scene are in two halves, a and
b: parts `train-a` and `train-b` are trained on, `fresh-a` and `fresh-b` are for thresholds, calibration and the report; a
net that was trained on `train-a` alone has never seen a kind of `fresh-b`.
"""
import argparse
import os
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np

import sync_camera as camera
import sync_scenes_air as air
import sync_scenes_body as body
import sync_scenes_calm as calm
import sync_scenes_hit as hit
import sync_scenes_more as more
import sync_scenes_new as new
from sync_draw import ASPECT, H, W, View, background
from sync_motion import wander

T = 96
PER_SHARD = 32
KINDS = ["hit", "scrape", "step", "bounce", "splash", "shot"]
HITS = {"a": {hit.stroke: 6, hit.drums: 4.5, hit.bounce: 3, hit.swing_hit: 2, body.juggle: 3, body.walk_side: 3, body.walk_front: 2.5, more.recoil: 2.2,
              more.tear: 0.8, more.typing: 2, new.walk_above: 2, new.splash: 1.5, new.drag: 0.8},
        "b": {hit.drop: 2, body.jump: 1.2, more.slam: 1.6, new.tap: 3, more.clap: 2, more.collide: 2, new.dribble: 2, new.knock: 2, new.stamp: 1.5,
              new.overhead: 2.5, new.plunge: 1.2, new.cannon: 1.2, new.stairs: 1.5, new.door: 1.2}}
CALM = {"a": {calm.air_strokes: 2.5, calm.slow_hands: 1.5, calm.wipers: 2.2, calm.flow: 1.7, calm.screen: 0.5, calm.still: 3, air.follow_through: 3},
        "b": {calm.rain_fall: 0.7, calm.driving: 1.8, calm.passers: 1.2, air.mouths: 1.5, air.dance: 1.5, air.swing: 2, air.curtain: 1.2}}
BEHIND = {"a": [calm.slow_hands, calm.flow], "b": [calm.passers, calm.rain_fall]}
SCENE_KINDS = {"scrape": [more.tear, new.drag], "step": [body.walk_side, body.walk_front, body.jump, new.walk_above, new.stamp, new.stairs],
               "bounce": [hit.bounce, new.dribble], "splash": [new.splash, new.plunge], "shot": [more.recoil, new.cannon]}
DISTRACT = {"a": {calm.wipers: 1, calm.slow_hands: 1, calm.air_strokes: 1}, "b": {calm.rain_fall: 1, air.swing: 1, air.dance: 1}}  # before scenes without contact
PARTS = ["train-a", "train-b", "fresh-a", "fresh-b"]
RATES = [10, 12, 15, 15, 20, 23.976, 24, 24, 25, 25, 29.97, 30, 30, 30]


def kind_of(scene):
    """Index in KINDS of what a scene's events sound like; a hit where nothing else is said."""
    return next((KINDS.index(kind) for kind, scenes in SCENE_KINDS.items() if scene in scenes), 0)


def pick(rng, table):
    keys, w = list(table), np.array(list(table.values()), float)
    return keys[rng.choice(len(keys), p=w / w.sum())]


def shot(rng, scene, half, fps, n):
    """Render n frames of one shot of a half of the kinds. Returns f32 [n, 64, 112], events [(frame position, intensity, x, y, counts, kind)]."""
    subs = int(rng.choice([1, 2, 3, 4]))
    shutter = 0 if subs == 1 else rng.uniform(0.2, 1.0)
    grid = (np.arange(n)[:, None] + shutter * ((np.arange(subs) + 0.5) / subs - 0.5)).ravel() / fps
    pace = rng.uniform(0.2, 0.6) if rng.random() < 0.1 else rng.uniform(1.2, 2) if rng.random() < 0.05 else 1.0  # slow motion, time lapse
    draw, events = scene(rng, np.maximum(grid * pace, -0.02))
    events = [(t / pace, w * min(1, pace ** 0.5), x, y) for t, w, x, y in events]
    layers = [draw]
    if rng.random() < 0.25:
        layers.insert(0, BEHIND[half][rng.integers(len(BEHIND[half]))](rng, grid)[0])
    elif not events and rng.random() < 0.4:
        layers.append(pick(rng, DISTRACT[half])(rng, grid)[0])
    zoom, off, roll = camera.path(rng, grid, events)
    tilt, base_zoom = (rng.normal(0, 0.05) if rng.random() < 0.5 else 0), 64.0
    flip = rng.random() < 0.5
    back = background(rng)
    mats = []
    for k in range(len(grid)):
        s, a = base_zoom * zoom[k], roll[k] + tilt
        c, si = np.cos(a) * s, np.sin(a) * s
        m = np.array([[c, -si, 0.0], [si, c, 0.0]])
        m[:, 2] = np.array([W / 2, H / 2]) - m[:, :2] @ (np.array([ASPECT / 2, 0.5]) + off[k])
        mats.append(m)
    frames = np.zeros((n, H, W), np.float32)
    for k, m in enumerate(mats):
        view = View(back, m, base_zoom * zoom[k])
        for layer in layers:
            layer(view, k)
        frames[k // subs] += view.img
    frames /= subs
    if flip:
        frames = frames[:, :, ::-1]
    out = []
    for t, w, x, y in events:
        f = t * fps
        if f < -0.5 or f > n - 0.5:
            continue
        m = mats[int(np.clip(round(f * subs), 0, len(mats) - 1))]
        px = m[:, :2] @ np.array([x, y]) + m[:, 2]
        sx, sy = px[0] / W * 2 - 1, px[1] / H * 2 - 1
        inside = abs(sx) < 1.0 and abs(sy) < 1.05
        out.append((f, w, -sx if flip else sx, sy, float(inside and w > 0.14), kind_of(scene)))
    return camera.by_hand(rng, frames, out, fps) if n > 4 and rng.random() < (0.18 if events else 0.3) else (frames, out)


def spoil(rng, frames, fps):
    """What cameras and codecs do to a picture; f32 [n, 64, 112] 0..255 -> u8."""
    n = len(frames)
    x = frames
    t = np.arange(n) / fps
    gain, lift, gamma = np.exp(rng.normal(0, 0.15)), rng.normal(0, 10), np.exp(rng.normal(0, 0.2))
    x = 255 * np.clip((x * gain + lift) / 255, 0, 1) ** gamma
    if rng.random() < 0.4:  # light that falls from somewhere, a lens dark at its edges
        yy, xx = np.mgrid[0:H, 0:W].astype(np.float32)
        far = np.hypot((xx - rng.uniform(0, W)) / W, (yy - rng.uniform(0, H)) / W)
        x = x * (1 - rng.uniform(0.1, 0.75) * far)
    if rng.random() < 0.15:  # exposure that pumps
        x = x * np.exp(wander(rng, t, rng.uniform(0.3, 3), rng.uniform(0.02, 0.2)))[:, None, None]
    if rng.random() < 0.12:  # flicker of lamps against the shutter
        x = x * (1 + rng.uniform(0.01, 0.06) * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * np.arange(n)))[:, None, None]
    if rng.random() < 0.05:  # lights on, off, lightning
        for f in rng.integers(0, n, rng.integers(1, 4)):
            x = x.copy()
            x[f:f + int(rng.integers(1, 4))] *= rng.uniform(0.5, 1.6)
    if rng.random() < 0.25:
        s = rng.uniform(0.4, 1.8)
        x = np.stack([cv2.GaussianBlur(f, (0, 0), s) for f in x])
    if rng.random() < 0.7:
        grain = rng.standard_normal((n, H, W), np.float32)
        if rng.random() < 0.5:  # a codec keeps only the coarse grain
            grain = 2 * np.stack([cv2.blur(g, (2, 2)) for g in grain])
        x = x + np.exp(rng.uniform(np.log(0.4), np.log(8))) * grain
    x = np.clip(x, 0, 255)
    if rng.random() < 0.35:  # blocks that change little are held until the next key frame
        limit, gop = rng.uniform(1, 6), int(rng.choice([12, 15, 25, 30, 48, 250]))
        y = x.copy()
        for i in range(1, n):
            if i % gop:
                d = np.abs(y[i] - y[i - 1]).reshape(16, 4, 28, 4).mean((1, 3))
                keep = np.kron(d < limit, np.ones((4, 4), bool))
                y[i] = np.where(keep, y[i - 1], y[i])
        x = y
    if rng.random() < 0.25:
        q = int(rng.integers(25, 85))
        x = np.stack([cv2.imdecode(cv2.imencode(".jpg", f.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, q])[1], 0) for f in x])
    if rng.random() < 0.1:  # repeated frames: 24 in 30, 15 in 30, 12 in 24, lost frames
        k = int(rng.choice([2, 2, 5, 7]))
        x = x.copy()
        for i in range(1, n):
            if i % k == k - 1:
                x[i] = x[i - 1]
    return np.round(x).clip(0, 255).astype(np.uint8)


def seen(frames, at, x, y):
    """1 if something moves visibly near the event (mean of the 24 largest luma steps over 8/255), else 0."""
    a, b = max(0, int(at) - 2), min(T, int(at) + 4)
    cx, cy = int((x + 1) * W / 2), int((y + 1) * H / 2)
    box = frames[a:b, max(0, cy - 14):max(1, cy + 14), max(0, cx - 16):max(1, cx + 16)].astype(np.float32)
    steps = np.sort(np.abs(np.diff(box, axis=0)).ravel())[-24:] if box.size and b - a > 1 else np.zeros(1)
    return float(steps.size > 0 and steps.mean() > 8)


def clip(rng, half):
    """One clip of the scenes of a half: u8 [96, 64, 112], events [(frame position, intensity, x, y, counts, kind)]."""
    fps = float(rng.choice(RATES))
    cuts = [0, T] if rng.random() < 0.7 else [0] + sorted(rng.integers(10, T - 10, rng.integers(1, 4)).tolist()) + [T]
    parts, events = [], []
    silent = rng.random() < 0.3
    for a, b in zip(cuts[:-1], cuts[1:]):
        if b - a < 2:
            b = a + 2
        f, e = shot(rng, pick(rng, (CALM if silent or rng.random() < 0.05 else HITS)[half]), half, fps, b - a)
        parts.append(f)
        events += [(p + a, *rest) for p, *rest in e]
    frames = spoil(rng, np.concatenate(parts)[:T], fps)
    return frames, [(p, w, x, y, c * seen(frames, p, x, y), kind) for p, w, x, y, c, kind in events if p < T - 0.5]


def shard(job):
    """Render and write one shard (atomically) unless it is there. job = (folder, part, number) -> path."""
    folder, part, index = job
    path = Path(folder) / f"{part}-{index:04d}.npz"
    if path.exists():
        return path
    rng = np.random.default_rng([24, PARTS.index(part), index])
    frames, rows = [], []
    for i in range(PER_SHARD):
        f, ev = clip(rng, part[-1])
        frames.append(f)
        rows += [(i, *e) for e in ev]
    tmp = path.with_suffix(".tmp.npz")
    np.savez(tmp, frames=np.stack(frames), events=np.array(rows, np.float32).reshape(-1, 7))
    os.replace(tmp, path)
    return path


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", default="work/sync/clips")
    p.add_argument("--shards", type=int, default=38, help="of 32 clips, of each half, to train on")
    p.add_argument("--fresh", type=int, default=6, help="of each half, not to train on")
    p.add_argument("--workers", type=int, default=1)
    a = p.parse_args()
    Path(a.out).mkdir(parents=True, exist_ok=True)
    jobs = [(a.out, f"fresh-{half}", k) for k in range(a.fresh) for half in "ab"] + [(a.out, f"train-{half}", k) for k in range(a.shards) for half in "ab"]
    with Pool(a.workers) as pool:
        for path in pool.imap(shard, jobs):
            print(path, flush=True)


if __name__ == "__main__":
    main()
