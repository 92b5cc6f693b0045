"""How takes differ from one another and from what is already there, and whether level follows what is seen.

variety      mel distance between two seeds; guide strengths 0 and 1
copies       largest normalised correlation of 0.25 s after each attack of a take (3 kHz band) with any free sound; a performance
             of recordings must be one, a generated take must not
level        level of the take after each event against the event's intensity, and against the strength of the real sound
"""
import pathlib

import numpy as np
import soundfile as sf
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from bank_onsets import RATE_HZ
from codec_eval import mel_distance_db
from sync_eval import near
from takes import level_db

CLIPS, GENERATED = ("drumstick-bag", "football-juggle", "hammer-spoon"), 1
LOW_HZ, PIECE_S, PIECES = 6000, 0.25, 10


def distance(a, b):
    n = min(len(a), len(b))
    return mel_distance_db(a[:n].astype(np.float32), b[:n].astype(np.float32))


def low(samples):
    return resample_poly(samples, 1, RATE_HZ // LOW_HZ).astype(np.float32)


def all_sounds(shared, packed):
    """All free sounds end to end at 6 kHz with gaps: f32 [S]; kept in `packed`."""
    if not packed.exists():
        gap = np.zeros(LOW_HZ // 4, np.float32)
        files = sorted((pathlib.Path(shared) / "data" / "sounds").rglob("*.flac"))
        np.save(packed, np.concatenate([part for f in files for part in (low(sf.read(f, dtype="float64")[0]), gap)]))
    return np.load(packed)


def largest_correlation(pieces, everything):
    """For each piece f32 [n] the largest |correlation| with any stretch of `everything`, 0..1."""
    n, block = len(pieces[0]), next_fast_len(2 ** 18, real=True)
    best = np.zeros(len(pieces))
    spectra = [np.conj(rfft(p, block)) for p in pieces]
    energy = [np.linalg.norm(p) + 1e-9 for p in pieces]
    floor = 1e-3 * np.sqrt(n)  # stretches below -60 dB match anything
    for start in range(0, len(everything) - n, block - n):
        part = everything[start:start + block]
        square = np.concatenate([[0], np.cumsum(part.astype(np.float64) ** 2)])
        norm = np.sqrt(np.maximum(0, square[n:] - square[:-n])) + floor
        whole = rfft(part, block)
        for i, spectrum in enumerate(spectra):
            best[i] = max(best[i], np.abs(irfft(whole * spectrum, block)[:len(norm)] / norm).max() / energy[i])
    return best


def pieces_of(samples, facts):
    """0.25 s after the loudest attacks, at 6 kHz."""
    x, n = low(samples), round(PIECE_S * LOW_HZ)
    found = [x[round(e["time"] * LOW_HZ):][:n] for e in facts["events"]]
    found = [p for p in found if len(p) == n]
    return sorted(found, key=lambda p: -np.square(p).sum())[:PIECES]


def variety(takes, paths, shared, work):
    out, everything = {}, all_sounds(shared, pathlib.Path(work) / "sounds-6k.npy")
    for strength in (0, GENERATED):
        apart, copies = [], []
        for clip in CLIPS:
            made = [takes.make(f"{clip}-{strength}-{seed}", paths[clip], "--seed", seed, "--guide-strength", strength) for seed in (1, 2)]
            apart.append(distance(made[0][0], made[1][0]))
            pieces = pieces_of(*made[0])
            copies += list(largest_correlation(pieces, everything)) if pieces else []
        out[f"strength_{strength}"] = {"between_seeds_db": round(float(np.mean(apart)), 1), "correlation_median": round(float(np.median(copies)), 2),
                                       "correlation_largest": round(float(np.max(copies)), 2), "pieces": len(copies)}
    return out


def levels(made, labels):
    """Correlation, within each clip and averaged, of the level (dB) in 0.1 s after an event with its intensity and the real strength."""
    seen, real = [], []
    for clip, (samples, facts) in made.items():
        rows = []
        for event in facts["events"]:
            at = round(event["time"] * RATE_HZ)
            truth = min(labels[clip], key=lambda row: abs(row[0] - event["time"]))
            rows.append((level_db(samples[max(0, at - 240):at + 4800]), event["strength"], truth[1] if near(event["time"], [truth[0]]) else np.nan))
        table = np.array(rows)
        if len(table) > 4 and table[:, 1].std() > 0:
            seen.append(np.corrcoef(table[:, 0], table[:, 1])[0, 1])
        hit = table[~np.isnan(table[:, 2])] if len(table) else table
        if len(hit) > 4 and hit[:, 2].std() > 0:
            real.append(np.corrcoef(hit[:, 0], hit[:, 2])[0, 1])
    mean = lambda values: round(float(np.mean(values)), 2) if values else None
    return {"level_against_intensity": mean(seen), "level_against_real_strength": mean(real), "clips": [len(seen), len(real)]}
