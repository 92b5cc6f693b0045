"""The free sounds under data/sounds: index, split by source, samples in one memory-mapped file.

Split as its README asks: by the stem of `source_path`, so that numbered takes of one object and the
takes cut from one Freesound recording stay on one side. About one file in nine is held out.
"""
import csv
import hashlib
import os
import re
from dataclasses import dataclass

import numpy as np
import soundfile
from scipy import fft

SAMPLE_RATE_HZ = 48_000
HELD_OUT_SHARE = 0.11


@dataclass(frozen=True)
class Sound:
    file: str           # path below data/sounds
    name: str           # class, e.g. metal/hit
    description: str
    kind: str           # event, sequence, continuous, texture
    held_out: bool
    start: int          # first sample in the packed file
    sample_count: int


def source_key(row):
    """Which recording session a file comes from: repository and source name without its take number."""
    stem = os.path.splitext(os.path.basename(row["source_path"]))[0].lower()
    if "esc-10" in row["source_repo"].lower():
        stem = stem.split("-")[1]                      # fold-FREESOUNDID-take
    else:
        stem = re.sub(r"([ _.\-]*\d+)+[a-z]?$", "", stem) or stem
    return row["source_repo"] + ":" + stem


def is_held_out(row):
    digest = hashlib.sha1(source_key(row).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT_SHARE


def load_sounds(shared, work):
    """-> (list of Sound, int16 memmap of all samples). Packs the FLAC files once into work/sounds.i16."""
    root = os.path.join(shared, "data", "sounds")
    with open(os.path.join(root, "index.csv"), newline="") as f:
        rows = list(csv.DictReader(f))
    packed = os.path.join(work, "sounds.i16")
    lengths = os.path.join(work, "sounds.lengths.npy")
    if not os.path.exists(lengths):
        os.makedirs(work, exist_ok=True)
        counts = []
        with open(packed + ".part", "wb") as out:
            for row in rows:
                samples, rate = soundfile.read(os.path.join(root, row["file"]), dtype="int16")
                assert rate == SAMPLE_RATE_HZ and samples.ndim == 1, row["file"]
                out.write(samples.tobytes())
                counts.append(len(samples))
        os.replace(packed + ".part", packed)
        np.save(lengths, np.array(counts))
    counts = np.load(lengths)
    assert len(counts) == len(rows), "packed sounds are from another index: delete " + packed
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sounds = [Sound(r["file"], r["class"], r["description"], r["kind"], is_held_out(r), int(s), int(n))
              for r, s, n in zip(rows, starts, counts)]
    return sounds, np.memmap(packed, dtype=np.int16, mode="r")


def samples_of(sound, pcm):
    """-> f32 [sample_count], full scale 1."""
    return pcm[sound.start:sound.start + sound.sample_count].astype(np.float32) / 32768.0


def vary(samples, rng, eq_db=8.0, speed=0.25):
    """The same sound played a little differently: speed (and pitch) by a factor up to e^±speed, smooth
    random equaliser of up to ±eq_db. One FFT each way; the ends wrap, so keep silence or crop there."""
    n = fft.next_fast_len(len(samples), real=True)
    ratio = float(np.exp(rng.uniform(-speed, speed)))
    spectrum = fft.rfft(samples, n)
    octaves = np.log2(np.maximum(np.arange(len(spectrum), dtype=np.float32) * SAMPLE_RATE_HZ / n, 40.0) / 40.0)
    knots = rng.uniform(-eq_db, eq_db, 6)
    spectrum *= np.exp(np.interp(octaves, np.linspace(0, 9.3, 6), knots / 8.686))
    m = fft.next_fast_len(max(8, int(n * ratio)), real=True)
    out = np.zeros(m // 2 + 1, spectrum.dtype)
    k = min(len(out), len(spectrum))
    out[:k] = spectrum[:k]
    return fft.irfft(out, m).astype(np.float32) * (m / n)
