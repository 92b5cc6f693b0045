"""Write the averaged weights of a training state as an ONNX graph.

  python sync_export.py work/sync/NAME.pt ../sync.onnx [OFFSET]

OFFSET is subtracted from the onset logit. Training counts frames with events up to three times, which makes the net
say "event" too easily; the offset takes that back, chosen once for all clips.
"""
import sys

import torch

from sync_model import SyncNet
from sync_train import export

state = torch.load(sys.argv[1], weights_only=False)
net = SyncNet(state["widths"])
net.load_state_dict(state["ema"])
net.offset = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
export(net, sys.argv[2])
print(f"step {state['step']}, {sum(p.numel() for p in net.parameters())} parameters, offset {net.offset} -> {sys.argv[2]}")
