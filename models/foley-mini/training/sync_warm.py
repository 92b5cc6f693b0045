"""Begin from a published graph: its weights back into the net's layers, so that it can go on learning.

The graph has its batch norms folded in. The trunk's are set to add the bias and nothing else (it stays as it is); those of
the temporal blocks are set so that they do the same on real frames, and can be trained.
"""
import numpy as np
import onnx
import torch


def tensors(path):
    """Weights of the graph's convolutions in order: list of (weight, bias)."""
    graph = onnx.load(str(path)).graph
    held = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    return [tuple(torch.from_numpy(np.array(held[name])) for name in node.input[1:3]) for node in graph.node if node.op_type == "Conv"]


@torch.no_grad()
def trunk(net, path):
    """Fill the trunk of `net` from the graph at `path`."""
    net.eval()
    for layer, (weight, bias) in zip((net.c1, net.c2, net.c3, net.c4), tensors(path)[:4]):
        norm = layer[1]
        layer[0].weight.copy_(weight), norm.bias.copy_(bias), norm.weight.fill_(1)
        norm.running_mean.zero_(), norm.running_var.fill_(1 - norm.eps)


@torch.no_grad()
def rest(net, path, seen):
    """Fill what follows the trunk; seen f32 [n, T, C, 4, 7] is the trunk's output on typical frames."""
    found = tensors(path)
    net.eval()
    for block, (depth, whole, mix) in zip(net.times, (found[i:i + 3] for i in range(4, 16, 3))):
        for layer, (weight, bias) in ((block.depth, depth), (block.whole, whole), (block.mix, mix)):
            layer.weight.copy_(weight), layer.bias.copy_(bias)
        block.mix.bias.zero_()
        kept = []
        hook = block.mix.register_forward_hook(lambda _, __, y: kept.append(y.transpose(0, 1).flatten(1)))
        net.read(seen)
        hook.remove()
        norm = block.norm
        norm.running_mean.copy_(kept[0].mean(1)), norm.running_var.copy_(kept[0].var(1))
        norm.weight.copy_((norm.running_var + norm.eps).sqrt()), norm.bias.copy_(mix[1] + norm.running_mean)
    for layer, (weight, bias) in zip((net.head, net.kind), found[16:]):
        layer.weight.copy_(weight), layer.bias.copy_(bias)
    if len(found) < 18:  # a graph that tells no kinds
        net.kind.weight.zero_(), net.kind.bias.zero_()
