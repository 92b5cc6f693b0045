"""Writes denoiser.onnx and checks it against torch.

  python denoiser_export.py --denoiser work/denoiser/denoiser.pt --bundle ..
"""
import argparse
import json
import os
import time

import numpy as np
import torch

from codec_eval import session
from denoiser_model import Denoiser
from graph_write import write_graph

INPUTS = ["latents", "timestep", "text", "sync", "guide"]


def load_denoiser(path):
    """A file of denoiser_train.py -> (model, steps it was trained for)."""
    saved = torch.load(path, weights_only=True)
    model = Denoiser()
    model.load_state_dict(saved["average"])
    return model.eval(), saved["step"]


def example(batch, length, words, seed=0):
    """-> latents [B, 64, L], timestep [B], text [B, Lt, 384], sync [B, L, 2], guide [B, 64, L]; the last of the batch unconditioned."""
    g = torch.Generator().manual_seed(seed)
    text, guide = torch.randn(batch, words, 384, generator=g) * 0.3, torch.randn(batch, 64, length, generator=g)
    sync = torch.rand(batch, length, 2, generator=g)
    text[-1], guide[-1], sync[-1] = 0, 0, 0
    return torch.randn(batch, 64, length, generator=g), torch.linspace(0.9, 0.4, batch), text, sync, guide


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--denoiser", default="work/denoiser/denoiser.pt")
    args.add_argument("--bundle", default="..")
    args.add_argument("--report", default="reports/denoiser_export.json")
    args = args.parse_args()
    torch.set_num_threads(1)
    model, step = load_denoiser(args.denoiser)
    path = os.path.join(args.bundle, "denoiser.onnx")
    write_graph("denoiser", args.denoiser, path)
    graph, effects, padded = session(path), {}, 0.0
    for batch, length, words in ((2, 400, 9), (1, 1, 1), (1, 2, 3), (2, 399, 1), (4, 250, 20)):
        inputs = example(batch, length, words, seed=length)
        with torch.no_grad():
            exact = model(*inputs).numpy()
        feed = dict(zip(INPUTS, (x.numpy() for x in inputs)))
        made = graph.run(None, feed)[0]
        effects[f"{batch}x{length}"] = float(np.abs(made - exact).max())
        more = {**feed, "text": np.concatenate([feed["text"], np.zeros((batch, 4, 384), np.float32)], 1)}
        padded = max(padded, float(np.abs(graph.run(None, more)[0] - made).max()))
    feed = dict(zip(INPUTS, (x.numpy() for x in example(2, 400, 9))))
    graph.run(None, feed)
    times = []
    for _ in range(10):
        began = time.time()
        graph.run(None, feed)
        times.append(time.time() - began)
    report = {"step": step, "bytes": os.path.getsize(path), "stored_f16_effect_max": effects,
              "zero_rows_of_text_effect": padded, "guided_step_8_s_seconds_2_threads": {"median": round(float(np.median(times)), 3), "best": round(min(times), 3)}}
    print(json.dumps(report, indent=1))
    with open(args.report, "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
