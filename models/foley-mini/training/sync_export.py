"""Write the averaged weights of a training state as an ONNX graph.

  python sync_export.py work/sync/NAME.pt ../sync.onnx [OFFSET]

OFFSET is subtracted from the onset logit. Training counts frames with events up to three times, which makes the net
say "event" too easily; the offset takes that back, chosen once for all clips.
"""
import argparse

import torch

from sync_model import SyncNet
from sync_train import export

p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
p.add_argument("state", help="work/sync/NAME.pt")
p.add_argument("graph", help="../sync.onnx")
p.add_argument("offset", type=float, nargs="?", default=0.0)
args = p.parse_args()
state = torch.load(args.state, weights_only=False)
net = SyncNet(state["widths"])
net.load_state_dict(state["ema"])
net.offset = args.offset
export(net, args.graph)
print(f"step {state['step']}, {sum(p.numel() for p in net.parameters())} parameters, offset {net.offset} -> {args.graph}")
