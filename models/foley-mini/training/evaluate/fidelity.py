"""What: with the class named in a prompt, does a classifier that never heard these recordings find it in the take?

The classifier (ears_classes.py) leaves out what the judged sound comes from: of a real file, itself; of a take or of a cut of the bank,
every recording in it. Two scales: strictly, whatever comes from the same session goes too (ball_bouncing_1 to 3 are one), so that
only other people's recordings of such a thing are known; loosely, just these recordings go. No take was ever trained on. A class
counts when it has at least five files from at least two sessions.
"""
import json
import math
from functools import partial

import numpy as np

from bank_build import recordings_of
from ears_classes import Classifier, samples_of
from takes import HERE, index_of_bank

LEAST_FILES = 5
SEEDS = (1, 2, 3)  # takes a class


def judged_classes(known):
    of = {k: known.member[:, k] > 0 for k in range(len(known.ids))}
    return [k for k, files in of.items() if files.sum() >= LEAST_FILES and len(set(known.sessions[files])) >= 2]


def real_files(known, judged, names):
    """{class: scores [files,C]}, each without what has its own name in `names` [files]: sessions or files."""
    scores = np.zeros(known.member.shape)
    for name in sorted(set(names)):
        scores[names == name] = known.scores(known.heard[names == name], {name})
    return {k: scores[known.member[:, k] > 0] for k in judged}


def bank_cuts(known, bank, judged, name_of):
    """{class: scores [cuts,C]} of every recording as the bank holds it."""
    cuts = [partial(samples_of, HERE.parent / "bank" / s["file"], s["start"], s["samples"]) for s in bank["sounds"]]
    heard, found = known.ears.hear_all(cuts), {}
    for sound, row in zip(bank["sounds"], heard):
        found.setdefault(known.ids.index(sound["class"]), []).append(known.scores(row[None], {name_of[sound["source"]]})[0])
    return {k: np.array(scores) for k, scores in found.items() if k in judged}


def rank(scores, right):
    """Places before the best of the right classes."""
    return int((scores > max(scores[k] for k in right)).sum())


def readings(known, by_class):
    """{class: scores [N,C]} -> shares found: the class itself, it or one of the same material and action, its group of some 30."""
    tags = [(s["material"], s["action"], s.get("mode", "event")) for s in known.specs]
    group = [i.split("/")[0] for i in known.ids]
    names = sorted(set(group))
    best = lambda row: np.array([max(s for s, g in zip(row, group) if g == name) for name in names])
    ways = {"class": lambda row, k: rank(row, [k]), "same_material_and_action": lambda row, k: rank(row, [j for j, t in enumerate(tags) if t == tags[k]]),
            f"group_of_{len(names)}": lambda row, k: rank(best(row), [names.index(group[k])])}
    by_lot = lambda right: 1 - math.comb(len(known.ids) - right, 5) / math.comb(len(known.ids), 5)
    chance = {"class": by_lot(1), "same_material_and_action": np.mean([by_lot(tags.count(tags[k])) for k in by_class]), f"group_of_{len(names)}": 5 / len(names)}
    out = {}
    for way, place in ways.items():
        ranks = {k: np.array([place(row, k) for row in rows]) for k, rows in by_class.items()}
        every = np.concatenate(list(ranks.values()))
        out[way] = {"top1": round(float(np.mean(every < 1)), 3), "top5": round(float(np.mean(every < 5)), 3), "judged": len(every), "chance_top5": round(float(chance[way]), 3),
                    **{f"mean_over_classes_top{n}": round(float(np.mean([np.mean(r < n) for r in ranks.values()])), 3) for n in (1, 5)}}
    return out


def measure(takes, shared):
    specs, bank = json.loads((HERE / "classes.json").read_text(encoding="utf-8")), index_of_bank()
    known = Classifier(specs, recordings_of, shared, takes.work)
    judged, names = judged_classes(known), {c["id"]: c["name"] for c in bank["classes"]}
    source_of = {s["id"]: s["source"] for s in bank["sounds"]}
    made, by_class = {}, {}
    for k in judged:
        c = known.ids[k]
        made[k] = [takes.make(f"named-{c.replace('/', '-')}-{seed}", "--prompt", names[c], "--to", 2, "--seed", seed) for seed in SEEDS]
        by_class[c] = {"chosen": [facts["chosen"][0]["class"] if facts["chosen"] else None for _, facts in made[k]]}
    heard = {k: known.ears.hear_all([partial(np.asarray, samples) for samples, _ in its]) for k, its in made.items()}
    report = {"classes": len(judged), "files": len(known.files), "takes_a_class": len(SEEDS)}
    for scale, own, name_of in (("session_left_out", known.sessions, known.session_of), ("recording_left_out", known.files, known.file_of)):
        ours = {k: np.concatenate([known.scores(row[None], {name_of[source_of[r]] for r in facts["recordings"]}) for row, (_, facts) in zip(heard[k], made[k])]) for k in judged}
        for k in judged:
            by_class[known.ids[k]][scale] = [rank(row, [k]) + 1 if np.isfinite(row[k]) else None for row in ours[k]]
        report[scale] = {"takes": readings(known, ours), "real_files": readings(known, real_files(known, judged, own)), "bank_cuts": readings(known, bank_cuts(known, bank, judged, name_of))}
    return {**report, "prompt_found_its_class": round(float(np.mean([one == c for c, v in by_class.items() for one in v["chosen"]])), 3), "by_class": by_class}
