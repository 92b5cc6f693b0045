"""The shipped graph of sync nets: when something hits may be a first net's word, how, where and what is the newer one's.

The newer net knows drawn scenes far better, its onsets on real clips are no better than the first's and it places more false ones
(CARD.md); place, strength and kind are what the first does not tell or tells worse. The graph is written by the product's own
builder (local-server/src/networks/mini-sync.ts).
"""
import pathlib
import tempfile

import numpy as np
import torch

import sync_eval
from graph_write import write_graph
from sync_model import SIZE

FIRST = {"threshold": 0.3, "latencySeconds": 0.01}  # of version one's net, whose probability is not calibrated
LEAST = 1e-6  # probabilities are kept this far from 0 and 1


def folded(net):
    """{name: weights}, batch norms folded into the convolutions before them."""
    state, out = net.state_dict(), {}
    norms = {f"{c}.0": f"{c}.1" for c in ("c1", "c2", "c3", "c4", "more3", "more4")} | {f"times.{i}.mix": f"times.{i}.norm" for i in range(len(net.times))}
    for conv, norm in norms.items():
        gain = state[f"{norm}.weight"].double() / torch.sqrt(state[f"{norm}.running_var"].double() + 1e-5)
        weight, bias = state[f"{conv}.weight"].double(), state.get(f"{conv}.bias", torch.zeros(())).double()
        name = conv.removesuffix(".0")
        out[f"{name}.weight"] = (weight * gain.reshape(-1, *[1] * (weight.ndim - 1))).float()
        out[f"{name}.bias"] = (state[f"{norm}.bias"].double() + (bias - state[f"{norm}.running_mean"].double()) * gain).float()
    plain = [f"times.{i}.{part}" for i in range(len(net.times)) for part in ("depth", "whole")] + ["head", "kind"]
    return out | {f"{name}.{part}": state[f"{name}.{part}"] for name in plain for part in ("weight", "bias")}


def write(path, net, first=None, slope=1.0, constant=0.0):
    """net: sees 112x64; first: {name: weights} of one that sees 56x32 (sync_first.pt). The logit x of what says when becomes slope x + constant."""
    if net.size != SIZE:
        raise SystemExit(f"expected a net of {SIZE}, came {net.size}: train one without --size")
    offset = float(first["offset"]) if first else 0.0  # version one's own
    weights = {f"what.{k}": v for k, v in folded(net).items()} | {f"when.{k}": v for k, v in (first or {}).items() if k != "offset"}
    weights["calibration"] = torch.tensor([slope, constant - slope * offset])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "sync.pt"
        torch.save({k: v.contiguous() for k, v in weights.items()}, file)
        write_graph("sync", file, path)
    predict, from_column = sync_eval.onnx_predict(path), 1 if first or slope != 1 or constant else 0
    for t in (1, 2, 5, 10, 77):
        x = torch.rand(1, t, *SIZE)
        with torch.no_grad():
            (events, kinds), (own, own_kinds) = predict(x.numpy()), net(x)
        apart = max(np.abs(events - own.numpy())[..., from_column:].max(), np.abs(kinds - own_kinds.numpy()).max())
        assert apart < 1e-4, f"the graph is {apart} from torch at {t} frames"
