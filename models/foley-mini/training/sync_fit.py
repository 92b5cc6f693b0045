"""Export a training state as ../sync.onnx with a probability that means what it says, and settle the peaks' settings.

  python sync_fit.py work/sync/NAME.pt ../sync.onnx [--report reports/sync.json] [--work work/sync]

All of it on the fresh scenes of part `fit` (sync_render.py), none on real clips or on the scenes held out for the report:
slope and offset of the onset logit by logistic regression (is this peak an event?), the threshold with the best F1 of those
that place at most CALM_HITS in 10 s of scenes where nothing sounds, the latency that makes the median error of time nothing.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch

import sync_eval
from sync_model import KINDS, REACH, SyncNet
from sync_train import export

LEAST = 0.02  # peaks below this probability of the raw net are not looked at
CALM_HITS = 2.5  # in 10 s of drawn scenes without contact; the shipped net gives 2.4
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
    """The averaged weights of one or more states (their mean)."""
    saved = [torch.load(path, weights_only=False) for path in state]
    net = SyncNet(saved[0]["widths"])
    mean = {k: sum(s["ema"][k] for s in saved) / len(saved) if v.is_floating_point() else v for k, v in saved[0]["ema"].items()}
    net.load_state_dict(mean)
    return net.eval(), [s["step"] for s in saved]


def fit(net, graph, clips):
    """Set net.slope and net.offset; returns the peaks' settings and facts for the report. Writes the raw net to `graph`."""
    export(net, graph)
    raw, pairs, off = list(sync_eval.scenes(sync_eval.onnx_predict(graph), clips, "fit")), [], []
    for events, _, truth in raw:
        got, real = sync_eval.found(events, truth, {"threshold": LEAST, "latency_s": 0.0})
        hit = {j: got[j]["time_s"] * sync_eval.FPS - real[i, 0] for i, j in sync_eval.match((real[:, 0] / sync_eval.FPS).tolist(), [g["time_s"] for g in got])}
        pairs += [(g["probability"], j in hit) for j, g in enumerate(got)]
        off += [v for j, v in hit.items() if got[j]["probability"] > 0.3]
    p, y = np.array(pairs, float).T
    p = np.clip(p, 1e-6, 1 - 1e-6)
    slope, intercept = logistic(np.log(p / (1 - p)), y)
    net.slope, net.offset = float(slope), float(-intercept / slope)
    latency = round(float(-np.median(off)) / 24, 3)  # frames at the commonest rate
    calibrated = []
    for events, kinds, truth in raw:
        q = np.clip(events[:, 0], 1e-6, 1 - 1e-6)
        events = events.copy()
        events[:, 0] = 1 / (1 + np.exp(-net.slope * (np.log(q / (1 - q)) - net.offset)))
        calibrated.append((events, kinds, truth))
    found = {t: sync_eval.synthetic(calibrated, {"threshold": t, "latency_s": latency}) for t in THRESHOLDS}
    calm = {t: s for t, s in found.items() if s["false_hits_per_10s_of_silent_clips"] <= CALM_HITS}
    best = max(calm, key=lambda t: calm[t]["f1"])
    return {"threshold": best, "minGapSeconds": 0.12, "latencySeconds": latency}, {
        "slope": round(net.slope, 3), "offset": round(net.offset, 3), "by_threshold": {str(t): [s["f1"], s["false_hits_per_10s_of_silent_clips"]] for t, s in found.items()}, "at_best": found[best]}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state", nargs="+", help="work/sync/NAME.pt, several are averaged; then the graph to write")
    p.add_argument("--report", default="reports/sync.json")
    p.add_argument("--work", default="work/sync")
    a = p.parse_args()
    *states, graph = a.state
    net, steps = load_net(states)
    peaks, facts = fit(net, graph, f"{a.work}/clips")
    export(net, graph)
    report = json.loads(Path(a.report).read_text()) if Path(a.report).exists() else {}
    report.update(peaks=peaks, contextFrames=REACH, kinds=KINDS, fit={"steps": steps, "parameters": sum(v.numel() for v in net.parameters()), **facts})
    Path(a.report).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({"peaks": peaks, **facts}))


if __name__ == "__main__":
    main()
