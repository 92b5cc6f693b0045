"""What: with the class named in a prompt, does a classifier that never heard these recordings find it in the take?

The classifier knows the free sounds by class and leaves out whatever comes from the sources of the sound it judges: of a
real file, its own source; of a take, the sources of every recording performed in it. So both stand on one scale. A class
counts when it has at least five files from at least two sources.
"""
import csv
import json
import pathlib

import numpy as np
import soundfile as sf
from scipy.fft import dct, rfft

from bank_build import recordings_of
from bank_onsets import RATE_HZ, onsets_in_silence
from sounds_data import source_key
from takes import HERE, index_of_bank

BANDS, WINDOW, HOP, LONGEST_S = 48, 2048, 480, 1.0
LEAST_FILES = 5


def mel_bands():
    edges = 700 * (10 ** (np.linspace(2595 * np.log10(1 + 40 / 700), 2595 * np.log10(1 + 16000 / 700), BANDS + 2) / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    up, down = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None], (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(up, down)).T


MEL = mel_bands()


def features(samples):
    """Colour, its spread, its first 60 ms against what follows, and how the level falls; level-free, f64 [D] (MFCC-like)."""
    x = np.concatenate([samples[:round(LONGEST_S * RATE_HZ)], np.zeros(WINDOW)])
    power = np.abs(rfft(np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::HOP] * np.hanning(WINDOW), axis=1)) ** 2 @ MEL
    log = np.log(power + 1e-9 * power.max() + 1e-15)
    total = np.log(power.sum(1) + 1e-15)
    loud = total > total.max() - 7
    cepstrum = dct(log, axis=1, norm="ortho")[:, 1:25]
    start = cepstrum[:6].mean(0) - cepstrum[6:20].mean(0) if len(cepstrum) > 7 else np.zeros(24)
    course = np.interp(np.arange(0, 60, 6), np.arange(len(total)), np.maximum(total - total.max(), -12))
    return np.concatenate([cepstrum[loud].mean(0), cepstrum[loud].std(0)[:12], start[:12], course])


def from_attack(samples, mode):
    """An event from its first onset on; a bed from its middle."""
    if mode == "bed":
        return samples[max(0, (len(samples) - RATE_HZ) // 2):]
    heard = onsets_in_silence(samples)
    return samples[max(0, (heard[0][0] if heard else 0) - 480):]


class Classifier:
    """Classes in the order of their nearest file, by standardised features."""

    def __init__(self, shared):
        folder = pathlib.Path(shared) / "data" / "sounds"
        rows = sorted(csv.DictReader((folder / "index.csv").open(encoding="utf-8")), key=lambda r: r["file"])
        self.specs = json.loads((HERE / "classes.json").read_text(encoding="utf-8"))
        self.mode = {c["id"]: c["mode"] for c in index_of_bank()["classes"]}
        self.of_file, found = {}, {}
        for spec in self.specs:
            for row, _ in recordings_of(spec, rows):
                self.of_file.setdefault(row["file"], set()).add(spec["id"])
                found[row["file"]] = row
        self.keys = {f"{row['source_repo']}: {row['source_path']}": source_key(row) for row in rows}
        self.files = sorted(found)
        self.sources = np.array([source_key(found[f]) for f in self.files])
        self.raw = np.stack([features(from_attack(sf.read(folder / f, dtype="float64")[0], self.mode[min(self.of_file[f])])) for f in self.files])
        self.members = {s["id"]: np.array([i for i, f in enumerate(self.files) if s["id"] in self.of_file[f]], int) for s in self.specs}
        self.judged = [c for c, i in self.members.items() if len(i) >= LEAST_FILES and len(set(self.sources[i])) >= 2]
        self.scale = self.raw.std(0) + 1e-9

    def ranked(self, feature, without):
        """Class ids, nearest first; `without`: source keys that are not to be known."""
        distance = np.linalg.norm((self.raw - feature) / self.scale, axis=1)
        distance[np.isin(self.sources, list(without))] = np.inf
        score = {c: distance[i].min() for c, i in self.members.items() if len(i)}
        return sorted(score, key=score.get)


def share(found):
    return {"top1": round(float(np.mean([r == 0 for r in found])), 3), "top5": round(float(np.mean([r < 5 for r in found])), 3), "judged": len(found)}


def measure(takes, shared):
    known, real, ours, by_class = Classifier(shared), [], [], {}
    for c in known.judged:
        ranks = []
        for i in known.members[c]:
            ranks.append(known.ranked(known.raw[i], {known.sources[i]}).index(c))
        real.append(ranks)
    bank = {s["id"]: known.keys.get(s["source"]) for s in index_of_bank()["sounds"]}
    names = {c["id"]: c["name"] for c in index_of_bank()["classes"]}
    of_class = {}
    for sound, key in bank.items():
        of_class.setdefault(sound.rsplit("/", 1)[0], set()).add(key)
    for c in known.judged:
        samples, facts = takes.make("named-" + c.replace("/", "-"), "--prompt", names[c], "--to", 2)
        used = {bank[e["sound"]] for e in facts["events"] if e["sound"]} or of_class[c]  # a bed may hold any of its class
        order = known.ranked(features(from_attack(samples, known.mode[c])), used)
        ours.append(order.index(c))
        by_class[c] = {"chosen": facts["chosen"][0]["class"] if facts["chosen"] else None, "rank": order.index(c) + 1}
    per_class = [np.mean([r < 5 for r in ranks]) for ranks in real]
    return {"classes": len(known.judged), "files": len(known.files), "chance_top5": round(5 / len(known.members), 3),
            "takes": share(ours), "real_files_left_out": share([r for ranks in real for r in ranks]),
            "real_files_mean_over_classes_top5": round(float(np.mean(per_class)), 3),
            "prompt_found_its_class": round(float(np.mean([v["chosen"] == c for c, v in by_class.items()])), 3), "by_class": by_class}
