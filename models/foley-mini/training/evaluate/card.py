"""The card's table, between two marks in CARD.md."""
BEGIN, END = "<!-- evaluate: written by training/evaluate -->", "<!-- /evaluate -->"


def f1(cell):
    return f"{cell['f1']:.2f}" + (f" ({cell['interval'][0]:.2f}-{cell['interval'][1]:.2f})" if "interval" in cell else "")


def row(name, part):
    whole, seen = part["all"], part["visible"]
    off = f"{whole['abs_dt_ms']['median']:.0f} / {seen['abs_dt_ms']['median']:.0f} ms" if whole.get("abs_dt_ms") and seen.get("abs_dt_ms") else "-"
    return f"| {name} | {f1(whole)} | {f1(seen)} | {off} |"


def by_eye(when):
    """The clips labelled by eye: only what is visible counts."""
    clips = list(when["sound"]["by_clip_visible"])
    lines = ["| labelled by eye, never tuned to: F1 of visible contacts | together | " + " | ".join(clips) + " |", "|---" * (len(clips) + 2) + "|"]
    for key, name in {"sound": "**sound of the take**", "events": "its events", "classical": "classical detector", "shifted": "shifted", "random": "random"}.items():
        each = when[key].get("by_clip_visible")
        cells = [f"{each[n]['f1']:.2f} ({each[n]['hits']} of {each[n]['events']})" if each else "-" for n in clips]
        lines.append("| " + " | ".join([name, f1(when[key]["visible"]), *cells]) + " |")
    return lines


def heard(what):
    """Classes that a classifier hears which does not know these recordings: in the first five (first)."""
    scales = {"session_left_out": "other sessions known", "recording_left_out": "other recordings known"}
    whose = {"takes": f"**takes, {what['takes_a_class']} a class**", "bank_cuts": "recordings of the bank, one by one", "real_files": "real files, one by one"}
    ways = list(what["session_left_out"]["takes"])
    head = f"| class named in a prompt, {what['classes']} classes: heard in the first five (first) | " + " | ".join(w.replace("_", " ") for w in ways) + " |"
    cells = lambda part: " | ".join(f"{part[w]['mean_over_classes_top5']:.2f} ({part[w]['mean_over_classes_top1']:.2f})" for w in ways)
    chance = " | ".join(f"{what['session_left_out']['takes'][w]['chance_top5']:.2f}" for w in ways)
    rows = [f"| {name}; {known} | {cells(what[scale][key])} |" for scale, known in scales.items() for key, name in whose.items()]
    return [head, "|---|" + "---|" * len(ways), *rows, f"| by lot | {chance} |"]


def table(report):
    when, what, alike, level, speed = (report[k] for k in ("when", "what", "likeness", "level", "speed"))
    lines = ["| when: F1 at 100 ms (95 % by bootstrap) | seven clips | visible events, five clips | median difference, all / visible |", "|---|---|---|---|",
             row("**sound of the take**", when["sound"]), row("its events", when["events"]), row("classical detector (sudden stops)", when["classical"]),
             row("the same onsets, shifted", when["shifted"]), row("as many random onsets", when["random"]), "",
             *by_eye(when["by_eye"]), "",
             "| clip | " + " | ".join(when["sound"]["by_clip"]) + " |", "|---|" + "---|" * len(when["sound"]["by_clip"]),
             "| F1 (hits of events) | " + " | ".join(f"{c['f1']:.2f} ({c['hits']} of {c['events']})" for c in when["sound"]["by_clip"].values()) + " |", "",
             "| nothing happens: hits placed in 10 s | " + " | ".join(when["placed_per_10_s"]) + " |", "|---|" + "---|" * len(when["placed_per_10_s"]),
             "| ours | " + " | ".join(map(str, when["placed_per_10_s"].values())) + " |",
             "| classical | " + " | ".join(map(str, when["classical_per_10_s"].values())) + " |", "",
             *heard(what), "",
             "| measure | |", "|---|---|",
             f"| between two seeds, strength 0 / 1 | {alike['strength_0']['between_seeds_db']} / {alike['strength_1']['between_seeds_db']} dB |",
             f"| largest correlation with any free sound, strength 0 (performed recordings) / 1 (generated): median, worst | {alike['strength_0']['correlation_median']}, {alike['strength_0']['correlation_largest']} / {alike['strength_1']['correlation_median']}, {alike['strength_1']['correlation_largest']} |",
             f"| level of the sound against intensity seen, against the real sound's strength (correlation) | {level['level_against_intensity']}, {level['level_against_real_strength']} |",
             f"| seconds for a second of clip, from cold: median, worst; memory | {speed['seconds_per_second_of_clip_cold']['median']}, {speed['seconds_per_second_of_clip_cold']['worst']}; {speed['memory_mib_worst']} MiB |"]
    return "\n".join(lines)


def put(path, text):
    card = path.read_text(encoding="utf-8")
    if BEGIN not in card:
        raise SystemExit(f"{path}: no place for the table ({BEGIN} ... {END})")
    head, rest = card.split(BEGIN, 1)
    path.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")
