"""From the net's events [T, 4] and the frames' presentation times to a list of events.

Reference for the port; plain loops on purpose. Rules, in this order:
 1. A frame is a candidate if its probability is >= THRESHOLD, >= that of the frame before and > that of the frame
    after (missing neighbours count as 0).
 2. Candidates are taken by falling probability (earlier first when equal); one that lies less than GAP_S from a
    taken one is dropped.
 3. The time is refined by a parabola through the three probabilities, -0.5..0.5 frame, turned into seconds with the
    presentation time of the neighbour on that side (the first and last frame are not refined); LATENCY_S is added.
 4. Intensity, x and y are those of the candidate's frame. The list is sorted by time.
"""
THRESHOLD = 0.3
GAP_S = 0.12
LATENCY_S = 0.01  # detections come 0.15 frame early on synthetic clips, 13 ms on real ones


def peaks(events, times_s, threshold=THRESHOLD, gap_s=GAP_S, latency_s=LATENCY_S):
    """events: rows (probability, intensity, x, y); times_s: presentation time of each row. Returns list of dicts."""
    n = len(times_s)
    prob = [float(row[0]) for row in events]
    candidates = []
    for i in range(n):
        before, after = prob[i - 1] if i > 0 else 0.0, prob[i + 1] if i + 1 < n else 0.0
        if prob[i] >= threshold and prob[i] >= before and prob[i] > after:
            candidates.append(i)
    candidates.sort(key=lambda i: (-prob[i], i))
    taken = []
    for i in candidates:
        if all(abs(times_s[i] - times_s[j]) >= gap_s for j in taken):
            taken.append(i)
    out = []
    for i in sorted(taken):
        t = times_s[i]
        if 0 < i < n - 1:
            curve = prob[i - 1] - 2 * prob[i] + prob[i + 1]
            shift = 0.0 if curve >= 0 else max(-0.5, min(0.5, 0.5 * (prob[i - 1] - prob[i + 1]) / curve))
            t += shift * (times_s[i + 1] - t) if shift > 0 else shift * (t - times_s[i - 1])
        out.append({"frame": i, "time_s": t + latency_s, "probability": prob[i], "intensity": float(events[i][1]),
                    "x": float(events[i][2]), "y": float(events[i][3])})
    return out
