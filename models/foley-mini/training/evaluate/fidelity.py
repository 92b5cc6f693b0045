"""What: with the class named in a prompt, does a classifier that never heard these recordings find it in the take?

The classifier (ears_classes.py) leaves out whatever comes from the sources of the sound it judges: of a real file, its own source; of a
take or of a cut of the bank, the sources of every recording in it. So all stand on one scale, and no take was ever trained on. A class
counts when it has at least five files from at least two sources.
"""
import json
import math
from functools import partial

import numpy as np

from bank_build import recordings_of
from ears_classes import Classifier, samples_of
from takes import HERE, index_of_bank

LEAST_FILES = 5


def judged_classes(known):
    of = {k: known.member[:, k] > 0 for k in range(len(known.ids))}
    return [k for k, files in of.items() if files.sum() >= LEAST_FILES and len(set(known.sources[files])) >= 2]


def real_files(known, judged):
    """{class: scores [files,C], each with its own source left out}."""
    scores = np.zeros(known.member.shape)
    for source in sorted(set(known.sources)):
        of = known.sources == source
        scores[of] = known.scores(known.heard[of], {source})
    return {k: scores[known.member[:, k] > 0] for k in judged}


def bank_cuts(known, bank, judged):
    """{class: scores [cuts,C]} of every recording as the bank holds it."""
    cuts = [partial(samples_of, HERE.parent / "bank" / s["file"], s["start"], s["samples"]) for s in bank["sounds"]]
    heard, found = known.ears.hear_all(cuts), {}
    for sound, row in zip(bank["sounds"], heard):
        found.setdefault(known.ids.index(sound["class"]), []).append(known.scores(row[None], {known.keys[sound["source"]]})[0])
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
    judged, key_of, names = judged_classes(known), {s["id"]: known.keys[s["source"]] for s in bank["sounds"]}, {c["id"]: c["name"] for c in bank["classes"]}
    ours, by_class = {}, {}
    for k in judged:
        c = known.ids[k]
        samples, facts = takes.make("named-" + c.replace("/", "-"), "--prompt", names[c], "--to", 2)
        used = {key_of[e["sound"]] for e in facts["events"] if e["sound"]} or {key for s, key in key_of.items() if s.rsplit("/", 1)[0] == c}  # a bed may hold any of its class
        ours[k] = known.scores(known.ears.hear(samples)[None], used)
        by_class[c] = {"chosen": facts["chosen"][0]["class"] if facts["chosen"] else None, "rank": rank(ours[k][0], [k]) + 1 if np.isfinite(ours[k][0, k]) else None}
    return {"classes": len(judged), "files": len(known.files), "takes": readings(known, ours),
            "real_files_left_out": readings(known, real_files(known, judged)), "bank_cuts_left_out": readings(known, bank_cuts(known, bank, judged)),
            "classes_nothing_is_left_of": sum(v["rank"] is None for v in by_class.values()),
            "prompt_found_its_class": round(float(np.mean([v["chosen"] == c for c, v in by_class.items()])), 3), "by_class": by_class}
