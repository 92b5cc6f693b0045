"""Measures takes at several guide strengths on new scenes and writes reports/denoiser.json.

  python denoiser_eval.py --shared ../../../../shared --out work/denoiser --arms ../denoiser.onnx work/denoiser/denoiser.pt --scenes 60 --workers 2

An arm is a file of denoiser_train.py or a denoiser.onnx; encoder and decoder are the bundle's. The first half of the scenes
is performed with recordings of the training set (T), the second with held-out ones (H).
0              the performance as it is; codec: the same through encoder and decoder
0.3 .. 0.99    denoised from the performance's latents at that noise level, as the product does it (fewer steps below 1)
1              from pure noise by events and words alone: what the product does at strength 1
hits_50, hits_100   share of commanded events with an onset within 50 / 100 ms (one to one); onset_ms: median distance of those
spurious_per_s      onsets of the take that answer no event within 100 ms, in scenes of events
attack_ms           median rise, 10 % to 90 %
to_guide_db         mel distance from the performance; seeds_db: between two takes of one performance, performances_db: between two performances
known_top5          T: share of takes whose five nearest classes (level-free mel statistics of training cuts) hold the right one
other_top5          the same where every source of the performance is left out of what is known, T and H
copy                largest correlation of 0.25 s after loud events (3 kHz band) with any training cut: median, largest
"""
import argparse
import functools
import json
import multiprocessing
import os
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parent / "evaluate"))

from bank_onsets import onsets
from codec_eval import attack_of, mel_distance_db, session
from codec_features import published_encoder
from denoiser_export import INPUTS, load_denoiser
from denoiser_model import generate
from denoiser_scenes import RATE_HZ, SECONDS, make_scene
from denoiser_sounds import load_cuts, load_texts
from likeness import LOW_HZ, PIECE_S, largest_correlation, low

FULL_STEPS, FEW_STEPS = 8, 4
STRENGTHS, FEW_STRENGTHS = (0.3, 0.6, 0.8, 0.99), (0.8, 0.99)
PIECES = 2                     # of a take, held against the training cuts


def match(events_s, heard_s, within_s):
    """Distances s of the events that have an onset of their own within the tolerance, nearest first."""
    pairs = sorted((abs(e - h), i, j) for i, e in enumerate(events_s) for j, h in enumerate(heard_s) if abs(e - h) <= within_s)
    used_e, used_h, apart = set(), set(), []
    for distance, i, j in pairs:
        if i not in used_e and j not in used_h:
            used_e.add(i)
            used_h.add(j)
            apart.append(distance)
    return apart


def class_features(encoder, samples):
    """Level-free description of a sound: mean and spread over its loud frames of long log-mel -> f32 [192]."""
    usable = samples[:len(samples) // 960 * 960]
    if len(usable) < 960:
        usable = np.pad(samples, (0, 960 - len(samples)))
    mel = encoder.features(torch.tensor(usable, dtype=torch.float32)[None])[0, :, :96]
    power = mel.exp().sum(-1)
    mel = mel[power > power.max() * 1e-3]
    mel = mel - mel.mean(-1, keepdim=True)
    return torch.cat([mel.mean(0), mel.std(0, correction=0)]).numpy()


class NearestClass:
    """Classes in the order of their nearest training cut, by standardised features."""

    def __init__(self, encoder, classes, pcm):
        rows, self.names, self.sources = [], [], []
        for name, entry in classes.items():
            for c in [c for c in entry["cuts"] if not c.held_out][:16]:
                rows.append(class_features(encoder, pcm[c.start:c.start + c.sample_count].astype(np.float32) / 32768))
                self.names.append(name)
                self.sources.append(c.source)
        rows = np.stack(rows)
        self.mean, self.std, self.encoder = rows.mean(0), rows.std(0) + 1e-6, encoder
        self.rows = (rows - self.mean) / self.std

    def ranked(self, feature, without=()):
        """-> class names, nearest first; `without`: sources that are not to be known."""
        order, out = np.argsort(((self.rows - (feature - self.mean) / self.std) ** 2).sum(1)), []
        for i in order:
            if self.names[i] not in out and self.sources[i] not in without:
                out.append(self.names[i])
        return out


class Bench:
    """What a worker holds: the bundle's codec, the arms, what is known of the training cuts."""

    def __init__(self, shared, bundle, out, arms):
        torch.set_num_threads(1)
        self.encoder = published_encoder(os.path.join(bundle, "encoder.onnx"))
        decoder = session(os.path.join(bundle, "decoder.onnx"), 1)
        self.decode = lambda latents: decoder.run(None, {"latents": latents.numpy()})[0][0, 0]
        self.arms = {pathlib.Path(a).name: opened(a) for a in arms}
        self.classes, self.pcm = load_cuts(shared, out)
        self.texts, self.nearest = load_texts(self.classes, out), NearestClass(self.encoder, self.classes, self.pcm)
        heard = [c for e in self.classes.values() for c in e["cuts"] if not c.held_out]
        gap = np.zeros(LOW_HZ // 4, np.float32)
        self.trained_on = np.concatenate([part for c in heard for part in (low(self.pcm[c.start:c.start + c.sample_count] / 32768), gap)])


def opened(path):
    """-> (latents, timestep, text, sync, guide) -> velocity."""
    if not path.endswith(".onnx"):
        return load_denoiser(path)[0]
    graph = session(path, 1)
    return lambda *inputs: torch.tensor(graph.run(None, dict(zip(INPUTS, (x.numpy() for x in inputs))))[0])


def variants(arms, guidances):
    """-> [(label, arm, strength, steps, guidance)]; arm None: the performance itself."""
    out = [("0", None, None, 0, 0), ("codec", None, 0.0, 0, 0)]
    for arm in arms:
        for guidance in guidances:
            tried = [(s, FULL_STEPS) for s in (*STRENGTHS, 1.0)] + [(s, FEW_STEPS) for s in FEW_STRENGTHS]
            out += [(f"{arm} {strength:g} in {steps}, guidance {guidance:g}", arm, strength, steps, guidance) for strength, steps in tried]
    return out


def one_take(bench, scene, arm, strength, steps, guidance, seed):
    """-> f32 [samples], seconds."""
    began = time.time()
    with torch.no_grad():
        x = bench.encoder(torch.tensor(scene["audio"][-1])[None])
        if strength > 0:
            word, sync = torch.tensor(bench.texts[scene["name"]][0])[None, None], torch.tensor(scene["sync"].T)[None]
            x = generate(bench.arms[arm], word, sync, x, strength, steps, guidance, seed, follows=strength < 1)
    return bench.decode(x), time.time() - began


def level_db(x):
    return 10 * np.log10(np.mean(np.square(x, dtype=np.float64)) + 1e-10)


def likeness(bench, take, times):
    """Largest correlation of the pieces after the loudest events (of a bed: two of its moments) with the training cuts."""
    x, n = low(take), round(PIECE_S * LOW_HZ)
    found = [p for p in (x[round(t * LOW_HZ):][:n] for t in (times if len(times) else (2.0, 5.0))) if len(p) == n]
    loudest = sorted(found, key=lambda p: -np.square(p).sum())[:PIECES]
    return list(largest_correlation(loudest, bench.trained_on)) if loudest else []


def measure(bench, scene, arm, strength, steps, guidance):
    performed, nearest = scene["audio"][-1], bench.nearest
    takes, seconds = [performed], 0.0
    if strength is not None:
        made = [one_take(bench, scene, arm, strength, steps, guidance, seed) for seed in ((1, 2) if strength > 0 else (1,))]
        takes, seconds = [m[0] for m in made], made[0][1]
    take, feature = takes[0], class_features(bench.encoder, takes[0])
    row = {"to_guide_db": mel_distance_db(take, performed), "level_db": level_db(take) - level_db(performed), "seconds": seconds,
           "known_top5": float(scene["name"] in nearest.ranked(feature)[:5]), "copies": likeness(bench, take, scene["times"])}
    order = nearest.ranked(feature, scene["sources"])
    if scene["name"] in order:
        row["other_top5"] = float(scene["name"] in order[:5])
    if len(takes) > 1:
        row["seeds_db"] = mel_distance_db(takes[0], takes[1])
    events, heard = scene["times"], [s / RATE_HZ for s, _ in onsets(np.asarray(take, np.float64))]
    apart = match(events, heard, 0.1)
    row["spurious_per_s"] = (len(heard) - len(apart)) / SECONDS
    if len(events):
        row["hits_50"], row["hits_100"] = sum(d <= 0.05 for d in apart) / len(events), len(apart) / len(events)
        row["onsets_ms"] = [1000 * d for d in apart]
        rises = [attack_of(take[max(0, int(t * RATE_HZ) - 4800):int(t * RATE_HZ) + 4800], near_s=min(t, 0.1)) for t in events]
        row["attacks_ms"] = [a[1] for a in rises if a]
    return row


@functools.cache
def bench_of(shared, bundle, out, arms):
    return Bench(shared, bundle, out, arms)


def judged(i, args):
    """All variants of a scene -> {label: row}."""
    bench, held_out = bench_of(args.shared, args.bundle, args.out, tuple(args.arms)), i >= args.scenes // 2
    scene = make_scene(bench.classes, bench.pcm, np.random.default_rng([99, i]), held_out)
    facts = {"group": "H" if held_out else "T", "bed": not len(scene["times"])}
    rows = {label: {**facts, **measure(bench, scene, *how)} for label, *how in variants(bench.arms, args.guidance)}
    rows["0"]["performances_db"] = mel_distance_db(scene["audio"][-1], scene["audio"][-2])
    return scene["name"], rows


def summary(found):
    mean = lambda key, of: round(float(np.mean([r[key] for r in of if key in r])), 2) if any(key in r for r in of) else None
    pooled = lambda key, how: round(float(how([v for r in found for v in r.get(key, [])])), 2) if any(r.get(key) for r in found) else None
    group = lambda g: [r for r in found if r["group"] == g]
    out = {k: mean(k, found) for k in ("hits_50", "hits_100", "to_guide_db", "seeds_db", "performances_db", "level_db", "seconds")}
    return {**out, "onset_ms": pooled("onsets_ms", np.median), "attack_ms": pooled("attacks_ms", np.median),
            "spurious_per_s": mean("spurious_per_s", [r for r in found if not r["bed"]]), "bed_onsets_per_s": mean("spurious_per_s", [r for r in found if r["bed"]]),
            "known_top5": mean("known_top5", group("T")), "other_top5": mean("other_top5", found),
            "copy_median": pooled("copies", np.median), "copy_largest": pooled("copies", np.max)}


COLUMNS = ("hits_50", "hits_100", "onset_ms", "attack_ms", "spurious_per_s", "known_top5", "other_top5", "to_guide_db", "seeds_db", "level_db", "copy_median", "copy_largest")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--bundle", default="..")
    args.add_argument("--out", default="work/denoiser")
    args.add_argument("--arms", nargs="+", default=["../denoiser.onnx"])
    args.add_argument("--guidance", nargs="+", type=float, default=[2.0])
    args.add_argument("--scenes", type=int, default=60)
    args.add_argument("--workers", type=int, default=1)
    args.add_argument("--report", default="reports/denoiser.json")
    args = args.parse_args()
    load_texts(load_cuts(args.shared, args.out, args.workers)[0], args.out)
    rows = {}
    with multiprocessing.get_context("spawn").Pool(args.workers) as pool:
        for done, (name, its_rows) in enumerate(pool.imap(functools.partial(judged, args=args), range(args.scenes))):
            for label, row in its_rows.items():
                rows.setdefault(label, []).append(row)
            print(f"{done + 1} of {args.scenes} {name}", flush=True)
    steps = {pathlib.Path(a).name: load_denoiser(a)[1] for a in args.arms if a.endswith(".pt")}
    report = {"scenes": args.scenes, "trained_steps": steps, "variants": {label: summary(found) for label, found in rows.items()}}
    print("| strength | " + " | ".join(COLUMNS) + " |\n" + "|---" * (len(COLUMNS) + 1) + "|")
    for label, row in report["variants"].items():
        print(f"| {label} | " + " | ".join("-" if row[c] is None else f"{row[c]:g}" for c in COLUMNS) + " |")
    os.makedirs(os.path.dirname(args.report) or ".", exist_ok=True)
    with open(args.report, "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
