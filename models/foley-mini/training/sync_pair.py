"""One graph of two sync nets that were trained apart: their onset logits weighed and added, all else from the second.

Nets of other scenes and sizes err in other places: together they place fewer false hits for the same contacts.
"""
import onnx
from onnx import TensorProto, compose, helper

LEAST = 1e-6  # probabilities are kept this far from 0 and 1


def logit(name):
    """Nodes from events [1, T, 4] of the net `name` to its onset logit [1, T, 1]."""
    return [helper.make_node("Slice", [f"{name}events", "from0", "to1", "last"], [f"{name}p"]),
            helper.make_node("Clip", [f"{name}p", "least", "most"], [f"{name}kept"]), helper.make_node("Sub", ["one", f"{name}kept"], [f"{name}rest"]),
            helper.make_node("Div", [f"{name}kept", f"{name}rest"], [f"{name}odds"]), helper.make_node("Log", [f"{name}odds"], [f"{name}logit"])]


def write(first, second, weights, path):
    """first: graph that sees 56x32 and tells events; second: one that sees 112x64 and tells events and kinds; weights (first's, second's, constant)."""
    a, b = (compose.add_prefix(onnx.load(str(p)), prefix) for p, prefix in ((first, "first/"), (second, "second/")))
    number = lambda name, value: helper.make_tensor(name, TensorProto.FLOAT, [], [value])
    whole = lambda name, value: helper.make_tensor(name, TensorProto.INT64, [1], [value])
    nodes = [helper.make_node("AveragePool", ["frames"], ["first/frames"], kernel_shape=[2, 2], strides=[2, 2]), helper.make_node("Identity", ["frames"], ["second/frames"]),
             *a.graph.node, *b.graph.node, *logit("first/"), *logit("second/"),
             helper.make_node("Mul", ["first/logit", "first/weight"], ["first/part"]), helper.make_node("Mul", ["second/logit", "second/weight"], ["second/part"]),
             helper.make_node("Sum", ["first/part", "second/part", "constant"], ["logit"]), helper.make_node("Sigmoid", ["logit"], ["probability"]),
             helper.make_node("Slice", ["second/events", "to1", "to4", "last"], ["how"]), helper.make_node("Concat", ["probability", "how"], ["events"], axis=2),
             helper.make_node("Identity", ["second/kinds"], ["kinds"])]
    constants = [number("first/weight", weights[0]), number("second/weight", weights[1]), number("constant", weights[2]), number("least", LEAST),
                 number("most", 1 - LEAST), number("one", 1.0), whole("from0", 0), whole("to1", 1), whole("to4", 4), whole("last", 2)]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "sync", [value("frames", [1, "T", 64, 112])], [value("events", [1, "T", 4]), value("kinds", [1, "T", 6])],
                              [*a.graph.initializer, *b.graph.initializer, *constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
