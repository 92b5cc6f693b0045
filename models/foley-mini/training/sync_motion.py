"""Motion laws of the synthetic scenes: when things touch, and how the distance to the contact goes.

All tracks are evaluated at sample times ts [K] (seconds) and return arrays [K]. An event is (time_s, speed) with
speed in track units per second just before contact.
"""
import numpy as np


def smooth(u):
    """0..1 -> 0..1 with zero speed at both ends."""
    u = np.clip(u, 0, 1)
    return u * u * (3 - 2 * u)


def wander(rng, ts, rate_hz, amount):
    """Smooth random motion: cosine-interpolated knots at rate_hz; spread about `amount`."""
    t0, n = ts[0] - 1 / rate_hz, int((ts[-1] - ts[0]) * rate_hz) + 4
    knots = rng.standard_normal(n) * amount
    pos = (ts - t0) * rate_hz
    i = np.clip(pos.astype(int), 0, n - 2)
    u = smooth(pos - i)
    return knots[i] * (1 - u) + knots[i + 1] * u


def gaps(rng, total_s, low_hz=None, high_hz=None):
    """Times of a human-like series: even, swung, random or in bursts; covers -1 s .. total_s + 1 s."""
    lo, hi = low_hz or 0.5, high_hz or 6.0
    rate = np.exp(rng.uniform(np.log(lo), np.log(hi)))
    mode, jitter = rng.choice(["even", "even", "swung", "random", "burst"]), rng.uniform(0, 0.2)
    t, out, k = -1.0 + rng.uniform(0, 1 / rate), [], 0
    while t < total_s + 1:
        out.append(t)
        g = 1 / rate
        if mode == "swung":
            g *= 1.35 if k % 2 else 0.65
        elif mode == "random":
            g *= rng.uniform(0.5, 2.2)
        elif mode == "burst" and rng.random() < 0.25:
            g *= rng.uniform(2, 6)
        t += max(0.09, g * (1 + jitter * rng.standard_normal()))
        k += 1
    return np.array(out)


def strokes(rng, ts, low_hz=None, high_hz=None, fake=None, times=None, lift=None):
    """Height over a surface: raise, (pause), strike, touch. 0 = contact, up to 1 = fully raised.

    Some strokes are fakes: they stop softly in the air and are no events. Tops are never events.
    Returns h [K], events [(t, speed)].
    """
    total = ts[-1]
    times = gaps(rng, total, low_hz, high_hz) if times is None else times
    fake = rng.choice([0.0, 0.0, 0.1, 0.3]) if fake is None else fake
    power, lift_kind = rng.uniform(1.4, 3.2), rng.choice(["rebound", "ease", "even"])
    lift_kind = lift or lift_kind
    down_s, dwell_share, level = np.exp(rng.uniform(np.log(0.05), np.log(0.28))), rng.choice([0, 0, 0.1, 0.3, 0.6]), rng.uniform(0.45, 1)
    bounce = rng.choice([0, 0, 0.15, 0.35])
    h, events = np.zeros_like(ts), []
    low = 0.0  # where the last stroke ended (0 = on the surface)
    for a, b in zip(times[:-1], times[1:]):
        gap = b - a
        is_fake = rng.random() < fake
        peak = float(np.clip(level * rng.uniform(0.55, 1.3) * min(1, gap / 0.35 + 0.15), 0.08, 1))
        d = min(down_s * rng.uniform(0.75, 1.3), 0.45 * gap)
        dwell = min(gap * dwell_share * rng.uniform(0.3, 1.2), gap - d - 0.08 * gap)
        dwell = max(0.0, min(dwell, gap - d - min(0.06, 0.3 * gap)))
        room = gap - d - dwell
        rise = room * (rng.uniform(0.35, 0.9) if rng.random() < 0.4 and room > 0.25 else 1.0)
        m = (ts >= a) & (ts < a + dwell)
        h[m] = low
        if bounce and low == 0 and dwell > 0.05:
            u = (ts[m] - a) / min(dwell, 0.14)
            h[m] = np.where(u < 1, bounce * peak * 4 * u * (1 - u), 0)
        m = (ts >= a + dwell) & (ts < a + dwell + rise)
        u = (ts[m] - a - dwell) / rise
        f = 1 - (1 - u) ** (1 + power * 0.6) if lift_kind == "rebound" else smooth(u) if lift_kind == "ease" else u
        h[m] = low + (peak - low) * f
        h[(ts >= a + dwell + rise) & (ts < b - d)] = peak
        if is_fake:
            low2, d2 = peak * rng.uniform(0.05, 0.6), max(d, min(gap * 0.45, rng.uniform(0.15, 0.5)))
            m = (ts >= b - d2) & (ts < b)
            u = (ts[m] - b + d2) / d2
            h[m] = peak + (low2 - peak) * smooth(u)
            low = low2
        else:
            m = (ts >= b - d) & (ts < b)
            u = (ts[m] - b + d) / d
            h[m] = peak * (1 - u ** power)
            events.append((b, power * peak / d))
            low = 0.0
    return h, events


def bouncing(rng, ts, ground_rest=None):
    """A ball over a floor: dropped again and again, each time bouncing down. Height [K] (1 = drop height), events."""
    g = np.exp(rng.uniform(np.log(2.0), np.log(14.0)))  # drop heights per s^2: from close to far, or slow motion
    rest = rng.uniform(0.35, 0.9) if ground_rest is None else ground_rest
    h, events, t = np.ones_like(ts), [], -rng.uniform(0.1, 1.2)
    while t < ts[-1]:
        v, y = 0.0, rng.uniform(0.6, 1.0)
        first = np.sqrt(2 * y / g)
        m = (ts >= t) & (ts < t + first)
        h[m] = y - 0.5 * g * (ts[m] - t) ** 2
        t, v = t + first, g * first
        while v > 0.12 and t < ts[-1]:
            events.append((t, v))
            v *= rest * rng.uniform(0.92, 1.04)
            dt = 2 * v / g
            m = (ts >= t) & (ts < t + dt)
            u = ts[m] - t
            h[m] = v * u - 0.5 * g * u * u
            t += max(dt, 1e-3)
        lie = rng.uniform(0.2, 1.5)
        h[(ts >= t) & (ts < t + lie)] = 0
        lift = rng.uniform(0.3, 0.9)  # taken up again, softly
        m = (ts >= t + lie) & (ts < t + lie + lift)
        h[m] = smooth((ts[m] - t - lie) / lift)
        t += lie + lift + rng.uniform(0, 0.6)
    return np.clip(h, 0, 1.2), events


def ring(ts, events, decay_s, hz, amount):
    """Decaying shake after each event (t, weight): the struck thing, the camera."""
    out = np.zeros_like(ts)
    for t, w in events:
        u = ts - t
        m = (u > 0) & (u < 6 * decay_s)
        out[m] += amount * w * np.exp(-u[m] / decay_s) * np.sin(2 * np.pi * hz * u[m])
    return out


def loudness(speed):
    """Intensity 0..1 from the approach speed in picture heights per second."""
    return float(np.clip(np.sqrt(max(speed, 0) / 8), 0.06, 1))
