"""Measures takes at several guide strengths on new scenes and writes reports/denoiser.json.

  python denoiser_eval.py --shared ../../../../shared --out work/denoiser --scenes 40

The first half of the scenes is performed with recordings of the training set (T), the second with held-out ones (H).
strength 0       the performance as it is
codec            the same through encoder and decoder
0.3, 0.6, 0.8    denoised from the performance's latents at that noise level
1                denoised from pure noise, guided by the performance; "1, no guide": by events and text alone
hits_50, hits_100   share of commanded events with an onset within 50 / 100 ms (one to one)
spurious_per_s      onsets of the take that answer no event within 100 ms
to_guide_db         mel distance from the performance; between_seeds_db: between two takes
class_top1, top5    share of takes whose nearest class (level-free mel statistics of training cuts) is the right one
"""
import argparse
import json
import os
import time

import numpy as np
import torch

from bank_onsets import onsets
from codec_eval import attack_of, load_codec, mel_distance_db
from denoiser_export import load_denoiser
from denoiser_model import generate
from denoiser_scenes import RATE_HZ, SECONDS, make_scene
from denoiser_sounds import load_cuts, load_texts

VARIANTS = (("0", None), ("codec", 0.0), ("0.3", 0.3), ("0.6", 0.6), ("0.8", 0.8), ("1", 1.0), ("1, no guide", 1.0))


def match(events_s, heard_s, within_s):
    """How many events have an onset of their own within the tolerance, nearest first."""
    pairs = sorted((abs(e - h), i, j) for i, e in enumerate(events_s) for j, h in enumerate(heard_s) if abs(e - h) <= within_s)
    used_e, used_h = set(), set()
    for _, i, j in pairs:
        if i not in used_e and j not in used_h:
            used_e.add(i)
            used_h.add(j)
    return len(used_e)


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
        rows, self.names = [], []
        for name, entry in classes.items():
            for c in [c for c in entry["cuts"] if not c.held_out][:16]:
                rows.append(class_features(encoder, pcm[c.start:c.start + c.sample_count].astype(np.float32) / 32768))
                self.names.append(name)
        rows = np.stack(rows)
        self.mean, self.std, self.encoder = rows.mean(0), rows.std(0) + 1e-6, encoder
        self.rows = (rows - self.mean) / self.std

    def ranked(self, samples):
        """-> class names, nearest first."""
        row = (class_features(self.encoder, samples) - self.mean) / self.std
        order, out = np.argsort(((self.rows - row) ** 2).sum(1)), []
        for i in order:
            if self.names[i] not in out:
                out.append(self.names[i])
        return out


def one_take(models, scene, word, start, seed, guided=True):
    """-> f32 [samples], seconds."""
    encoder, decoder, denoiser = models
    began = time.time()
    with torch.no_grad():
        guide = encoder(torch.tensor(scene["audio"][-1])[None])
        x = guide
        if start > 0:
            sync = torch.tensor(scene["sync"].T)[None]
            x = generate(denoiser, torch.tensor(word)[None, None], sync, guide if guided else torch.zeros_like(guide), start, seed=seed)
        audio = decoder(x)[0].numpy()
    return audio, time.time() - began


def level_db(x):
    return 10 * np.log10(np.mean(np.square(x, dtype=np.float64)) + 1e-10)


def measure(models, nearest, scene, word, label, start):
    performed = scene["audio"][-1]
    takes, seconds = [performed], 0.0
    if start is not None:
        made = [one_take(models, scene, word, start, seed, "no guide" not in label) for seed in ((1, 2) if start > 0 else (1,))]
        takes, seconds = [m[0] for m in made], made[0][1]
    take, ranks = takes[0], nearest.ranked(takes[0])
    row = {"to_guide_db": mel_distance_db(take, performed), "level_db": level_db(take) - level_db(performed), "seconds": seconds,
           "class_top1": float(ranks[0] == scene["name"]), "class_top5": float(scene["name"] in ranks[:5])}
    if len(takes) > 1:
        row["between_seeds_db"] = mel_distance_db(takes[0], takes[1])
    events, heard = scene["times"], [s / RATE_HZ for s, _ in onsets(np.asarray(take, np.float64))]
    row["spurious_per_s"] = (len(heard) - match(events, heard, 0.1)) / SECONDS
    if len(events):
        row["hits_50"], row["hits_100"] = (match(events, heard, w) / len(events) for w in (0.05, 0.1))
        rises = [a[1] for a in (attack_of(take[max(0, int(t * RATE_HZ) - 4800):int(t * RATE_HZ) + 4800], near_s=min(t, 0.1)) for t in events) if a]
        row["attacks_ms"] = rises
    return row


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--codec", default="work/codec/codec.pt")
    args.add_argument("--out", default="work/denoiser")
    args.add_argument("--scenes", type=int, default=40)
    args.add_argument("--report", default="reports/denoiser.json")
    args = args.parse_args()
    torch.set_num_threads(1)
    encoder, decoder, codec_step = load_codec(args.codec)
    denoiser, step = load_denoiser(os.path.join(args.out, "denoiser.pt"))
    classes, pcm = load_cuts(args.shared, args.out)
    texts, nearest, rows = load_texts(classes, args.out), NearestClass(encoder, classes, pcm), {}
    for i in range(args.scenes):
        held_out = i >= args.scenes // 2
        scene = make_scene(classes, pcm, np.random.default_rng([99, i]), held_out)
        for label, start in VARIANTS:
            row = measure((encoder, decoder, denoiser), nearest, scene, texts[scene["name"]][0], label, start)
            rows.setdefault(label, []).append({"group": "H" if held_out else "T", "bed": not len(scene["times"]), **row})
        print(f"{i + 1} of {args.scenes} {scene['name']}", flush=True)
    report = {"codec_step": codec_step, "denoiser_step": step, "scenes": args.scenes, "steps": 8, "guidance": 2, "variants": {}}
    for label, found in rows.items():
        mean = lambda key, of: round(float(np.mean([r[key] for r in of if key in r])), 2) if any(key in r for r in of) else None
        attacks = [a for r in found for a in r.get("attacks_ms", [])]
        report["variants"][label] = {k: mean(k, found) for k in ("hits_50", "hits_100", "to_guide_db", "between_seeds_db", "level_db", "seconds")}
        report["variants"][label].update(
            spurious_per_s=mean("spurious_per_s", [r for r in found if not r["bed"]]), bed_onsets_per_s=mean("spurious_per_s", [r for r in found if r["bed"]]),
            attack_ms=round(float(np.median(attacks)), 2) if attacks else None,
            class_top1_T_H=[mean("class_top1", [r for r in found if r["group"] == g]) for g in "TH"],
            class_top5_T_H=[mean("class_top5", [r for r in found if r["group"] == g]) for g in "TH"])
        print(label, json.dumps(report["variants"][label]))
    os.makedirs(os.path.dirname(args.report), exist_ok=True)
    with open(args.report, "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
