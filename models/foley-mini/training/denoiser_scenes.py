"""Scenes of 8 s for the denoiser: made-up events of one class, performed several times over with different takes.

  python denoiser_scenes.py --shared ../../../../shared --bundle .. --out work/denoiser --scenes 6000 --workers 6

A scene is stored as latents f16 [PERFORMANCES, 64, 400] and sync f16 [2, 400]. Any performance may be the
target and any other its guide. Latents are those of the bundle's encoder. Shards of 50 scenes; finished shards are
kept, so the command resumes.
"""
import argparse
import functools
import json
import multiprocessing
import os
import time

import numpy as np
import torch

from codec_features import published_encoder
from denoiser_sounds import load_cuts
from sounds_data import vary

FRAMES, HOP, RATE_HZ = 400, 960, 48_000
SECONDS = FRAMES * HOP / RATE_HZ
PERFORMANCES = 4
SHARD = 50
NEW_SOUND_SHARE = 0.6       # of the scenes to train on: their takes are bent into sounds that no recording holds
BED_UNDER_SHARE = 0.12


def rhythm(rng, most_per_s):
    """-> event times s: regular, accelerating, in bursts, or sparse; never denser than the class is played."""
    gap = 1.0 / max(0.5, min(12.0, most_per_s))
    kind = rng.choice(["regular", "accelerating", "bursts", "sparse"], p=[0.35, 0.15, 0.2, 0.3])
    at, times = float(rng.uniform(0.05, 1.5)), []
    period = float(np.exp(rng.uniform(np.log(gap), np.log(max(1.2, 2 * gap)))))
    pull = float(rng.uniform(0.7, 0.9))
    while at < SECONDS - 0.05:
        times.append(at)
        if kind == "regular":
            at += max(gap, period * (1 + rng.normal(0, 0.05)))
        elif kind == "accelerating":
            at += max(gap, period)
            period = period * pull if period * pull > 0.6 * gap else float(rng.uniform(0.8, 2.0))
        elif kind == "bursts":
            at += max(gap, period * 0.5 * rng.uniform(0.7, 1.4)) if rng.random() < 0.75 else float(rng.uniform(0.8, 2.5))
        else:
            at += gap + float(rng.exponential(1.0))
    return np.array(times[:64])


def strengths(rng, count):
    """0.15..1, drifting, with accents."""
    walk = rng.uniform(0.5, 0.95) + np.cumsum(rng.normal(0, 0.08, count))
    return np.clip(walk + rng.normal(0, 0.1, count) - 0.35 * (rng.random(count) < 0.15), 0.15, 1.0)


def level_db(strength):
    """How loud a strength is played: 1 at 0 dB, 0.5 at -10 dB, 0.15 at -17 dB."""
    return 20.0 * (strength - 1.0)


def take_of(cut, pcm):
    """-> (samples f32, onset)."""
    return pcm[cut.start:cut.start + cut.sample_count].astype(np.float32) / 32768, cut.onset


def bend(take, rng, eq_db, speed):
    """-> (samples f32, onset): the take at another speed behind another equaliser, as loud as it was."""
    samples, onset = take
    varied = vary(np.concatenate([samples, np.zeros(480, np.float32)]), rng, eq_db, speed)
    onset = int(onset * len(varied) / (len(samples) + 480))
    return varied * (np.abs(samples).max() / (np.abs(varied).max() + 1e-6)), onset


def prepare(take, rng, eq_db, speed):
    """The take varied as one performer would."""
    return take if rng.random() < 0.15 else bend(take, rng, eq_db, speed)


def pool_of(cuts, rng):
    """The takes a performance draws from: those of one source, or a handful of the class."""
    first = cuts[rng.integers(len(cuts))]
    same = [c for c in cuts if c.source == first.source]
    if rng.random() < 0.55 and len(same) > 1:
        return same[:8]
    others = [cuts[i] for i in rng.permutation(len(cuts))[:4]]
    return others if rng.random() < 0.3 else [first]


def perform_events(pool, times, levels, ring, rng):
    """-> f32 [samples]: one take an event, no take twice running where there are several."""
    out = np.zeros(FRAMES * HOP + 5 * RATE_HZ, np.float32)
    takes = [prepare(take, rng, 6.0, 0.12) for take in pool]
    last = -1
    for i, (at_s, level) in enumerate(zip(times, levels)):
        choice = int(rng.integers(len(takes)))
        if choice == last:
            choice = (choice + 1) % len(takes)
        last = choice
        samples, onset = takes[choice]
        start = int(at_s * RATE_HZ) - onset
        if start < 0:
            samples, start = samples[-start:], 0
        if not ring and i + 1 < len(times):                        # choked by the next
            room = max(480, int(times[i + 1] * RATE_HZ) - start - 240)
            if len(samples) > room:
                samples = samples[:room].copy()
                samples[-240:] *= np.linspace(1, 0, 240, dtype=np.float32)
        out[start:start + len(samples)] += samples * 10 ** ((level + rng.normal(0, 0.7)) / 20)
    return out[:FRAMES * HOP]


def perform_bed(take, activity, rng):
    """A bed looped with crossfades under an activity 0..1 (f32 [400]) -> f32 [samples]."""
    samples, _ = prepare(take, rng, 6.0, 0.1)
    fade, total = min(12_000, len(samples) // 3), FRAMES * HOP
    samples = samples[int(rng.integers(0, max(1, len(samples) // 3))):]
    out, at, ramp = np.zeros(total + len(samples), np.float32), 0, np.sqrt(np.linspace(0, 1, fade, dtype=np.float32))
    while at < total:
        piece = samples.copy()
        if at:
            piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        out[at:at + len(piece)] += piece
        at += len(piece) - fade
    gain = np.interp(np.arange(total), (np.arange(FRAMES) + 0.5) * HOP, activity).astype(np.float32)
    return out[:total] * gain


def bed_activity(rng):
    """-> f32 [400] 0..1: on throughout, or coming and going, with slopes of 60 ms to 1 s."""
    activity = np.ones(FRAMES, np.float32)
    if rng.random() < 0.6:
        edges = np.sort(rng.uniform(0, FRAMES, int(rng.integers(1, 4))))
        activity = (np.searchsorted(edges, np.arange(FRAMES)) % 2 == rng.integers(2)).astype(np.float32)
    slope = int(np.exp(rng.uniform(np.log(3), np.log(50))))
    activity = np.convolve(np.pad(activity, slope, mode="edge"), np.ones(slope) / slope, "same")[slope:-slope]
    return np.clip(activity * rng.uniform(0.5, 1.0), 0, 1).astype(np.float32)


def sync_rows(times, levels, activity):
    """-> f32 [2, 400]: strongest event as a 20 ms bell on each latent's centre; bed activity."""
    centre = (np.arange(FRAMES) + 0.5) / 50
    events = np.zeros(FRAMES)
    for at, strength in zip(times, levels):
        events = np.maximum(events, strength * np.exp(-0.5 * ((centre - at) / 0.02) ** 2))
    return np.stack([events, activity]).astype(np.float32)


def make_scene(classes, pcm, rng, held_out=False, new_sounds=False):
    """-> dict name, sources, times, strengths, audio f32 [PERFORMANCES, samples], sync f32 [2, 400]."""
    wanted = lambda c: c.held_out == bool(held_out)
    names = sorted(n for n, e in classes.items() if any(wanted(c) for c in e["cuts"]))
    weights = np.array([min(24, sum(wanted(c) for c in classes[n]["cuts"])) ** 0.5 for n in names])
    name = names[rng.choice(len(names), p=weights / weights.sum())]
    spec, cuts = classes[name]["spec"], [c for c in classes[name]["cuts"] if wanted(c)]
    level, silence = 0.5 * spec["level"] + rng.normal(0, 2.0), np.zeros(FRAMES, np.float32)
    chosen, audio = pool_of(cuts, rng)[:6], []
    pool = [take_of(c, pcm) for c in chosen]
    if new_sounds and rng.random() < NEW_SOUND_SHARE:
        same = int(rng.integers(2 ** 32))                          # one bend for all: they stay takes of one thing
        pool = [bend(take, np.random.default_rng(same), 10.0, 0.3) for take in pool]
    if spec.get("mode") == "bed":
        times, how_strong, activity = np.zeros(0), np.zeros(0), bed_activity(rng)
        level += 8.0                                               # beds are stored at -30 dBFS RMS
        for _ in range(PERFORMANCES):
            audio.append(perform_bed(pool[rng.integers(len(pool))], activity, rng))
    else:
        times, activity = rhythm(rng, spec["max"]), silence
        how_strong = strengths(rng, len(times))
        for _ in range(PERFORMANCES):
            audio.append(perform_events(pool, times, level_db(how_strong), spec["tail"] == "ring", rng))
    audio = np.stack(audio) * 10 ** (level / 20)
    audio *= min(1.0, 0.98 / (np.abs(audio).max() + 1e-6))
    return {"name": name, "sources": {c.source for c in chosen}, "times": times, "strengths": how_strong, "audio": audio.astype(np.float32),
            "sync": sync_rows(times, how_strong, activity)}


def training_scene(classes, pcm, rng):
    """Some events have a bed of another class under them, as a shot in the rain has."""
    scene = make_scene(classes, pcm, rng, new_sounds=True)
    if len(scene["times"]) and rng.random() < BED_UNDER_SHARE:
        beds = {n: e for n, e in classes.items() if e["spec"].get("mode") == "bed"}
        bed = make_scene(beds, pcm, rng, new_sounds=True)
        audio = scene["audio"] + bed["audio"] * np.float32(10 ** (rng.uniform(-15, 0) / 20))
        scene["audio"] = audio * np.float32(min(1.0, 0.98 / (np.abs(audio).max() + 1e-6)))
        scene["sync"] = np.maximum(scene["sync"], bed["sync"])
    return scene


def render(shard, args, ends):
    """One shard of scenes; nothing once the clock has passed `ends`. -> whether the shard is there."""
    path = os.path.join(args.out, f"scenes_{shard:03d}.npz")
    if os.path.exists(path) or time.time() > ends:
        return os.path.exists(path)
    torch.set_num_threads(1)
    encoder, (classes, pcm) = opened(args.bundle, args.shared, args.out)
    names, latents, sync = [], [], []
    for i in range(SHARD):
        scene = training_scene(classes, pcm, np.random.default_rng([7, shard, i]))
        with torch.no_grad():
            latents.append(encoder(torch.tensor(scene["audio"])).numpy().astype(np.float16))
        names.append(scene["name"])
        sync.append(scene["sync"].astype(np.float16))
    np.savez(path + ".part.npz", latents=np.stack(latents), sync=np.stack(sync), names=json.dumps(names))
    os.replace(path + ".part.npz", path)
    return True


@functools.cache
def opened(bundle, shared, out):
    return published_encoder(os.path.join(bundle, "encoder.onnx")), load_cuts(shared, out)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--bundle", default="..")
    args.add_argument("--out", default="work/denoiser")
    args.add_argument("--scenes", type=int, default=6000)
    args.add_argument("--workers", type=int, default=1)
    args.add_argument("--minutes", type=float, default=1e6, help="begin no shard after them")
    args = args.parse_args()
    began = time.time()
    load_cuts(args.shared, args.out, args.workers)
    job, shards = functools.partial(render, args=args, ends=began + 60 * args.minutes), range(-(-args.scenes // SHARD))
    with multiprocessing.get_context("spawn").Pool(args.workers) as pool:
        for done, there in enumerate(pool.imap(job, shards)):
            if there:
                print(f"{(done + 1) * SHARD} scenes, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
