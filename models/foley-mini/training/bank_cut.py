"""Cuts recordings into one-shots, gestures and beds, and measures them. Samples at 48 kHz, mono, f64."""
import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfilt

from bank_onsets import RATE_HZ, onsets_in_silence

PRE_S, LEAD_S = 0.005, 0.003  # sound kept before the attack, fade-in of its first part
HIGHPASS = butter(2, 25, "highpass", fs=RATE_HZ, output="sos")


def seconds(s):
    return round(s * RATE_HZ)


def read_recording(path):
    """-> f64 [S] without DC and rumble under 25 Hz; the first 10 ms are silence so that cuts have room."""
    x, rate = sf.read(path, dtype="float64")
    if rate != RATE_HZ or x.ndim != 1:
        raise ValueError(f"{path}: expected mono at {RATE_HZ} Hz")
    return sosfilt(HIGHPASS, np.concatenate([np.zeros(seconds(0.01)), x - x.mean()]))


def level(x, window_s, hop_s):
    """RMS over centred windows, one value per hop."""
    window, hop = seconds(window_s), seconds(hop_s)
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([np.zeros(window // 2), x, np.zeros(window)]) ** 2)])
    at = np.arange(0, len(x), hop)
    return np.sqrt(np.maximum(0, total[at + window] - total[at]) / window)


def db(v):
    return 20 * np.log10(np.maximum(v, 1e-9))


def attack_start(x, near, before_s=0.04, after_s=0.03):
    """First sample of the attack round `near`: where the 0.5 ms level last rises through -12 dB of the attack's top."""
    first, last = max(0, near - seconds(before_s)), min(len(x), near + seconds(after_s))
    env = level(x[first:last], 0.0005, 0.00025)
    hop = seconds(0.00025)
    if not len(env) or env.max() <= 0:
        return near
    centre = (near - first) // hop
    top_at = centre + int(np.argmax(env[centre:centre + seconds(0.015) // hop])) if centre < len(env) - 1 else int(np.argmax(env))
    low = env[:top_at + 1] < 0.25 * env[top_at]
    start = int(np.nonzero(low)[0][-1]) + 1 if low.any() else 0
    return first + start * hop


def onsets_at_level(y):
    """Onsets of a cut as the bank stores it: peak -8 dBFS, silence before and after (the detector depends on level)."""
    return onsets_in_silence(y * (0.4 / max(1e-9, np.abs(y).max())))


def fade(x, head, tail):
    """Raised-cosine edges over `head` and `tail` samples."""
    y = x.copy()
    head, tail = min(head, len(y)), min(tail, len(y))
    if head:
        y[:head] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(head) + 0.5) / head)
    if tail:
        y[-tail:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(tail) + 0.5) / tail)
    return y


def natural_end(x, start, floor_db):
    """Sample after `start` where the 20 ms level stays under max(-55 dB of the top, noise + 3 dB)."""
    env = db(level(x[start:], 0.02, 0.005))
    loud = np.nonzero(env > max(env.max() - 55, floor_db + 3))[0]
    return start + min(len(x) - start, (int(loud[-1]) + 2) * seconds(0.005)) if len(loud) else len(x)


def choke(x, start, onset, end, shortest):
    """Cuts before every later rise that the detector hears -> (sound, choked) with one onset, or None."""
    choked = False
    for _ in range(6):
        length = end - onset
        if length < shortest:
            return None
        y = fade(x[start:end], seconds(LEAD_S), seconds(min(0.25, max(0.02, 0.4 * length / RATE_HZ))))
        heard = onsets_at_level(y)
        later = [at for at, _ in heard if at > onset - start + seconds(0.03)]
        if not later:
            return (y, choked) if len(heard) == 1 else None
        end, choked = start + later[0] - seconds(0.015), True
    return None


def damp(x, start, onset, end, shortest):
    """The weakest exponential decay after the attack that leaves one detected onset -> sound, or None."""
    after = np.maximum(0, np.arange(end - start) - (onset - start) - seconds(0.01)) / RATE_HZ
    for decay_s in (0.5, 0.25, 0.12, 0.07, 0.045, 0.03):
        last = min(end, onset + seconds(7 * decay_s + 0.02))
        if last - onset < shortest:
            return None
        y = fade((x[start:end] * np.exp(-after / decay_s))[:last - start], seconds(LEAD_S), seconds(0.03))
        if len(onsets_at_level(y)) == 1:
            return y
    return None


def heard_s(y, at):
    """Seconds after the attack until the 20 ms level stays 25 dB under its top."""
    env = db(level(y[at:], 0.02, 0.005))
    return float(np.nonzero(env > env.max() - 25)[0][-1]) * 0.005


def one_shot(x, onset, next_onset, rule):
    """-> (sound, onset in it, choked) with exactly one detected onset, or None: whole, choked or damped, whichever is heard longest."""
    floor_db = db(np.percentile(level(x, 0.02, 0.01), 5))
    start, end = max(0, onset - seconds(PRE_S)), natural_end(x, onset, floor_db)
    end, shortest = min(end, onset + seconds(rule["maxSeconds"])), seconds(rule["minSeconds"])
    crowded = next_onset is not None and next_onset - seconds(0.012) < end
    cut = choke(x, start, onset, min(end, next_onset - seconds(0.012)) if crowded else end, shortest)
    if cut and not crowded and not cut[1]:
        return cut[0], onset - start, False
    options = [y for y in (cut and cut[0], damp(x, start, onset, end, shortest)) if y is not None]
    best = max(options, key=lambda y: heard_s(y, onset - start), default=None)
    return None if best is None else (best, onset - start, True)


def one_shots(x, rule):
    """All one-shots of a recording: list of (sound, onset, facts)."""
    heard, out = onsets_in_silence(x), []
    starts = sorted({attack_start(x, at) for at, _ in heard})
    for i, onset in enumerate(starts):
        cut = one_shot(x, onset, starts[i + 1] if i + 1 < len(starts) else None, rule)
        if cut:
            y, at, choked = cut
            out.append((y, at, facts(x, y, at, onset, choked)))
    return out


def gestures(x, rule):
    """Whole gestures (a scrape, a bark, a swish): stretches over -26 dB of the top, gaps up to rule gapSeconds bridged."""
    hop = seconds(0.005)
    env = db(level(x, 0.02, 0.005))
    loud = env > max(env.max() - rule.get("depthDb", 26), db(np.percentile(level(x, 0.02, 0.01), 5)) + 6)
    spans, gap = [], round(rule.get("gapSeconds", 0.12) / 0.005)
    for f in np.nonzero(loud)[0]:
        if spans and f - spans[-1][1] <= gap:
            spans[-1][1] = int(f)
        else:
            spans.append([int(f), int(f)])
    out = []
    for first, last in spans:
        start, end = max(0, (first - 4) * hop), min(len(x), (last + 6) * hop)
        end, choked = (min(end, start + seconds(rule["maxSeconds"])), end - start > seconds(rule["maxSeconds"]))
        if end - start < seconds(rule["minSeconds"]):
            continue
        piece = x[start:end]
        rise = level(piece, 0.01, 0.001)
        onset = int(np.argmax(rise > 0.25 * rise.max())) * seconds(0.001)
        y = fade(piece, seconds(min(0.02, max(LEAD_S, onset / RATE_HZ))), seconds(min(0.2, 0.3 * len(piece) / RATE_HZ)))
        out.append((y, onset, facts(x, y, onset, start + onset, choked)))
    return out


def bed(x, rule):
    """The steadiest stretch of rule seconds (at most the file): list of one (sound, 0, facts)."""
    wanted = min(seconds(rule["seconds"]), len(x) - seconds(0.12))
    if wanted < seconds(rule["minSeconds"]):
        return []
    env, best = db(level(x, 0.2, 0.05)), None
    for start in range(seconds(0.06), len(x) - wanted - seconds(0.05) + 1, seconds(0.1)):
        part = env[start // seconds(0.05):(start + wanted) // seconds(0.05)]
        spread = part.std() + 0.1 * (part.max() - part.min())
        if best is None or spread < best[0]:
            best = (spread, start)
    y = x[best[1]:best[1] + wanted]
    return [(fade(y, seconds(0.005), seconds(0.005)), 0, {**facts(x, y, 0, best[1], False), "unsteadyDb": round(float(best[0]), 2)})]


def facts(x, y, at, onset, choked):
    """What decides whether a cut is good."""
    top = level(y[at:at + seconds(0.05)], 0.002, 0.001).max(initial=1e-9)
    before = level(x[max(0, onset - seconds(0.04)):max(1, onset - seconds(0.004))], 0.01, 0.005).max(initial=1e-9)
    rise = level(y[max(0, at - seconds(0.002)):at + seconds(0.05)], 0.0005, 0.00025)
    attack = (int(np.argmax(rise >= 0.9 * rise.max())) * 0.25 - 2) if len(rise) else 0
    tail = level(y[int(len(y) * 0.55):int(len(y) * 0.65) + 1], 0.02, 0.005)
    return {"quietBeforeDb": round(float(db(top) - db(before)), 1), "attackMs": round(float(attack), 2), "choked": bool(choked),
            "endDb": round(float(db(tail.mean() if len(tail) else 1e-9) - db(top)), 1), "clipped": int((np.abs(y) > 0.985).sum())}


def measures(y, at, mode):
    """The numbers that bank.json states for a sound."""
    loudness = level(y, 0.05, 0.005)
    peak_at = int(np.argmax(loudness))
    below = np.nonzero(loudness[peak_at:] < loudness[peak_at] * 10 ** (-30 / 20))[0]
    decay = (int(below[0]) * 0.005 if len(below) else (len(y) - at) / RATE_HZ)
    spectrum = np.abs(np.fft.rfft(y[at:] if mode == "event" else y)) ** 2
    hz = np.fft.rfftfreq(len(y) - (at if mode == "event" else 0), 1 / RATE_HZ)
    out = {"loudnessDb": round(float(db(loudness.max())), 2), "peakDb": round(float(db(np.abs(y).max())), 2)}
    return {**out, "decaySeconds": round(float(decay), 3), "brightnessHz": round(float((spectrum * hz).sum() / max(spectrum.sum(), 1e-12)))}
