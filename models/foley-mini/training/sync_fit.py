"""Export a training state as ../sync.onnx with a probability that means what it says, and settle the peaks' settings.

  python sync_fit.py work/sync/NAME.pt ../sync.onnx [--beside sync_first.pt] [--report reports/sync.json]

`--beside` takes the onsets from another net (sync_pair.py). All of it on fresh scenes (sync_render.py), none on real
clips: slope and offset of the onset logit by logistic regression (is this peak an event?), the highest threshold whose F1 is
within NEAR of the best (fewer false hits for the same worth), the latency that makes the median error of time nothing. A net
beside keeps the settings it had.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch

import sync_eval
import sync_pair
from sync_model import KINDS, REACH, SyncNet
from sync_train import PARTS

LEAST = 0.02  # peaks below this probability of the raw net are not looked at
NEAR = 0.01  # about the standard error of F1 on twelve shards
THRESHOLDS = [round(0.2 + 0.025 * i, 3) for i in range(25)]


def logistic(x, y, steps=50):
    """Slope and intercept of a logistic regression by Newton's method. x, y f64 [n]."""
    a = np.stack([x, np.ones_like(x)], 1)
    w = np.array([1.0, 0.0])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-a @ w))
        w = w + np.linalg.solve((a * (p * (1 - p))[:, None]).T @ a + 1e-6 * np.eye(2), a.T @ (y - p))
    return w


def load_net(state):
    """The averaged weights of a state, and what it was trained on."""
    saved = torch.load(state, weights_only=True)
    net = SyncNet(saved["widths"], saved["size"])
    net.load_state_dict(saved["ema"])
    return net.eval(), {k: saved[k] for k in ("step", "clips", "kinds")}


def logit(p):
    p = np.clip(p, sync_pair.LEAST, 1 - sync_pair.LEAST)
    return np.log(p / (1 - p))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def calibration(rows):
    """Of rows (events, kinds, truth): slope a and constant b that make sigmoid(a logit + b) the share of peaks that are events; errors in frames."""
    pairs, off = [], []
    for events, _, truth in rows:
        got, real = sync_eval.found(events, truth, {"threshold": LEAST, "latency_s": 0.0})
        hit = {j: got[j]["time_s"] * sync_eval.FPS - real[i, 0] for i, j in sync_eval.match((real[:, 0] / sync_eval.FPS).tolist(), [g["time_s"] for g in got])}
        pairs += [(g["probability"], j in hit) for j, g in enumerate(got)]
        off += [v for j, v in hit.items() if got[j]["probability"] > 0.3]
    p, y = np.array(pairs, float).T
    return (*logistic(logit(p), y), off)


def settle(rows, off, kept):
    """Peaks' settings and facts for the report, of rows with calibrated probabilities; `kept` are settings that stand already."""
    latency = round(float(-np.median(off)) / 24, 3) + 0.0  # frames at the commonest rate
    found = {t: sync_eval.synthetic(rows, {"threshold": t, "latency_s": latency}) for t in THRESHOLDS}
    best = max(t for t, s in found.items() if s["f1"] >= max(r["f1"] for r in found.values()) - NEAR)
    peaks = {"threshold": best, "minGapSeconds": 0.12, "latencySeconds": latency, **kept}
    return peaks, {"by_threshold": {str(t): [s["f1"], s["false_hits_per_10s_of_silent_clips"]] for t, s in found.items()},
                   "as_set": sync_eval.synthetic(rows, {"threshold": peaks["threshold"], "latency_s": peaks["latencySeconds"]})}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state", help="work/sync/NAME.pt")
    p.add_argument("graph", help="the graph to write")
    p.add_argument("--beside", help="weights of a net that sees 56x32, whose onsets are taken")
    p.add_argument("--report", default="reports/sync.json")
    p.add_argument("--work", default="work/sync")
    a = p.parse_args()
    net, run = load_net(a.state)
    first = torch.load(a.beside, weights_only=True) if a.beside else None
    sync_pair.write(a.graph, net, first)
    drawn = lambda: (row for part in PARTS[run["kinds"]] for row in sync_eval.scenes(sync_eval.onnx_predict(a.graph), f"{a.work}/clips", part.replace("train", "fresh")))
    rows = list(drawn())
    slope, constant, off = calibration(rows)
    sync_pair.write(a.graph, net, first, float(slope), float(constant))
    calibrated = lambda p: sigmoid(slope * logit(p) + constant)
    kept = {**sync_pair.FIRST, "threshold": round(float(calibrated(sync_pair.FIRST["threshold"])), 4)} if first else {}
    rows = [(np.concatenate([calibrated(e[:, :1]), e[:, 1:]], 1), k, truth) for e, k, truth in rows]
    peaks, facts = settle(rows, off, kept)
    again = next(drawn())[0]
    assert np.abs(again - rows[0][0]).max() < 1e-3, "the graph does not say what was settled on"
    report = json.loads(Path(a.report).read_text()) if Path(a.report).exists() else {}
    report.update(peaks=peaks, contextFrames=REACH, kinds=KINDS, fit={"run": run, "parameters": sum(v.numel() for v in net.parameters()), **facts})
    Path(a.report).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({"peaks": peaks, **facts}))


if __name__ == "__main__":
    main()
