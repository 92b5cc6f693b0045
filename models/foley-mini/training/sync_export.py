"""Write the averaged weights of a training state as an ONNX graph: python sync_export.py work/sync/NAME.pt ../sync.onnx"""
import sys

import torch

from sync_model import SyncNet
from sync_train import export

state = torch.load(sys.argv[1], weights_only=False)
net = SyncNet(state["widths"])
net.load_state_dict(state["ema"])
export(net, sys.argv[2])
print(f"step {state['step']}, {sum(p.numel() for p in net.parameters())} parameters -> {sys.argv[2]}")
