"""When: onsets of the sound against the visible events of labelled clips, with intervals, beside three that know less.

random     as many onsets, anywhere          shifted     the very same onsets, turned round in a circle
classical  sudden stops of motion, found without a net
"""
import numpy as np

import sync_clips
from bank_onsets import RATE_HZ, onsets
from sync_eval import match, near

DRAWS = 2000
QUIET = [*sync_clips.QUIET, "screen-capture-vfr"]


def counted(truth, heard, visible_only):
    """(hits, misses, false, differences in s); truth [(time, strength, visible)]."""
    wanted = [t for t, _, v in truth if v or not visible_only]
    hidden = [t for t, _, v in truth if not v] if visible_only else []
    heard = [h for h in heard if near(h, wanted) or not near(h, hidden)]
    pairs = match(wanted, heard)
    return len(pairs), len(wanted) - len(pairs), len(heard) - len(pairs), [heard[j] - wanted[i] for i, j in pairs]


def macro(cells):
    """cells [n, 3] of hits, misses, false -> mean F1."""
    h, m, f = np.asarray(cells, float).T
    return float(np.mean(2 * h / np.maximum(2 * h + m + f, 1)))


def interval(cells, rng):
    """95 % by bootstrap: clips drawn anew, and in each its events and false onsets."""
    draws = []
    for _ in range(DRAWS):
        some = []
        for i in rng.integers(0, len(cells), len(cells)):
            units = np.repeat([0, 1, 2], cells[i])
            some.append(np.bincount(rng.choice(units, len(units)), minlength=3))
        draws.append(macro(some))
    return [round(float(q), 2) for q in np.quantile(draws, [0.025, 0.975])]


def figures(labels, heard, rng):
    """Macro F1 with its interval, all events and only the visible ones, and |dt|; heard {clip: [s]}."""
    out = {}
    for key, only in (("all", False), ("visible", True)):
        names = [n for n in labels if not only or any(v for _, _, v in labels[n])]
        found = {n: counted(labels[n], heard[n], only) for n in names}
        cells = np.array([found[n][:3] for n in names])
        off = np.abs([d for n in names for d in found[n][3]]) * 1000
        out[key] = {"f1": round(macro(cells), 3), "interval": interval(cells, rng), "clips": len(names),
                    "abs_dt_ms": {"median": round(float(np.median(off)), 1), "p90": round(float(np.quantile(off, 0.9)), 1)} if len(off) else None,
                    "bias_ms": round(float(np.median([d for n in names for d in found[n][3]]) * 1000), 1) if len(off) else None}
        by_clip = {n: {"events": int(c[0] + c[1]), "hits": int(c[0]), "f1": round(macro([c]), 2)} for n, c in zip(names, cells)}
        out["by_clip_visible" if only else "by_clip"] = by_clip
    return out


def expected(labels, draw, rng, times=100):
    """Mean macro F1 of something drawn at random: draw(clip, rng) -> [s]."""
    runs = [{n: draw(n, rng) for n in labels} for _ in range(times)]
    def mean(only):
        names = [n for n in labels if not only or any(v for _, _, v in labels[n])]
        return round(float(np.mean([macro([counted(labels[n], r[n], only)[:3] for n in names]) for r in runs])), 3)
    return {"all": {"f1": mean(False)}, "visible": {"f1": mean(True)}}


def classical(luma, times, ratio=1.5, least=0.01):
    """Sudden stops: where a cell of 8x8 pixels moved and the next frame it does not. luma u8 [T, 64, 112] -> [s].

    Ratio and least were set on drawn scenes (part `fit`), as our own net's settings were.
    """
    x = luma.astype(np.float32) / 255
    moved = np.abs(np.diff(x, axis=0)).reshape(-1, 8, 8, 14, 8).mean((2, 4)).reshape(len(x) - 1, -1)
    stop = np.sort(np.maximum(0, np.maximum(moved[1:-1], moved[:-2]) - moved[2:]), 1)[:, -4:].mean(1)  # of frame t+2 against t, t+1
    if len(stop) < 3:
        return []
    rate = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
    w = max(2, round(0.5 * rate))
    local = np.array([stop[max(0, i - w):i + w + 1].mean() for i in range(len(stop))])
    peak = [i for i in range(1, len(stop) - 1) if stop[i] >= stop[i - 1] and stop[i] > stop[i + 1] and stop[i] > ratio * local[i] and stop[i] > least]
    taken = []
    for i in sorted(peak, key=lambda i: -stop[i]):
        if all(abs(times[i + 2] - times[j + 2]) >= 0.12 for j in taken):
            taken.append(i)
    return sorted(float(times[i + 2]) for i in taken)


def measure(takes, clips, paths, labels, by_eye, rng):
    """The report's part about time; takes makes sounds, clips {name: (luma, times)}, paths {name: file}.

    The clips labelled by eye are a group of their own, on which nothing was ever chosen. A take without an event (a bed,
    silence) has no onset there: what is heard in a bed hits nothing.
    """
    made = {n: takes.make(n, paths[n]) for n in [*labels, *by_eye, *QUIET]}
    placed = {n: [e["time"] for e in made[n][1]["events"]] for n in made}
    heard = {n: [at / RATE_HZ for at, _ in onsets(made[n][0])] if n in labels or placed[n] else [] for n in [*labels, *by_eye]}
    seconds = {n: len(made[n][0]) / RATE_HZ for n in made}
    old = {n: classical(*clips[n]) for n in made}
    per_10_s = lambda found: {n: round(10 * len(found[n]) / seconds[n], 2) for n in QUIET}
    mean = lambda table: round(float(np.mean(list(table.values()))), 2)
    ours, stops = per_10_s(placed), per_10_s(old)
    return {**compared(labels, heard, placed, old, seconds, rng), "by_eye": compared(by_eye, heard, placed, old, seconds, rng),
            "placed_per_10_s": {"mean": mean(ours), **ours}, "classical_per_10_s": {"mean": mean(stops), **stops}}


def compared(labels, heard, placed, old, seconds, rng):
    """Figures of the sound and of its events on some labelled clips, beside those that know less."""
    shift = lambda n, r: sorted((np.array(heard[n]) + r.uniform(0.3, seconds[n] - 0.3)) % seconds[n])
    scattered = lambda n, r: sorted(r.uniform(0, seconds[n], len(heard[n])))
    return {"sound": figures(labels, heard, rng), "events": figures(labels, placed, rng), "classical": figures(labels, old, rng),
            "shifted": expected(labels, shift, rng), "random": expected(labels, scattered, rng)}
