"""Onset detector of the sync score (spectral flux, adaptive threshold, moved to the steepest rise), the same numbers as score-sync.mjs."""
import numpy as np
from scipy.fft import rfft

RATE_HZ = 48000
WINDOW, HOP, BANDS = 2048, round(RATE_HZ * 0.0058), 40
EDGES = np.array([int(np.floor(WINDOW / RATE_HZ * 60 * (16000 / 60) ** (i / BANDS) + 0.5)) for i in range(BANDS + 1)])
LAST = np.maximum(EDGES[1:], EDGES[:-1] + 1)
HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
STEP = round(RATE_HZ * 0.002)


def flux_of(x):
    """x [S] -> flux [F], one value per hop, frames centred on f * HOP."""
    frames = (len(x) + WINDOW) // HOP
    padded = np.concatenate([np.zeros(WINDOW // 2), x, np.zeros(2 * WINDOW)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    power = np.abs(rfft(windows * HANN, axis=1)[:, :LAST[-1]]) ** 2
    total = np.concatenate([np.zeros((frames, 1)), np.cumsum(power, axis=1)], 1)
    bands = np.maximum(0, total[:, LAST] - total[:, EDGES[:-1]])
    level = np.log1p(1000 * np.sqrt(bands) / WINDOW)
    flux = np.maximum(0, np.diff(level, axis=0)).sum(1) / BANDS
    return np.concatenate([[0.0], flux])


def steepest_rise(x, centre):
    """Sample between -50 and +40 ms of centre where the 2 ms level rises most."""
    first, last = max(STEP, centre - round(0.05 * RATE_HZ)), min(len(x) - STEP, centre + round(0.04 * RATE_HZ))
    starts = np.arange(first, last, STEP)
    if not len(starts):
        return centre
    blocks = np.arange(-STEP, STEP)
    squares = x[starts[:, None] + blocks] ** 2
    rise = np.sqrt(squares[:, STEP:].mean(1)) - np.sqrt(squares[:, :STEP].mean(1))
    return int(starts[np.argmax(rise)]) if rise.max() > 0 else centre


def onsets(x):
    """x f64 [S] at 48 kHz -> list of (sample, strength 0..1)."""
    flux = flux_of(x)
    peak, w, out = flux.max(initial=0), round(0.1 * RATE_HZ / HOP), []
    for f in range(1, len(flux) - 1):
        near = flux[max(0, f - w):f + w + 1]
        if flux[f] < near.max() or flux[f] <= 1.5 * near.mean() + 0.08 * peak or flux[f] <= 0.02:
            continue
        at = steepest_rise(x, f * HOP)
        if not out or at - out[-1][0] > 0.06 * RATE_HZ:
            out.append((at, flux[f] / peak))
    return out


def onsets_in_silence(x, pad_s=0.15):
    """Onsets of a sound as it stands alone: silence before and after; samples relative to x."""
    pad = round(pad_s * RATE_HZ)
    return [(at - pad, s) for at, s in onsets(np.concatenate([np.zeros(pad), x, np.zeros(pad)]))]
