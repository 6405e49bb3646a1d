"""Makes the odd models of this folder, with which tests show how the server meets odd cases. README.md tells of each.

    pip install -r ../../examples/export/requirements.txt
    python make.py
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
# How often matmul-5ms multiplies by its weights.
PASSES = 90
OPSET = h.make_opsetid("", 17)
ML = h.make_opsetid("ai.onnx.ml", 3)


def value(name, dtype, *shape):
    """An input or an output. A dimension is a number, a name, or None for one that is dynamic and has no name."""
    return h.make_tensor_value_info(name, dtype, list(shape))


def constant(name, array):
    """A constant tensor of a graph."""
    return numpy_helper.from_array(np.array(array), name)


def save(name, nodes, inputs, outputs, constants=(), opsets=(OPSET,), ir_version=8, check=True, edit=None):
    """Writes <name>.onnx."""
    graph = h.make_graph(list(nodes), name, list(inputs), list(outputs), list(constants))
    model = h.make_model(graph, opset_imports=list(opsets), ir_version=ir_version, producer_name="make.py")
    if edit:
        edit(model)
    if check:
        onnx.checker.check_model(model, full_check=True)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


node = h.make_node
f32 = np.float32


def echoes():
    """y = x, for each element type."""
    types = {
        "bool": T.BOOL, "uint8": T.UINT8, "uint16": T.UINT16, "uint32": T.UINT32, "uint64": T.UINT64, "int8": T.INT8,
        "int16": T.INT16, "int32": T.INT32, "int64": T.INT64, "fp16": T.FLOAT16, "fp32": T.FLOAT, "fp64": T.DOUBLE,
        "bf16": T.BFLOAT16, "string": T.STRING,
    }
    for name, dtype in types.items():
        save(f"echo-{name}", [node("Identity", ["x"], ["y"])], [value("x", dtype, "N", 2)], [value("y", dtype, "N", 2)])


def shapes():
    """Models whose dimensions are fixed, dynamic, without a name, or none at all."""
    save(
        "add-fixed-batch",
        [node("Add", ["a", "b"], ["sum"])],
        [value("a", T.FLOAT, 1, 3), value("b", T.FLOAT, 1, 3)],
        [value("sum", T.FLOAT, 1, 3)],
    )
    save(
        "two-inputs",
        [node("ReduceSum", ["a", "last"], ["sum_a"]), node("ReduceSum", ["b", "last"], ["sum_b"])],
        [value("a", T.FLOAT, "N", 3), value("b", T.INT64, "N", 2)],
        [value("sum_a", T.FLOAT, "N", 1), value("sum_b", T.INT64, "N", 1)],
        [constant("last", np.array([1], np.int64))],
    )
    save(
        "mean-over-first",
        [node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1), node("Sub", ["x", "mean"], ["y"])],
        [value("x", T.FLOAT, "T", 4)],
        [value("y", T.FLOAT, "T", 4)],
    )
    rows = [value("x", T.FLOAT, "N", 4)], [value("y", T.FLOAT, "N", 4)]
    save("center-all", [node("ReduceMean", ["x"], ["mean"], keepdims=1), node("Sub", ["x", "mean"], ["y"])], *rows)
    save("scale-by-max", [node("ReduceMax", ["x"], ["max"], keepdims=1), node("Div", ["x", "max"], ["y"])], *rows)
    norm = [node("ReduceL2", ["x"], ["norm"], keepdims=1), node("Div", ["x", "norm"], ["y"])]
    save("scale-by-norm", norm, *rows)
    double = [node("Mul", ["x", "two"], ["y"])]
    two = [constant("two", f32(2))]
    save("scalar", double, [value("x", T.FLOAT)], [value("y", T.FLOAT)], two)
    save("dynamic-two", double, [value("x", T.FLOAT, "N", "S")], [value("y", T.FLOAT, "N", "S")], two)
    save("no-names-batch", double, [value("x", T.FLOAT, None, 2)], [value("y", T.FLOAT, None, 2)], two)
    save(
        "range",
        [node("Range", ["zero", "limit", "one"], ["y"])],
        [value("limit", T.INT64)],
        [value("y", T.INT64, "M")],
        [constant("zero", np.int64(0)), constant("one", np.int64(1))],
    )


def values():
    """Models whose answer, or whose failure, depends on the values that they are given."""
    save(
        "matmul-strict",
        [node("MatMul", ["x", "w"], ["y"])],
        [value("x", T.FLOAT, "N", "S")],
        [value("y", T.FLOAT, "N", 2)],
        [constant("w", f32([[1, 2], [3, 4], [5, 6]]))],
        check=False,  # The full check would infer that S is 3, and demand that the file says so.
    )
    save("nan", [node("Log", ["x"], ["y"])], [value("x", T.FLOAT, "N", 1)], [value("y", T.FLOAT, "N", 1)])
    save(
        "gather",
        [node("Gather", ["table", "x"], ["rows"]), node("Squeeze", ["rows", "middle"], ["y"])],
        [value("x", T.INT64, "N", 1)],
        [value("y", T.FLOAT, "N", 2)],
        [
            constant("table", f32([[0, 0.5], [1, 1.5], [2, 2.5], [3, 3.5], [4, 4.5]])),
            constant("middle", np.array([1], np.int64)),
        ],
    )
    save(
        "string-classifier",
        [
            node(
                "LabelEncoder", ["x"], ["good"], domain="ai.onnx.ml", default_float=0.5,
                keys_strings=["good", "great", "bad", "awful"], values_floats=[0.75, 1.0, 0.25, 0.0],
            ),
            node("Sub", ["one", "good"], ["bad"]),
            node("Concat", ["bad", "good"], ["probabilities"], axis=1),
            node("ArgMax", ["probabilities"], ["class"], axis=1, keepdims=0),
            node(
                "LabelEncoder", ["class"], ["label"], domain="ai.onnx.ml", default_string="",
                keys_int64s=[0, 1], values_strings=["negative", "positive"],
            ),
        ],
        [value("x", T.STRING, "N", 1)],
        [value("label", T.STRING, "N"), value("probabilities", T.FLOAT, "N", 2)],
        [constant("one", f32(1))],
        opsets=(OPSET, ML),
    )  # fmt: skip


def abort():
    """A model that ends its process, from within ONNX Runtime, when it is given no rows."""
    save(
        "abort-when-empty",
        [
            node("Unsqueeze", ["x", "first"], ["sequence"]),
            node("LSTM", ["sequence", "w", "r"], ["all", "last"], hidden_size=2),
            node("Squeeze", ["last", "first"], ["y"]),
        ],
        [value("x", T.FLOAT, "N", 2)],
        [value("y", T.FLOAT, "N", 2)],
        [
            constant("first", np.array([0], np.int64)),
            constant("w", np.full((1, 8, 2), 0.5, f32)),
            constant("r", np.full((1, 8, 2), 0.5, f32)),
        ],
    )


def slow_ones():
    """Models that take their time."""
    # A rotation of 32 numbers by a little: its powers neither grow nor fade.
    turn = np.eye(32, dtype=f32)
    turn[:2, :2] = [[0.6, -0.8], [0.8, 0.6]]
    body = h.make_graph(
        [node("Identity", ["more"], ["more_"]), node("MatMul", ["state", "turn"], ["state_"])],
        "turn",
        [value("i", T.INT64), value("more", T.BOOL), value("state", T.FLOAT, 32, 32)],
        [value("more_", T.BOOL), value("state_", T.FLOAT, 32, 32)],
    )
    save(
        "slow",
        [
            node("ConstantOfShape", ["square"], ["start"], value=h.make_tensor("value", T.FLOAT, [1], [1])),
            node("Loop", ["trips", "", "start"], ["end"], body=body),
            node("Slice", ["end", "zero", "one", "zero"], ["row"]),
            node("ReduceMean", ["row"], ["y"], axes=[0, 1], keepdims=0),
            node("Reshape", ["y", "one"], ["mean"]),
        ],
        [value("trips", T.INT64, 1)],
        [value("mean", T.FLOAT, 1)],
        [
            constant("square", np.array([32, 32], np.int64)),
            constant("turn", turn),
            constant("zero", np.array([0], np.int64)),
            constant("one", np.array([1], np.int64)),
        ],
    )
    # The 1,024 x 1,024 weights are made when the model is loaded, from one number, so that the file is small. As every
    # weight is 1/1,024, every pass keeps the mean of a row: y[n] is the sum of x[n], eight times over, exactly for
    # small whole numbers.
    body = h.make_graph(
        [node("Identity", ["more"], ["more_"]), node("MatMul", ["row", "weights"], ["row_"])],
        "pass",
        [value("i", T.INT64), value("more", T.BOOL), value("row", T.FLOAT, "N", 1024)],
        [value("more_", T.BOOL), value("row_", T.FLOAT, "N", 1024)],
    )

    def fill(shape, output, number):
        return node("ConstantOfShape", [shape], [output], value=h.make_tensor("value", T.FLOAT, [1], [number]))

    save(
        "matmul-5ms",
        [
            fill("in_shape", "in_weights", 1),
            fill("shape", "weights", 1 / 1024),
            fill("out_shape", "out_weights", 1 / 1024),
            node("MatMul", ["x", "in_weights"], ["start"]),
            node("Loop", ["passes", "", "start"], ["end"], body=body),
            node("MatMul", ["end", "out_weights"], ["y"]),
        ],
        [value("x", T.FLOAT, "N", 8)],
        [value("y", T.FLOAT, "N", 8)],
        [
            constant("in_shape", np.array([8, 1024], np.int64)),
            constant("shape", np.array([1024, 1024], np.int64)),
            constant("out_shape", np.array([1024, 8], np.int64)),
            constant("passes", np.array([PASSES], np.int64)),
        ],
    )


def external():
    """Models whose weights lie in a file beside them, or are said to lie in one outside."""
    weights = f32([[1, 2], [3, 4], [5, 6]])
    (HERE / "external-data.weights").write_bytes(weights.tobytes())
    for name, location in (("external-data", "external-data.weights"), ("external-data-escape", "../outside.weights")):
        outside = h.make_tensor("w", T.FLOAT, weights.shape, weights.tobytes(), raw=True)
        outside.ClearField("raw_data")
        outside.data_location = T.EXTERNAL
        for key, what in (("location", location), ("offset", "0"), ("length", str(weights.nbytes))):
            entry = outside.external_data.add()
            entry.key, entry.value = key, what
        save(
            name,
            [node("MatMul", ["x", "w"], ["y"])],
            [value("x", T.FLOAT, "N", 3)],
            [value("y", T.FLOAT, "N", 2)],
            [outside],
            check=False,  # The check would look for the file in the working directory.
        )


def broken():
    """Files that cannot be loaded."""
    x, y = [value("x", T.FLOAT, "N", 2)], [value("y", T.FLOAT, "N", 2)]
    example = h.make_opsetid("com.example", 1)
    save("unknown-op", [node("Frobnicate", ["x"], ["y"])], x, y, check=False)
    save(
        "unknown-domain-op",
        [node("Frobnicate", ["x"], ["y"], domain="com.example")],
        x,
        y,
        opsets=(OPSET, example),
        check=False,
    )
    identity = [node("Identity", ["x"], ["y"])]
    save("opset-too-new", identity, x, y, opsets=(h.make_opsetid("", 99),), check=False)
    save("ir-too-new", identity, x, y, ir_version=99, check=False)
    (HERE / "not-onnx.onnx").write_text("This is a text file, and not a model.\n")
    (HERE / "empty.onnx").write_bytes(b"")
    whole = (EXAMPLES / "models" / "iris" / "1" / "model.onnx").read_bytes()
    (HERE / "truncated.onnx").write_bytes(whole[: len(whole) * 60 // 100])


def zipmap():
    """The classifier of examples/export/iris.py with its probabilities as a list of dictionaries."""
    sys.path.insert(0, str(EXAMPLES / "export"))
    from iris import train
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    pipeline, _ = train()
    model = to_onnx(
        pipeline,
        name="zipmap",
        initial_types=[("input", FloatTensorType([None, 4]))],
        options={"zipmap": True},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    versions = sorted({opset.domain: opset.version for opset in model.opset_import}.items())
    del model.opset_import[:]
    model.opset_import.extend(h.make_opsetid(domain, version) for domain, version in versions)
    (HERE / "zipmap.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    for make in (echoes, shapes, values, abort, slow_ones, external, broken, zipmap):
        make()
