"""What the manifest says about a graph, measured on the graph itself: arithmetic per unit, and how far its outputs look.

Arithmetic is counted node by node from the shapes of a real run (ONNX Runtime's profile, constants folded, nothing fused):
a multiply and an add are two; element-wise work is left out, as in every count of this kind.
"""
import json
import math
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime

UNCOUNTED_OPS = {"Einsum", "LSTM", "GRU", "RNN", "MatMulNBits", "QLinearConv", "QLinearMatMul"}  # never guessed at


def session(path, profile_prefix=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if profile_prefix:
        options.enable_profiling, options.profile_file_prefix = True, str(profile_prefix)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def gflop(path, feeds):
    """Arithmetic of one run in GFLOP. `feeds` are the arrays by input name."""
    with tempfile.TemporaryDirectory() as folder:
        run = session(path, pathlib.Path(folder) / "profile")
        run.run(None, feeds)
        events = json.loads(pathlib.Path(run.end_profiling()).read_text())
    nodes = [e["args"] for e in events if e.get("cat") == "Node" and "output_type_shape" in e.get("args", {})]
    return sum(node_flop(n["op_name"], shapes(n["input_type_shape"]), shapes(n["output_type_shape"])) for n in nodes) / 1e9


def shapes(typed):
    return [next(iter(entry.values())) for entry in typed]


def node_flop(op, inputs, outputs):
    size = math.prod
    if op in UNCOUNTED_OPS:
        raise SystemExit(f"no count for the op {op}: add it to assemble_graphs.py")
    if op in ("MatMul", "MatMulInteger", "DynamicQuantizeMatMul", "FusedMatMul"):
        return 2 * size(outputs[0]) * inputs[0][-1]
    if op in ("Gemm", "FusedGemm"):
        return 2 * size(outputs[0]) * size(inputs[0]) // outputs[0][0]
    if op in ("Conv", "FusedConv", "ConvInteger"):
        return 2 * size(outputs[0]) * size(inputs[1][1:])
    if op == "ConvTranspose":
        return 2 * size(inputs[0]) * size(inputs[1][1:])
    if op == "STFT":  # [B, frames, bins, 2]; a real FFT of n points is about 2.5 n log2 n
        points = 2 * (outputs[0][2] - 1)
        return round(2.5 * points * math.log2(points)) * size(outputs[0][:2])
    if op in ("Attention", "MultiHeadAttention"):  # q k' and the weights times v
        return 4 * size(inputs[0]) * inputs[1][-2]
    return 0


def random_feeds(path, dims, seed=1):
    """Arrays for every input of a graph; `dims` gives the length of each named (dynamic) dimension."""
    rng, feeds = np.random.default_rng(seed), {}
    for value in onnx.load(str(path), load_external_data=False).graph.input:
        shape = [dims[d.dim_param] if d.dim_param else d.dim_value for d in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type == onnx.TensorProto.INT64:
            feeds[value.name] = np.ones(shape, np.int64)
        else:
            feeds[value.name] = rng.random(shape, np.float32)
    return feeds


def reach(path, name, axis_in, axis_out, dims, tries=4):
    """How many items each side an output depends on: one item of `name` is changed, the farthest output that moves counts.

    Several random inputs, since a rectifier may hide a path. `axis_in`, `axis_out`: the axes of time; an item is one step of
    it (960 samples of audio)."""
    run, farthest = session(path), 0
    for seed in range(tries):
        feeds = random_feeds(path, dims, seed)
        before = run.run(None, feeds)[0]
        length = feeds[name].shape[axis_in]
        hop_in = 960 if name == "audio" else 1
        items = length // hop_in
        per_item, middle = before.shape[axis_out] // items, items // 2
        changed = feeds[name].copy()
        index = [slice(None)] * changed.ndim
        index[axis_in] = slice(middle * hop_in, (middle + 1) * hop_in)
        changed[tuple(index)] = np.random.default_rng(100 + seed).random(changed[tuple(index)].shape, np.float32)
        after = run.run(None, {**feeds, name: changed})[0]
        moved = np.abs(after - before).max(axis=tuple(a for a in range(before.ndim) if a != axis_out % before.ndim))
        where = np.nonzero(moved > 0)[0] // per_item
        if len(where) == 0:
            raise SystemExit(f"{path.name}: nothing depends on {name}")
        farthest = max(farthest, middle - where.min(), where.max() - middle)
        if farthest >= middle - 1:
            raise SystemExit(f"{path.name}: sees {farthest} items each side or more: it cannot run in pieces")
    return int(farthest)
