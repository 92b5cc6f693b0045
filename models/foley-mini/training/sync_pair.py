"""One graph of two sync nets that were trained apart: when something hits is the first's word, how, where and what the second's.

The newer net knows drawn scenes far better, its onsets on real clips are no better than the first's and it places more false ones
(CARD.md); place, strength and kind are what the first does not tell or tells worse.
"""
import onnx
from onnx import TensorProto, compose, helper

FIRST = {"threshold": 0.3, "latencySeconds": 0.01}  # of version one's net, whose probability is not calibrated
LEAST = 1e-6  # probabilities are kept this far from 0 and 1


def write(first, second, slope, constant, path):
    """first: graph that sees 56x32 and tells events; second: one that sees 112x64 and tells events and kinds; the first's onset logit x becomes slope x + constant."""
    a, b = (compose.add_prefix(onnx.load(str(p)), prefix) for p, prefix in ((first, "first/"), (second, "second/")))
    number = lambda name, value: helper.make_tensor(name, TensorProto.FLOAT, [], [value])
    whole = lambda name, value: helper.make_tensor(name, TensorProto.INT64, [1], [value])
    nodes = [helper.make_node("AveragePool", ["frames"], ["first/frames"], kernel_shape=[2, 2], strides=[2, 2]), helper.make_node("Identity", ["frames"], ["second/frames"]),
             *a.graph.node, *b.graph.node,
             helper.make_node("Slice", ["first/events", "from0", "to1", "last"], ["when"]), helper.make_node("Clip", ["when", "least", "most"], ["kept"]),
             helper.make_node("Sub", ["one", "kept"], ["rest"]), helper.make_node("Div", ["kept", "rest"], ["odds"]), helper.make_node("Log", ["odds"], ["logit"]),
             helper.make_node("Mul", ["logit", "slope"], ["sloped"]), helper.make_node("Add", ["sloped", "constant"], ["calibrated"]),
             helper.make_node("Sigmoid", ["calibrated"], ["probability"]),
             helper.make_node("Slice", ["second/events", "to1", "to4", "last"], ["how"]), helper.make_node("Concat", ["probability", "how"], ["events"], axis=2),
             helper.make_node("Identity", ["second/kinds"], ["kinds"])]
    constants = [number("slope", slope), number("constant", constant), number("least", LEAST), number("most", 1 - LEAST), number("one", 1.0),
                 whole("from0", 0), whole("to1", 1), whole("to4", 4), whole("last", 2)]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "sync", [value("frames", [1, "T", 64, 112])], [value("events", [1, "T", 4]), value("kinds", [1, "T", 6])],
                              [*a.graph.initializer, *b.graph.initializer, *constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
