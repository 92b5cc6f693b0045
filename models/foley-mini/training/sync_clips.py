"""Real clips as the sync net sees them: all frames as 112x64 luma with their presentation times (evaluation only)."""
import csv
import json
import subprocess
from pathlib import Path

import numpy as np

MAX_FPS = 34.0
EYE = Path(__file__).parent / "evaluate" / "onsets_eye.csv"
QUIET = ["static-toy-negative", "phone-rotated-negative", "waterfall", "car-drive-mjpeg", "coffee-pour", "rain-car-wipers"]


def decode(path):
    """All presented frames: luma u8 [T, 64, 112] and times f64 [T] in seconds from the file's start; every k-th above 34 fps."""
    probe = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time:format=start_time",
                            "-of", "json", str(path)], capture_output=True, check=True)
    facts = json.loads(probe.stdout)
    start = float(facts["format"].get("start_time", 0) or 0)
    times = np.array([float(f["best_effort_timestamp_time"]) for f in facts["frames"] if "best_effort_timestamp_time" in f]) - start
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vf", "scale=112:64:flags=area,format=rgb24", "-fps_mode", "passthrough",
                          "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    rgb = np.frombuffer(raw, np.uint8).reshape(-1, 64, 112, 3)
    n = min(len(rgb), len(times))
    if abs(len(rgb) - len(times)) > 2:
        print(f"{path.name}: {len(rgb)} frames decoded, {len(times)} probed")
    luma = np.round(rgb[:n] @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    times = times[:n]
    k = max(1, int(np.ceil((n - 1) / max(times[-1] - times[0], 1e-6) / MAX_FPS - 1e-6))) if n > 1 else 1
    return luma[::k], times[::k]


def load(shared, cache):
    """{name: (luma, times)} of every development clip, kept in cache/NAME.npz."""
    out, cache = {}, Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    for path in sorted((Path(shared) / "data/clips").iterdir()):
        if path.suffix not in (".mp4", ".avi", ".mov", ".mkv", ".webm"):
            continue
        keep = cache / f"{path.stem}.npz"
        if not keep.exists():
            luma, times = decode(path)
            np.savez_compressed(keep, luma=luma, times=times)
        z = np.load(keep)
        out[path.stem] = (z["luma"], z["times"])
    return out


def labels(shared):
    """{name: [(time_s, strength, visible)]} from onsets_picture.csv."""
    return read_labels(Path(shared) / "data/clips/onsets_picture.csv")


def labels_by_eye():
    """The same of six more clips from evaluate/onsets_eye.csv; of no known strength (1).

    Contacts read off the frames, one by one and enlarged: start_s is the presentation time of the first frame that
    shows the contact, precision_s what it may be off by (a frame or more). Not visible: what a sound may lie on but the
    picture does not show (out of the picture, behind something, hands and slides without a clear moment). They were
    written down before any net had seen these clips; nothing was ever chosen by them, and nothing may be.
    """
    return read_labels(EYE)


def read_labels(path):
    out = {}
    with open(path) as f:
        for row in csv.DictReader(f):
            out.setdefault(Path(row["file"]).stem, []).append((float(row["start_s"]), float(row.get("strength", 1)), row["visible"] == "yes"))
    return out
