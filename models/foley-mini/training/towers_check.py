"""Measures the exported towers: `python towers_check.py --shared ../../../../shared` -> reports/towers.json.

text      cosine of pooled embeddings, int8 graph against the fp32 weights (forward pass written here), on 20 prompts
semantic  graph (fp16 weights) against the fp32 PyTorch module: largest difference and top-5 agreement on frames of the clips
"""
import argparse
import json
import pathlib
import time
import zipfile

import numpy as np
import onnxruntime as ort
import torch
import torch.nn.functional as F
from safetensors.torch import load as load_safetensors

from bank_picture import clip_frames, frame_pixels
from bank_text import TextTower
from lite0 import load_lite0
from package_files import package_dir

PROMPTS = """footsteps on gravel|he chops wood|glass breaking|typing on a keyboard|rain on a roof|metal clank|a dog barks twice|heavy door slams shut
pouring coffee into a mug|hammer on an anvil|distant thunder|tearing paper|basketball dribbling in a gym|waves on a beach|church bells|car engine idling
sword fight|crumpling a plastic bag|coins dropped on a table|wind in the trees""".replace("\n", "|").split("|")


def minilm_fp32(state, ids, mask):
    """BERT encoder (Devlin et al. 2019), 6 layers of 12 heads x 32: ids, mask [B,L] -> [B,L,384]."""
    def linear(x, name):
        return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def norm(x, name):
        return F.layer_norm(x, (384,), state[f"{name}.weight"], state[f"{name}.bias"], 1e-12)

    batch, length = ids.shape
    e = "embeddings"
    x = state[f"{e}.word_embeddings.weight"][ids] + state[f"{e}.position_embeddings.weight"][:length] + state[f"{e}.token_type_embeddings.weight"][0]
    x, bias = norm(x, f"{e}.LayerNorm"), (1 - mask[:, None, None].float()) * -1e9
    for layer in range(6):
        p = f"encoder.layer.{layer}"
        q, k, v = (linear(x, f"{p}.attention.self.{n}").view(batch, length, 12, 32).transpose(1, 2) for n in ("query", "key", "value"))
        y = (torch.softmax(q @ k.transpose(-1, -2) / 32**0.5 + bias, -1) @ v).transpose(1, 2).reshape(batch, length, 384)
        x = norm(x + linear(y, f"{p}.attention.output.dense"), f"{p}.attention.output.LayerNorm")
        x = norm(x + linear(F.gelu(linear(x, f"{p}.intermediate.dense")), f"{p}.output.dense"), f"{p}.output.LayerNorm")
    return x


def check_text(bundle):
    started = time.perf_counter()
    tower = TextTower(bundle / "text")
    load_s = time.perf_counter() - started
    started = time.perf_counter()
    small = tower.embed(PROMPTS)
    run_s = time.perf_counter() - started
    with zipfile.ZipFile(package_dir("all_minilm_l6_v2") / "model.zip") as archive:
        state = load_safetensors(archive.read(next(n for n in archive.namelist() if n.endswith("model.safetensors"))))
    ids, mask = tower.tokens(PROMPTS)
    with torch.no_grad():
        hidden = minilm_fp32(state, torch.from_numpy(ids), torch.from_numpy(mask))
    weights = torch.from_numpy(mask)[..., None].float()
    exact = F.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1).numpy()
    cosine = (small * exact).sum(1)
    one = tower.embed(PROMPTS[:1])[0]
    return {"prompts": len(PROMPTS), "cosineMin": round(float(cosine.min()), 5), "cosineMean": round(float(cosine.mean()), 5), "loadSeconds": round(load_s, 2),
            "secondsFor20": round(run_s, 2), "largestChangeByPadding": float(np.abs(one - small[0]).max())}


def check_semantic(bundle, shared):
    started = time.perf_counter()
    session = ort.InferenceSession(bundle / "semantic.onnx", providers=["CPUExecutionProvider"])
    load_s, net = time.perf_counter() - started, load_lite0()
    largest, agree, same_top, count, seconds = 0.0, 0, 0, 0, 0.0
    for clip in sorted((shared / "data" / "clips").glob("*.*")):
        if clip.suffix in (".csv", ".md"):
            continue
        pixels = frame_pixels(clip_frames(clip, fps=0.5))
        started = time.perf_counter()
        got = session.run(None, {"pixels": pixels})[0]
        seconds += time.perf_counter() - started
        with torch.no_grad():
            want = net(torch.from_numpy(pixels)).numpy()
        largest = max(largest, float(np.abs(got - want).max()))
        top_got, top_want = np.argsort(-got)[:, :5], np.argsort(-want)[:, :5]
        agree += sum(len(set(a) & set(b)) for a, b in zip(top_got, top_want))
        same_top += int((top_got[:, 0] == top_want[:, 0]).sum())
        count += len(pixels)
    return {"frames": count, "top5Agreement": round(agree / 5 / count, 4), "top1Agreement": round(same_top / count, 4), "largestDifference": round(largest, 5),
            "loadSeconds": round(load_s, 2), "secondsPerFrame": round(seconds / count, 4)}


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=pathlib.Path, default=here / "../../../../shared")
    parser.add_argument("--bundle", type=pathlib.Path, default=here.parent)
    args = parser.parse_args()
    torch.set_num_threads(1)
    report = {"text": check_text(args.bundle), "semantic": check_semantic(args.bundle, args.shared)}
    (here / "reports").mkdir(exist_ok=True)
    (here / "reports" / "towers.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
