"""The honest meter: `python evaluate --shared ../../../../shared` -> reports/evaluate.json and the table in ../CARD.md.

Makes the product's own takes with the bundle as it stands (kept in work/evaluate by a hash of bundle and code, so a second run is
quick), then measures time, class, variety, copies, level, speed and memory. Needs Node 24, ffmpeg and the project's
node_modules; about a quarter of an hour on two cores.
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import numpy as np
import torch

import card
import fidelity
import likeness
import sync_clips
import timing
from takes import HERE, Takes


def speed(made):
    """Of the takes just made: seconds per second of clip, process start and all, and the memory of the engine."""
    rates = [facts["wall_s"] / facts["seconds"] for _, facts in made.values()]
    peak = [facts["peak_mib"] for _, facts in made.values() if facts["peak_mib"]]
    return {"seconds_per_second_of_clip_cold": {"median": round(float(np.median(rates)), 2), "worst": round(float(np.max(rates)), 2)},
            "memory_mib_worst": max(peak) if peak else None}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--shared", type=pathlib.Path, default=HERE / "../../../../shared")
    p.add_argument("--work", type=pathlib.Path, default=HERE / "work" / "evaluate")
    p.add_argument("--report", type=pathlib.Path, default=HERE / "reports" / "evaluate.json")
    p.add_argument("--no-card", action="store_true", help="leave the card as it is")
    a = p.parse_args()
    torch.set_num_threads(1)
    takes, rng = Takes(a.work), np.random.default_rng(1)
    folder = a.shared / "data" / "clips"
    paths = {f.stem: f for f in sorted(folder.iterdir()) if f.suffix not in (".csv", ".md")}
    labels, clips = sync_clips.labels(a.shared), sync_clips.load(a.shared, HERE / "work" / "sync" / "dev")
    report = {"state": takes.state, "when": timing.measure(takes, clips, paths, labels, sync_clips.labels_by_eye(), rng)}
    print(json.dumps([report["when"]["sound"]["all"], report["when"]["by_eye"]["sound"]["visible"]]), flush=True)
    made = {n: takes.make(n, paths[n]) for n in labels}
    report["level"] = likeness.levels(made, labels)
    report["speed"] = speed(made)
    report["what"] = fidelity.measure(takes, a.shared)
    print(json.dumps({k: v for k, v in report["what"].items() if k != "by_class"}), flush=True)
    report["likeness"] = likeness.variety(takes, paths, a.shared, a.work)
    a.report.write_text(json.dumps(report, indent=1) + "\n")
    table = card.table(report)
    print(table)
    if not a.no_card:
        card.put(HERE.parent / "CARD.md", table)


if __name__ == "__main__":
    main()
