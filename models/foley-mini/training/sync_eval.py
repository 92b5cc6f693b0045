"""Score a sync net on the real development clips and on held-out synthetic scenes.

  python sync_eval.py --model ../sync.onnx --report reports/sync.json [--shared ../../../../shared]

F1 at +-100 ms, one to one, nearest first; `visible`: rows not visible are no events and detections near them are no
mistakes; false hits per 10 s on clips without events. No threshold is chosen per clip.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np

import sync_clips
from sync_peaks import peaks

TOLERANCE_S = 0.1


def match(truth, got, tolerance_s=TOLERANCE_S):
    """One-to-one pairs, nearest first. Returns differences got - truth."""
    pairs = sorted((abs(g - t), i, j) for i, t in enumerate(truth) for j, g in enumerate(got) if abs(g - t) <= tolerance_s)
    used_t, used_g, dt = set(), set(), []
    for _, i, j in pairs:
        if i not in used_t and j not in used_g:
            used_t.add(i), used_g.add(j), dt.append(got[j] - truth[i])
    return dt


def f1(truth, got):
    dt = match(truth, got)
    p, r = len(dt) / max(1, len(got)), len(dt) / max(1, len(truth))
    return {"events": len(truth), "detections": len(got), "hits": len(dt), "precision": round(p, 3), "recall": round(r, 3),
            "f1": round(2 * p * r / (p + r), 3) if dt else 0.0}, dt


def score(clips, labels, predict, threshold=0.3):
    """predict(frames f32 [1, T, 32, 56]) -> events [T, 4]. Returns the report's part about real clips."""
    rows, quiet, all_dt, r = {}, {}, [], []
    for name, (luma, times) in clips.items():
        if name not in labels and name not in sync_clips.QUIET:
            continue
        ev = peaks(predict(luma[None].astype(np.float32) / 255), times.tolist(), threshold)
        got = [e["time_s"] for e in ev]
        if name in sync_clips.QUIET:
            quiet[name] = round(10 * len(got) / (times[-1] - times[0] + times[1] - times[0]), 2)
            continue
        truth = [t for t, _, _ in labels[name]]
        rows[name], dt = f1(truth, got)
        all_dt += dt
        seen, unseen = [t for t, _, v in labels[name] if v], [t for t, _, v in labels[name] if not v]
        rows[name]["visible_f1"] = None
        if seen:
            near = lambda t, to: any(abs(t - u) <= TOLERANCE_S for u in to)
            rows[name]["visible_f1"] = f1(seen, [t for t in got if near(t, seen) or not near(t, unseen)])[0]["f1"]
        pairs = [(s, min(ev, key=lambda e: abs(e["time_s"] - t))["intensity"]) for t, s, _ in labels[name] if any(abs(t - g) <= TOLERANCE_S for g in got)]
        if len(pairs) > 4 and np.array(pairs).std(0).min() > 0:
            r.append(np.corrcoef(np.array(pairs).T)[0, 1])  # strength of the real sound against intensity seen
    vis = [x["visible_f1"] for x in rows.values() if x["visible_f1"] is not None]
    a = np.abs(all_dt) * 1000
    return {"macro_f1": round(float(np.mean([x["f1"] for x in rows.values()])), 3), "macro_f1_visible": round(float(np.mean(vis)), 3),
            "false_hits_per_10s": round(float(np.mean(list(quiet.values()))), 2),
            "abs_dt_ms": {"median": round(float(np.median(a)), 1), "p90": round(float(np.percentile(a, 90)), 1)} if len(a) else None,
            "bias_ms": round(float(np.median(all_dt) * 1000), 1) if len(a) else None,
            "strength_correlation": round(float(np.mean(r)), 2) if r else None, "clips": rows, "false_hits_by_clip": quiet}


def line(s):
    short = " ".join(f"{n[:6]} {x['f1']:.2f}" + (f"/{x['visible_f1']:.2f}" if x["visible_f1"] is not None else "") for n, x in s["clips"].items())
    return f"macro {s['macro_f1']:.3f} visible {s['macro_f1_visible']:.3f} false/10s {s['false_hits_per_10s']:.2f} bias {s['bias_ms']} | {short} | " + \
        " ".join(f"{n[:5]} {v}" for n, v in s["false_hits_by_clip"].items())


def onnx_predict(path):
    import onnxruntime as ort
    opt = ort.SessionOptions()
    opt.intra_op_num_threads = 1
    s = ort.InferenceSession(str(path), opt, providers=["CPUExecutionProvider"])
    return lambda frames: s.run(None, {"frames": frames})[0][0]


def synthetic(predict, folder):
    """F1 at +-100 ms and error of place on the held-out synthetic scenes; rows that do not count are ignored."""
    hits = n_truth = n_got = 0
    for path in sorted(Path(folder).glob("held-*.npz")):
        z = np.load(path)
        for i, frames in enumerate(z["frames"]):
            ev = z["events"][z["events"][:, 0] == i]
            times = (np.arange(len(frames)) / 25).tolist()
            got = [e["time_s"] for e in peaks(predict(frames[None].astype(np.float32) / 255), times)]
            truth, faint = (ev[ev[:, 5] > 0, 1] / 25).tolist(), (ev[ev[:, 5] == 0, 1] / 25).tolist()
            got = [g for g in got if any(abs(g - t) <= 0.1 for t in truth) or not any(abs(g - t) <= 0.1 for t in faint)]
            hits, n_truth, n_got = hits + len(match(truth, got)), n_truth + len(truth), n_got + len(got)
    p, r = hits / max(1, n_got), hits / max(1, n_truth)
    return {"events": n_truth, "precision": round(p, 3), "recall": round(r, 3), "f1": round(2 * p * r / max(p + r, 1e-9), 3)}


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="../sync.onnx")
    p.add_argument("--shared", default="../../../../shared")
    p.add_argument("--work", default="work/sync")
    p.add_argument("--report")
    p.add_argument("--threshold", type=float, default=0.3)
    a = p.parse_args()
    predict = onnx_predict(a.model)
    report = score(sync_clips.load(a.shared, f"{a.work}/dev"), sync_clips.labels(a.shared), predict, a.threshold)
    print(line(report))
    report["held_out_synthetic"] = synthetic(predict, f"{a.work}/clips")
    frames = np.random.default_rng(0).random((1, 300, 32, 56), np.float32)
    t0 = time.perf_counter()
    predict(frames)
    report["seconds_for_10_s_at_30_fps_one_core"] = round(time.perf_counter() - t0, 3)
    report["bytes"] = Path(a.model).stat().st_size
    print(json.dumps({k: v for k, v in report.items() if k not in ("clips", "false_hits_by_clip")}))
    if a.report:
        Path(a.report).parent.mkdir(exist_ok=True)
        Path(a.report).write_text(json.dumps(report, indent=1) + "\n")
