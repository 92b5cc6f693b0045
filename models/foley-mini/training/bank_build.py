"""Builds the bank of recordings: `python bank_build.py --shared ../../../../shared` -> ../bank/{*.flac,bank.json,ATTRIBUTION.md}.

classes.json says for every class which recordings it draws from and how they are cut (bank_cut.py); the best cuts are chosen by
measured quality and by how surely a classifier that does not know their source hears their class (ears_classes.py), spread over
recordings; an event class gets a few more takes than it asks for where more are nearly as good. Levels are evened (one-shots to a peak of -8 dBFS, beds to -37 dBFS RMS): bank.json
states them. `bank_tables.py`, run after it, adds the embeddings of the descriptions and the picture map.
"""
import argparse
import csv
import json
import pathlib
import re

import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfilt

from bank_cut import RATE_HZ, bed, gestures, measures, one_shots, onsets_at_level, read_recording, seconds
from bank_tables import bank_of, dump
from ears_classes import Classifier
from sounds_data import source_key

SILENCE_S, PEAK_DB, BED_RMS_DB = 0.02, -8.0, -37.0
SMALL_DB, BOOM_HZ, BOOM_SHARE = -8, 120, 0.5  # recordings of things no louder than a pot with more of their power than this below it boom: they are cut
MUFFLED_SHARE, MUFFLED_COSTS = 0.002, 1.5  # a hit with so little of its power above 1 kHz sounds as through a wall. Neither is held against classes that are `deep`
EAR, PLACES = {"shot": 2.5, "gesture": 2.5, "bed": 0.7}, 30  # what hearing the class first is worth against not hearing it before the 30th place
MORE, NEARLY = 4, 1.2  # takes beyond those asked for, and how much worse than the best they may be
LOW_CUT = butter(4, 100, "highpass", fs=RATE_HZ, output="sos")
LICENCES = {"CC0": "CC0", "Public domain": "Public-Domain", "CC-BY 3.0": "CC-BY-3.0", "CC-BY 4.0": "CC-BY-4.0"}  # a bare CC-BY names no version: left out
CUTTERS = {"shot": one_shots, "gesture": gestures, "bed": bed}
DEFAULTS = {"shot": {"minSeconds": 0.05, "maxSeconds": 2.0}, "gesture": {"minSeconds": 0.12, "maxSeconds": 1.5}, "bed": {"minSeconds": 3.0, "seconds": 4.0}}


def how_cut(spec):
    return "bed" if spec.get("mode") == "bed" else spec.get("cut", "shot")


def recordings_of(spec, rows):
    """Rows that the class draws from, with the rank of the rule that named them."""
    found = {}
    for rank, (source_class, pattern) in enumerate(spec["from"]):
        for row in rows:
            text = f"{row['description']} : {row['source_repo']} {pathlib.PurePath(row['file']).stem}"
            if row["licence"] in LICENCES and row["class"] == source_class and (not pattern or re.search(pattern, text) or re.search(pattern, row["description"])):
                found.setdefault(row["file"], (row, rank))
    return list(found.values())


def quality(cut, facts, row, rank, onset_count):
    bandwidth = min(float(row["bandwidth_khz"]), 20) / 20
    score = 0.5 * bandwidth - 0.25 * rank - 0.05 * min(facts["clipped"], 20)
    if cut == "bed":
        return score + float(row["duration_s"]) / 6 - 0.02 * onset_count - 0.12 * facts["unsteadyDb"]
    score += min(facts["quietBeforeDb"], 30) / 30 + min(-facts["endDb"], 40) / 40 - 0.6 * facts["choked"]
    score -= facts["attackMs"] < -0.5  # something louder stands before the attack
    return score - min(facts["attackMs"], 20) / 20 if cut == "shot" else score - 0.3 * max(0, onset_count - 1)


def share(x, from_hz, to_hz):
    """Of the power of [S], what lies between two frequencies, 0..1."""
    power = np.abs(np.fft.rfft(x)) ** 2
    return power[round(from_hz * len(x) / RATE_HZ):round(to_hz * len(x) / RATE_HZ)].sum() / power.sum()


def muffled(y, onset):
    return share(y[onset:], 1000, RATE_HZ / 2) < MUFFLED_SHARE


def candidates(spec, rows, folder):
    cut = how_cut(spec)
    rule = {**DEFAULTS[cut], **{k: v for k, v in spec.items() if k in ("minSeconds", "maxSeconds", "seconds", "gapSeconds", "depthDb")}}
    out = []
    for row, rank in recordings_of(spec, rows):
        x = read_recording(folder / row["file"])
        if cut != "bed" and "deep" not in spec and spec["level"] <= SMALL_DB and share(x, 0, BOOM_HZ) > BOOM_SHARE:
            x = sosfilt(LOW_CUT, x)
        if "lowpass" in spec:
            x = sosfilt(butter(3, spec["lowpass"], "lowpass", fs=RATE_HZ, output="sos"), x)
        for number, (y, at, facts) in enumerate(CUTTERS[cut](x, rule)):
            if np.abs(y).max() < 0.01 or (cut == "shot" and facts["quietBeforeDb"] < 6):
                continue
            count = len(onsets_at_level(y))
            out.append({"y": y, "onset": at, "row": row, "number": number, "heard": count, "facts": facts,
                        "quality": quality(cut, facts, row, rank, count) - MUFFLED_COSTS * (cut == "shot" and "deep" not in spec and muffled(y, at))})
    return sorted(out, key=lambda c: (-c["quality"], c["row"]["file"], c["number"]))


def listen(found, spec, known):
    """Adds to the quality of the best candidates, several for a take, how early the classifier names their class; the rest are let go."""
    best = found[:3 * spec["takes"] + MORE]
    for c in best:
        scores = known.scores(known.ears.hear(even_level(c["y"], how_cut(spec)))[None], {source_key(c["row"])})[0]
        own = scores[known.ids.index(spec["id"])]
        c["place"] = int((scores > own).sum()) if np.isfinite(own) else None  # None: nothing but its own source is known of the class
        c["quality"] += EAR[how_cut(spec)] * (0.5 if c["place"] is None else 1 - min(c["place"], PLACES) / PLACES)
    known.ears.keep()
    return sorted(best, key=lambda c: (-c["quality"], c["row"]["file"], c["number"]))


def choose(found, takes, more):
    """Best first, each further cut of one recording 0.35 worse than the last; after four none that is 2.5 worse than the best, and
    up to `more` beyond `takes` that are nearly as good as it."""
    chosen, used = [], {}
    top = found[0]["quality"] if found else 0
    while found and len(chosen) < takes + more:
        worth = lambda c: c["quality"] - 0.35 * used.get(c["row"]["file"], 0)
        best = max(found, key=lambda c: (worth(c), c["row"]["file"], -c["number"]))
        if (len(chosen) >= 4 and best["quality"] < top - 2.5) or (len(chosen) >= takes and worth(best) < top - NEARLY):
            break
        found = [c for c in found if c is not best]
        used[best["row"]["file"]] = used.get(best["row"]["file"], 0) + 1
        chosen.append(best)
    return sorted(chosen, key=lambda c: (c["row"]["file"], c["number"]))


def even_level(y, cut):
    gain = 10 ** (PEAK_DB / 20) / np.abs(y).max()
    if cut == "bed":
        gain = min(gain, 10 ** (BED_RMS_DB / 20) / np.sqrt(np.mean(y**2)))
    return np.round(y * gain * 32768) / 32768


def weights(sounds, rows):
    """light, medium or heavy: the recording's own word, else thirds of brightness (dark = heavy) within the class."""
    order = sorted(range(len(sounds)), key=lambda i: sounds[i]["brightnessHz"])
    for place, i in enumerate(order):
        word = re.search(r"\b(light|soft|medium|heavy|hard|loud|huge)\b", rows[i]["description"].lower())
        own = {"soft": "light", "hard": "heavy", "loud": "heavy", "huge": "heavy"}
        third = ("medium" if len(sounds) < 3 else ("heavy", "medium", "light")[min(2, 3 * place // len(sounds))])
        sounds[i]["weight"] = own.get(word[1], word[1]) if word else third


def build_class(spec, rows, folder, out, known):
    """Writes the class's FLAC -> (found any, sounds, facts for the report)."""
    cut, name = how_cut(spec), spec["id"].replace("/", "-") + ".flac"
    chosen = choose(listen(candidates(spec, rows, folder), spec, known), spec["takes"], 0 if cut == "bed" else MORE)
    if not chosen:
        return False, [], []
    sounds, audio, report, gap = [], [], [], np.zeros(seconds(SILENCE_S))
    for i, c in enumerate(chosen):
        y, row = even_level(c["y"], cut), c["row"]
        start = sum(map(len, audio))
        audio += [y, gap]
        sounds.append({"id": f"{spec['id']}/{i + 1:02d}", "class": spec["id"], "file": name, "start": start, "samples": len(y), "onset": int(c["onset"]),
                       **measures(y, c["onset"], "bed" if cut == "bed" else "event"), "weight": "medium", "licence": LICENCES[row["licence"]],
                       "author": author_of(row), "source": f"{row['source_repo']}: {row['source_path']}"})
        report.append({"id": sounds[-1]["id"], "recording": row["file"], "cut": cut, "onsets": c["heard"], "quality": round(c["quality"], 2), "place": c["place"], **c["facts"]})
    weights(sounds, [c["row"] for c in chosen])
    sf.write(out / name, np.concatenate(audio), RATE_HZ, "PCM_16", format="FLAC", compression_level=1.0)
    return True, sounds, report


def author_of(row):
    """As it may stand in end titles: without the index's pointers into the source's own papers."""
    name = row["author"].removesuffix(" (see sources.md)")
    return f"authors of {row['source_repo']}" if name.startswith("[") else name


def attribution(sounds, changed):
    groups = {}
    for s in sounds:
        groups.setdefault((s["licence"], s["author"], s["source"]), []).append(s["id"])
    lines = ["# Sounds of this bank", "", "Cut, trimmed, faded and evened in level from the recordings below; " + changed, "",
             "CC0: https://creativecommons.org/publicdomain/zero/1.0/ . CC-BY-3.0: https://creativecommons.org/licenses/by/3.0/ . "
             "CC-BY-4.0: https://creativecommons.org/licenses/by/4.0/", ""]
    for licence in sorted({k[0] for k in groups}):
        lines += [f"## {licence}", "", "| author | source | sounds |", "|---|---|---|"]
        lines += [f"| {a} | {s} | {', '.join(ids)} |" for (_, a, s), ids in sorted((k, v) for k, v in groups.items() if k[0] == licence)] + [""]
    return "\n".join(lines)


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=pathlib.Path, default=here / "../../../../shared")
    parser.add_argument("--out", type=pathlib.Path, default=here.parent / "bank")
    args = parser.parse_args()
    folder = args.shared / "data" / "sounds"
    rows = sorted(csv.DictReader((folder / "index.csv").open(encoding="utf-8")), key=lambda r: r["file"])
    specs = json.loads((here / "classes.json").read_text(encoding="utf-8"))
    args.out.mkdir(parents=True, exist_ok=True)
    known, missing, sounds, report = Classifier(specs, recordings_of, args.shared, here / "work" / "evaluate"), [], [], []
    for spec in specs:
        found, its_sounds, its_report = build_class(spec, rows, folder, args.out, known)
        missing += [] if found else [spec["id"]]
        sounds += its_sounds
        report += its_report
        print(f"{spec['id']:24s} {len(its_sounds)} of {spec['takes']} from {len({r['recording'] for r in its_report})} recordings", flush=True)
    if missing:
        raise SystemExit(f"no usable recording for {', '.join(missing)}")
    for old in set(p.name for p in args.out.glob("*.flac")) - {s["file"] for s in sounds}:
        (args.out / old).unlink()
    low = ", ".join(s["id"] for s in specs if "lowpass" in s)
    (args.out / "ATTRIBUTION.md").write_text(attribution(sounds, f"low-passed: {low}."), encoding="utf-8")
    (args.out / "bank.json").write_text(dump(bank_of(specs, sounds)), encoding="utf-8")
    (here / "work").mkdir(exist_ok=True)
    (here / "work" / "bank_cuts.json").write_text(json.dumps(report, indent=0))
    print(f"{len(specs)} classes, {len(sounds)} sounds, {sum(p.stat().st_size for p in args.out.iterdir()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
