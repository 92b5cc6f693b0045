"""Score a sync net on held-out synthetic scenes and on the real development clips.

  python sync_eval.py --model ../sync.onnx --report reports/sync.json [--shared ../../../../shared]

F1 at +-100 ms, one to one, nearest first; `visible`: rows not visible are no events and detections near them are no
mistakes; false hits per 10 s on clips without events. No threshold is chosen per clip; the peaks' settings are those of
the report (sync_fit.py), which come from scenes of their own.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np

import sync_clips
from sync_model import KINDS
from sync_peaks import peaks

TOLERANCE_S = 0.1
FPS = 25.0  # the clock on which synthetic frames are scored


def match(truth, got, tolerance_s=TOLERANCE_S):
    """One-to-one pairs (index of truth, index of got), nearest first."""
    pairs = sorted((abs(g - t), i, j) for i, t in enumerate(truth) for j, g in enumerate(got) if abs(g - t) <= tolerance_s)
    used_t, used_g, out = set(), set(), []
    for _, i, j in pairs:
        if i not in used_t and j not in used_g:
            used_t.add(i), used_g.add(j), out.append((i, j))
    return out


def near(t, others):
    return any(abs(t - u) <= TOLERANCE_S for u in others)


def f1(truth, got):
    dt = [got[j] - truth[i] for i, j in match(truth, got)]
    p, r = len(dt) / max(1, len(got)), len(dt) / max(1, len(truth))
    return {"events": len(truth), "detections": len(got), "hits": len(dt), "precision": round(p, 3), "recall": round(r, 3),
            "f1": round(2 * p * r / (p + r), 3) if dt else 0.0}, dt


def score(clips, labels, predict, settings):
    """predict(frames f32 [1, T, 64, 112]) -> [events [T, 4], ...]. Returns the report's part about real clips."""
    rows, quiet, all_dt, r = {}, {}, [], []
    for name, (luma, times) in clips.items():
        if name not in labels and name not in sync_clips.QUIET:
            continue
        ev = peaks(predict(luma[None].astype(np.float32) / 255)[0], times.tolist(), **settings)
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
            rows[name]["visible_f1"] = f1(seen, [t for t in got if near(t, seen) or not near(t, unseen)])[0]["f1"]
        pairs = [(s, min(ev, key=lambda e: abs(e["time_s"] - t))["intensity"]) for t, s, _ in labels[name] if near(t, got)]
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
    return f"macro {s['macro_f1']:.3f} visible {s['macro_f1_visible']:.3f} false/10s {s['false_hits_per_10s']:.2f} dt {s['abs_dt_ms']} bias {s['bias_ms']} | {short} | " + \
        " ".join(f"{n[:5]} {v}" for n, v in s["false_hits_by_clip"].items())


def onnx_predict(path):
    """The graph as a function of frames f32 [1, T, 64, 112]."""
    import onnxruntime as ort
    opt = ort.SessionOptions()
    opt.intra_op_num_threads = 1
    s = ort.InferenceSession(str(path), opt, providers=["CPUExecutionProvider"])
    return lambda frames: [out[0] for out in s.run(None, {"frames": frames})]


def scenes(predict, folder, part):
    """The net's outputs on every synthetic clip of a part: yields (events [T, 4], kinds [T, 6] or None, truth [m, 6])."""
    for path in sorted(Path(folder).glob(f"{part}-*.npz")):
        z = np.load(path)
        for i, frames in enumerate(z["frames"]):
            out = predict(frames[None].astype(np.float32) / 255)
            yield out[0], out[1] if len(out) > 1 else None, z["events"][z["events"][:, 0] == i, 1:]


def found(events, truth, settings):
    """Peaks of one synthetic clip that count, and the true rows that do (times in seconds at FPS)."""
    got = peaks(events, (np.arange(len(events)) / FPS).tolist(), **settings)
    real, faint = truth[truth[:, 4] > 0], truth[truth[:, 4] == 0, 0] / FPS
    return [g for g in got if near(g["time_s"], real[:, 0] / FPS) or not near(g["time_s"], faint)], real


def synthetic(outputs, settings):
    """Figures on synthetic clips; rows that do not count are neither hits nor mistakes."""
    n_truth = n_got = silent_s = silent_hits = 0
    frames_off, place, strength, kinds, sure = [], [], [], [], []
    for events, shares, truth in outputs:
        got, real = found(events, truth, settings)
        pairs = match((real[:, 0] / FPS).tolist(), [g["time_s"] for g in got])
        n_truth, n_got = n_truth + len(real), n_got + len(got)
        if len(truth) == 0:
            silent_s, silent_hits = silent_s + len(events) / FPS, silent_hits + len(got)
        hit = {j for _, j in pairs}
        sure += [(g["probability"], j in hit) for j, g in enumerate(got)]
        for i, j in pairs:
            frames_off.append(got[j]["time_s"] * FPS - real[i, 0])
            place.append(got[j]["x"] - real[i, 2])
            strength.append((got[j]["intensity"], real[i, 1]))
            if shares is not None:
                kinds.append((int(shares[got[j]["frame"]].argmax()), int(real[i, 5])))
    hits, frames_off, place = len(frames_off), frames_off or [np.nan], place or [np.nan]
    p, r = hits / max(1, n_got), hits / max(1, n_truth)
    prob, right = np.array(sure or [(0, 0)]).T
    edges = np.clip((prob * 10).astype(int), 0, 9)
    ece = sum(abs(prob[edges == b].mean() - right[edges == b].mean()) * (edges == b).mean() for b in range(10) if (edges == b).any())
    out = {"events": n_truth, "precision": round(p, 3), "recall": round(r, 3), "f1": round(2 * p * r / max(p + r, 1e-9), 3),
           "false_hits_per_10s_of_silent_clips": round(10 * silent_hits / max(silent_s, 1), 2),
           "abs_frames_off": {"median": round(float(np.median(np.abs(frames_off))), 3), "bias": round(float(np.median(frames_off)), 3)},
           "x_error_median": round(float(np.median(np.abs(place))), 3), "intensity_correlation": round(float(np.corrcoef(np.array(strength).T)[0, 1]), 3) if hits > 2 else None,
           "confidence_error": round(float(ece), 3)}
    if kinds:
        k = np.array(kinds)
        out["kind_accuracy"] = round(float((k[:, 0] == k[:, 1]).mean()), 3)
        out["kind_recall"] = {name: round(float((k[k[:, 1] == i, 0] == i).mean()), 3) for i, name in enumerate(KINDS) if (k[:, 1] == i).any()}
    return out


def settings_of(report):
    """Threshold and latency that sync_fit.py wrote."""
    stated = json.loads(Path(report).read_text()).get("peaks", {}) if Path(report).exists() else {}
    return {"threshold": stated.get("threshold", 0.3), "latency_s": stated.get("latencySeconds", 0.01)}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--model", default="../sync.onnx")
    p.add_argument("--shared", default="../../../../shared")
    p.add_argument("--work", default="work/sync")
    p.add_argument("--settings", default="reports/sync.json")
    p.add_argument("--report")
    a = p.parse_args()
    predict, settings = onnx_predict(a.model), settings_of(a.settings)
    clips = sync_clips.load(a.shared, f"{a.work}/dev")
    report = score(clips, sync_clips.labels(a.shared), predict, settings)
    print(line(report))
    by_eye = score(clips, sync_clips.labels_by_eye(), predict, settings)
    print("labelled by eye:", line(by_eye))
    report["by_eye"] = {k: by_eye[k] for k in ("macro_f1", "macro_f1_visible", "abs_dt_ms", "bias_ms", "clips")}
    report["fresh_scenes"] = {part: synthetic(scenes(predict, f"{a.work}/clips", f"fresh-{part}"), settings) for part in "ab"}
    frames = np.random.default_rng(0).random((1, 300, 64, 112), np.float32)
    t0 = time.perf_counter()
    predict(frames)
    report["seconds_for_10_s_at_30_fps_one_core"] = round(time.perf_counter() - t0, 3)
    report["bytes"] = Path(a.model).stat().st_size
    print(json.dumps({k: v for k, v in report.items() if k not in ("clips", "false_hits_by_clip", "by_eye")}))
    if a.report:
        before = json.loads(Path(a.report).read_text()) if Path(a.report).exists() else {}
        kept = {k: before[k] for k in ("peaks", "contextFrames", "kinds", "fit", "half_of_the_kinds", "first_net") if k in before}
        Path(a.report).write_text(json.dumps({**report, **kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
