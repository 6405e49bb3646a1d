"""What the export scripts share: naming the tensors, checking the file, and writing the known answers."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

EXAMPLES = Path(__file__).resolve().parent.parent


def export(name, about, estimator, input_name, columns, classes):
    """Converts a fitted classifier into ONNX and writes models/<name>/1/model.onnx.

    The tensors are: <input_name> FP32 [N, columns] -> label INT64 [N], probabilities FP32 [N, classes].
    """
    model = to_onnx(
        estimator,
        name=name,
        initial_types=[(input_name, FloatTensorType([None, columns]))],
        # Without this option the probabilities would be a list of dictionaries, which few servers can send.
        options={"zipmap": False},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    names = [output.name for output in model.graph.output]
    rename(model.graph, {names[0]: "label", names[1]: "probabilities"})
    # The first dimension is the batch: any number of rows, and the same number in every tensor. Giving the dimension
    # one name, N, in the inputs and in the outputs is how the file says so.
    label, probabilities = model.graph.output
    for tensor, rest in ((model.graph.input[0], [columns]), (label, []), (probabilities, [classes])):
        shape = tensor.type.tensor_type.shape
        del shape.dim[:]
        shape.dim.add().dim_param = "N"
        for size in rest:
            shape.dim.add().dim_value = size
    model.doc_string = about
    # The converter may list a set of operators twice, in an order that changes from run to run.
    versions = sorted({opset.domain: opset.version for opset in model.opset_import}.items())
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in versions)
    onnx.checker.check_model(model, full_check=True)
    file = EXAMPLES / "models" / name / "1" / "model.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{name}: {file.stat().st_size} bytes, sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return file


def rename(graph, names):
    """Renames tensors of a graph, wherever they are mentioned."""
    for node in graph.node:
        node.input[:] = [names.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [names.get(tensor, tensor) for tensor in node.output]
    for tensor in graph.output:
        tensor.name = names.get(tensor.name, tensor.name)


def compare(file, rows, labels, probabilities):
    """Runs the file over all rows at once and over each row alone, and compares both with scikit-learn."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    together = session.run(["label", "probabilities"], {name: rows})
    alone = [session.run(["label", "probabilities"], {name: rows[i : i + 1]}) for i in range(len(rows))]
    assert np.array_equal(together[0], labels), "a label differs from scikit-learn's"
    assert np.array_equal(together[0], np.concatenate([label for label, _ in alone])), "a batch changes a label"
    batch = np.abs(together[1] - np.concatenate([each for _, each in alone])).max()
    assert batch < 1e-6, "a batch changes a probability"
    difference = np.abs(together[1] - probabilities).max()
    assert difference < 1e-5, "a probability differs from scikit-learn's"
    print(f"  {len(rows)} rows: labels equal; probabilities within {difference:.1g} of scikit-learn's,")
    print(f"  and within {batch:.1g} whether the rows go in one batch or one by one")


def tensor(datatype, array):
    """A tensor in the form of the inference protocol's JSON."""
    data = [round(float(v), 7) if datatype == "FP32" else int(v) for v in np.asarray(array).ravel()]
    data = [int(v) if v == int(v) else v for v in data]
    return {"datatype": datatype, "shape": list(np.shape(array)), "data": data}


def classified(input_name, rows, labels, probabilities):
    """One known answer a row."""
    return [
        {
            "inputs": {input_name: tensor("FP32", rows[i : i + 1])},
            "outputs": {
                "label": tensor("INT64", labels[i : i + 1]),
                "probabilities": tensor("FP32", probabilities[i : i + 1]),
            },
        }
        for i in range(len(rows))
    ]


def write_answers(name, answers, **head):
    """Writes known-answers/<name>.json, one answer a line."""
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in {"model": name, **head}.items()]
    body = ",\n".join("    " + json.dumps(answer, separators=(",", ":")) for answer in answers)
    file = EXAMPLES / "known-answers" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{\n" + ",\n".join(lines) + f',\n  "answers": [\n{body}\n  ]\n}}\n')
    print(f"  {len(answers)} known answers, {file.stat().st_size} bytes")
