"""Every graph with its weights in 32, 16 and 8 bits, side by side: `python graph_forms.py --shared ../../../../shared` -> reports/forms.json.

8 bits: one scale for an output channel, symmetric, cast and scaled where the graph is opened; arithmetic stays f32 in every form. What
counts is a measure of the part's own work: the classes that prompts and clips find, the distance of decoded sounds to the real
ones, how far a prediction or a probability moves.
"""
import argparse
import csv
import json
import pathlib
import tempfile
import time

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from assemble import COSTS, ROLES
from assemble_graphs import random_feeds
from bank_picture import clip_frames, frame_pixels
from bank_score import SENSIBLE
from bank_text import one_thread
from codec_eval import log_spectral_distance_db, mel_distance_db
from sounds_data import is_held_out
import soundfile as sf

FORMS, SMALLEST, TIMES = ("32", "16", "8"), 256, 7


def weights_of(model):
    """{name that the nodes use: f32 array} of all large weights, not of the network's constants; the casts that make them of 16 bits are taken out."""
    held = {t.name: t for t in model.graph.initializer}
    found, kept = {}, []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in held and held[node.input[0]].data_type == TensorProto.FLOAT16:
            found[node.output[0]] = numpy_helper.to_array(held.pop(node.input[0])).astype(np.float32)
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    for name, tensor in list(held.items()):
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= SMALLEST and not name.split("/")[-1].startswith("constant_"):
            found[name] = numpy_helper.to_array(held.pop(name))
    del model.graph.initializer[:]
    model.graph.initializer.extend(held.values())
    return found


def channel_axis(model, name, array):
    """Axis of the output channels where a weight is used: the last of a matrix product, the first of a convolution."""
    user = next(n for n in model.graph.node if name in n.input)
    transposed = any(a.name == "transB" and a.i for a in user.attribute)
    return array.ndim - 1 if user.op_type == "MatMul" or (user.op_type == "Gemm" and not transposed) else 1 if user.op_type == "ConvTranspose" else 0


def in_form(path, bits, out):
    """Writes the graph with its large weights in `bits`; vectors stay in 16 at the least."""
    model = onnx.load(str(path))
    added, nodes = [], []
    for name, w in weights_of(model).items():
        if bits == "32":
            added.append(numpy_helper.from_array(w, name))
        elif bits == "16" or w.ndim < 2:
            added.append(numpy_helper.from_array(w.astype(np.float16), f"{name}.16"))
            nodes.append(helper.make_node("Cast", [f"{name}.16"], [name], to=TensorProto.FLOAT))
        else:
            others = tuple(a for a in range(w.ndim) if a != channel_axis(model, name, w))
            scale = np.maximum(np.abs(w).max(axis=others, keepdims=True), 1e-12) / 127
            added += [numpy_helper.from_array(np.round(w / scale).astype(np.int8), f"{name}.8"), numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale")]
            nodes += [helper.make_node("Cast", [f"{name}.8"], [f"{name}.wide"], to=TensorProto.FLOAT), helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name])]
    model.graph.initializer.extend(added)
    nodes += list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(out))
    return out


def milliseconds(session, path, role):
    """A unit's time on one core, best of several."""
    unit, dims, count = COSTS[role]
    feeds, best = random_feeds(path, dims), []
    for _ in range(TIMES):
        began = time.perf_counter()
        session.run(None, feeds)
        best.append(time.perf_counter() - began)
    return {"unit": unit, "milliseconds": round(1000 * min(best) / count, 4)}


def semantic_loss(shared, bundle):
    """-> measure(session): what 19 clips are taken for, and on how many frames the first label is not that of the first form measured."""
    specs = json.loads((pathlib.Path(__file__).parent / "classes.json").read_text(encoding="utf-8"))
    ids, table = [s["id"] for s in specs], np.fromfile(bundle / "bank" / "picture.f32", "<f4").reshape(1000, -1)
    clips = {p.stem: frame_pixels(clip_frames(p)) for p in sorted((shared / "data" / "clips").iterdir()) if p.stem in SENSIBLE and p.suffix not in (".csv", ".md")}
    before = {}

    def measure(session):
        found, moved, first = [], [], []
        for name, pixels in clips.items():
            p = np.concatenate([session.run(None, {"pixels": pixels[i:i + 8]})[0] for i in range(0, len(pixels), 8)])
            known = before.setdefault(name, p)
            moved.append(np.abs(p - known).max(1))
            first.append(p.argmax(1) != known.argmax(1))
            best = [ids[k] in SENSIBLE[name].split() for k in np.argsort(-(p.mean(0) @ table))[:5]]
            found.append((best[0], any(best)))
        return {"clips_top1_top5": [int(sum(f[0] for f in found)), int(sum(f[1] for f in found))], "frames": sum(map(len, first)),
                "frames_first_label_changes": int(sum(f.sum() for f in first)), "largest_change_of_a_probability_median": float(f"{np.median(np.concatenate(moved)):.2g}")}
    return measure


def held_out_sounds(shared, every=4, longest_s=3):
    folder = shared / "data" / "sounds"
    rows = [r for r in csv.DictReader((folder / "index.csv").open(encoding="utf-8")) if is_held_out(r)][::every]
    silence = np.zeros(9600, np.float32)
    sounds = [np.concatenate([silence, sf.read(folder / r["file"], dtype="float32")[0][:48000 * longest_s], silence]) for r in rows]
    return [s[:len(s) // 960 * 960] for s in sounds]


def codec_loss(sounds, other, role):
    """-> measure(session): distance of held-out sounds through this form of one half of the codec and the shipped other half."""
    def measure(session):
        encoder, decoder = (session, other) if role == "encoder" else (other, session)
        made = [decoder.run(None, {decoder.get_inputs()[0].name: encoder.run(None, {"audio": s[None, None]})[0]})[0].reshape(-1) for s in sounds]
        return {"files": len(sounds), "distance_db": round(float(np.mean([mel_distance_db(m, s) for m, s in zip(made, sounds)])), 3),
                "distance_floor_60_db": round(float(np.mean([log_spectral_distance_db(m, s) for m, s in zip(made, sounds)])), 3)}
    return measure


def change_of_output(path, role):
    """-> measure(session): the change of the output against the first form measured, relative, in dB."""
    feeds, before = random_feeds(path, COSTS[role][1], seed=7), []
    for name, value in feeds.items():
        if value.dtype == np.float32 and name not in ("timestep", "frames"):
            feeds[name] = np.random.default_rng(8).standard_normal(value.shape).astype(np.float32)

    def measure(session):
        out = session.run(None, feeds)[0].astype(float)
        before.append(out)
        change = np.square(out - before[0]).mean() / np.square(before[0]).mean()
        return {"change_db": round(float(10 * np.log10(change)), 1) if change else None}
    return measure


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=pathlib.Path, default=here / "../../../../shared")
    parser.add_argument("--bundle", type=pathlib.Path, default=here.parent)
    args = parser.parse_args()
    torch.set_num_threads(1)
    path_of = {role: args.bundle / ROLES[role]["graphs"]["cpu"] for role in ("semantic", "encoder", "decoder", "sync", "denoiser")}
    sounds = held_out_sounds(args.shared)
    losses = {"semantic": semantic_loss(args.shared, args.bundle), "encoder": codec_loss(sounds, one_thread(path_of["decoder"]), "encoder"),
              "decoder": codec_loss(sounds, one_thread(path_of["encoder"]), "decoder"), "sync": change_of_output(path_of["sync"], "sync"),
              "denoiser": change_of_output(path_of["denoiser"], "denoiser")}
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        for role, path in path_of.items():
            report[role] = {"shipped_bytes": path.stat().st_size}
            for bits in FORMS:
                form = in_form(path, bits, pathlib.Path(folder) / f"{role}{bits}.onnx")
                session = one_thread(form)
                report[role][bits] = {"bytes": form.stat().st_size, **milliseconds(session, form, role), **losses[role](session)}
                print(role, bits, report[role][bits], flush=True)
    (here / "reports" / "forms.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
