"""The order in which TensorFlow's importer lists operators.

A reverse post-order from the graph's inputs, the operator of the largest name visited first
(tensorflow/core/graph/algorithm.cc, GetReversePostOrder). The names are those of the TensorFlow
functions that onnx2tf calls; among calls of one function, the later one counts as larger.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.lowering.onnx_to_tflite.draft import Draft, Op

_FUNCTIONS = {
    "ADD": "tf.math.add",
    "ADD_N": "tf.math.add_n",
    "AVERAGE_POOL_2D": "average_pooling2d",
    "BATCH_MATMUL": "tf.linalg.matmul",
    "CONCATENATION": "tf.concat",
    "CONV_2D": "tf.nn.convolution",
    "DEPTHWISE_CONV_2D": "tf.nn.depthwise_conv2d",
    "DIV": "tf.math.divide",
    "FULLY_CONNECTED": "tf.linalg.matmul",
    "GATHER": "tf.compat.v1.gather",
    "LOGISTIC": "tf.math.sigmoid",
    "MAX_POOL_2D": "tf.compat.v1.nn.max_pool",
    "MEAN": "tf.math.reduce_mean",
    "MUL": "tf.math.multiply",
    "PAD": "tf.compat.v1.pad",
    "PADV2": "tf.compat.v1.pad",
    "RELU": "tf.nn.relu",
    "RELU6": "tf.nn.relu6",
    "RESHAPE": "tf.reshape",
    "SLICE": "tf.slice",
    "SOFTMAX": "tf.nn.softmax",
    "SPLIT": "tf.split",
    "STRIDED_SLICE": "tf.strided_slice",
    "SUB": "tf.math.subtract",
    "TRANSPOSE": "tf.compat.v1.transpose",
}
"""Operator to the function whose name its TensorFlow node begins with."""


def schedule(draft: Draft) -> None:
    """Puts the operators of `draft` in the importer's order."""
    ops, stored = draft.ops, draft.stored
    # Most operands have one reader: a list only for those with more.
    reader: dict[str, int] = {}
    more: dict[str, list[int]] = {}
    sources = []
    for place, op in enumerate(ops):
        fed = [name for name in op.inputs if name is not None and name not in stored]
        for name in fed:
            if reader.setdefault(name, place) != place:
                more.setdefault(name, []).append(place)
        if not fed:
            sources.append(place)

    def rank(place: int) -> tuple[str, int]:
        code = ops[place].code
        return _FUNCTIONS.get(code, f"tf.{code.lower()}"), place

    def following(names: Sequence[str]) -> list[int]:
        if len(names) == 1 and names[0] not in more:
            return [reader[names[0]]] if names[0] in reader else []
        found = {reader[name] for name in names if name in reader}
        found.update(*(more[name] for name in names if name in more))
        return sorted(found, key=rank) if len(found) > 1 else [*found]

    visited = bytearray(len(ops))
    finished: list[Op] = []
    # Places of operators to visit, the last one first; those to leave are counted from -1 on.
    waiting = sources
    for name in sorted(draft.inputs):
        waiting += following([name])
    while waiting:
        place = waiting.pop()
        if place < 0:
            finished.append(ops[~place])
        elif not visited[place]:
            visited[place] = True
            waiting.append(~place)
            waiting += following(ops[place].outputs)
    draft.ops = finished[::-1]
