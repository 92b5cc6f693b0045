"""What the denoiser learns from: every usable cut of every recording that a class of classes.json draws from,
and the class's descriptions as mean token states of the text tower.

Cut by the bank's own cutter (one transient a one-shot), so that training hears what performances are made of;
unlike the bank it takes all cuts, not the best few. Written once: work/cuts.npz.
"""
import csv
import functools
import json
import multiprocessing
import os
import pathlib
from dataclasses import dataclass

import numpy as np

from sounds_data import is_held_out, source_key

HERE = pathlib.Path(__file__).resolve().parent
CUTS_PER_RECORDING, CUTS_PER_CLASS = 3, 48
LONGEST_S = 2.0             # of a one-shot or gesture; beds are kept whole


@dataclass(frozen=True)
class Cut:
    name: str               # class id
    source: str             # recording session: cuts of one source sound alike
    held_out: bool
    onset: int              # samples from the start to the attack
    start: int              # in the packed samples
    sample_count: int


def cuts_of(spec, rows, folder):
    """-> [(class id, source, held out, onset, samples i16)] of one class, best first."""
    from bank_build import candidates, even_level, how_cut
    used, kept = {}, []
    for c in candidates(spec, rows, folder):
        file = c["row"]["file"]
        if used.get(file, 0) >= CUTS_PER_RECORDING or len(kept) >= CUTS_PER_CLASS or c["quality"] < -0.5:
            continue
        used[file] = used.get(file, 0) + 1
        limit = None if how_cut(spec) == "bed" else int(LONGEST_S * 48_000) + c["onset"]
        samples = np.round(even_level(c["y"], how_cut(spec))[:limit] * 32767).astype(np.int16)
        kept.append((spec["id"], source_key(c["row"]), int(is_held_out(c["row"])), int(c["onset"]), samples))
    return kept


def cut_all(shared, path, workers=1):
    """Rows of the index whose file is not there are passed over: a copy without the held-out sources is enough to train."""
    folder = pathlib.Path(shared) / "data" / "sounds"
    rows = sorted(csv.DictReader((folder / "index.csv").open(encoding="utf-8")), key=lambda r: r["file"])
    rows = [r for r in rows if (folder / r["file"]).exists()]
    specs, table, audio, at = json.loads((HERE / "classes.json").read_text(encoding="utf-8")), [], [], 0
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for kept in pool.imap(functools.partial(cuts_of, rows=rows, folder=folder), specs):
            for name, source, held_out, onset, samples in kept:
                table.append([name, source, held_out, onset, at, len(samples)])
                audio.append(samples)
                at += len(samples)
    print(f"{len(table)} cuts of {len({row[0] for row in table})} classes from {len(rows)} recordings", flush=True)
    np.savez(path + ".part.npz", audio=np.concatenate(audio), table=json.dumps(table))
    os.replace(path + ".part.npz", path)


def load_cuts(shared, work, workers=1):
    """-> {class id: {"spec": row of classes.json, "cuts": [Cut]}}, int16 samples of all."""
    path = os.path.join(work, "cuts.npz")
    if not os.path.exists(path):
        os.makedirs(work, exist_ok=True)
        cut_all(shared, path, workers)
    packed = np.load(path)
    specs = {s["id"]: s for s in json.loads((HERE / "classes.json").read_text(encoding="utf-8"))}
    classes = {}
    for name, source, held_out, onset, start, count in json.loads(str(packed["table"])):
        if name in specs:
            entry = classes.setdefault(name, {"spec": specs[name], "cuts": []})
            entry["cuts"].append(Cut(name, source, bool(held_out), onset, start, count))
    return classes, packed["audio"]


def load_texts(classes, work):
    """-> {class id: f32 [descriptions, 384]}: mean over the tokens of the last hidden states, as the graph takes it."""
    path = os.path.join(work, "texts.npz")
    if not os.path.exists(path):
        from bank_text import TextTower
        tower, rows = TextTower(HERE.parent / "text"), {}
        for name, entry in classes.items():
            texts = [entry["spec"]["name"], *entry["spec"]["text"]]
            # one by one: without padding, as the pipeline runs it
            rows[name] = np.stack([tower.hidden([t])[0][0].mean(0) for t in texts]).astype(np.float32)
        np.savez(path, **rows)
    return dict(np.load(path))


if __name__ == "__main__":
    import argparse
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--work", default="work/denoiser")
    args.add_argument("--workers", type=int, default=1)
    args = args.parse_args()
    found, _ = load_cuts(args.shared, args.work, args.workers)
    load_texts(found, args.work)
    print(len(found), "classes,", sum(len(e["cuts"]) for e in found.values()), "cuts,",
          sum(c.held_out for e in found.values() for c in e["cuts"]), "held out")
