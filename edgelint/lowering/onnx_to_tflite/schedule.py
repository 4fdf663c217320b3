"""The order in which TensorFlow's importer lists operators.

A reverse post-order from the graph's inputs, the operator of the largest name visited first
(tensorflow/core/graph/algorithm.cc, GetReversePostOrder). The names are those of the TensorFlow
functions that onnx2tf calls; among calls of one function, the later one counts as larger.
"""

from __future__ import annotations

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
    place = {id(op): number for number, op in enumerate(draft.ops)}
    readers: dict[str, list[Op]] = {}
    for op in draft.ops:
        for name in dict.fromkeys(op.inputs) if len(op.inputs) > 1 else op.inputs:
            if name is not None:
                readers.setdefault(name, []).append(op)

    def rank(op: Op) -> tuple[str, int]:
        return _FUNCTIONS.get(op.code, f"tf.{op.code.lower()}"), place[id(op)]

    def following(names: list[str]) -> list[Op]:
        if len(names) == 1:
            found = readers.get(names[0], [])
        else:
            found = list({id(op): op for name in names for op in readers.get(name, ())}.values())
        return sorted(found, key=rank) if len(found) > 1 else found

    visited: set[int] = set()
    finished: list[Op] = []
    roots = [following([name]) for name in sorted(draft.inputs)]
    unread = [op for op in draft.ops if not any(_is_fed(draft, name) for name in op.inputs)]
    # The last of a list is visited first.
    waiting: list[tuple[Op, bool]] = [(op, False) for op in unread]
    waiting += [(op, False) for root in roots for op in root]
    while waiting:
        op, left = waiting.pop()
        if left:
            finished.append(op)
        elif id(op) not in visited:
            visited.add(id(op))
            waiting.append((op, True))
            waiting += [(each, False) for each in following(op.outputs) if id(each) not in visited]
    draft.ops = finished[::-1]


def _is_fed(draft: Draft, name: str | None) -> bool:
    """Whether the operand is no constant."""
    return name is not None and draft.operands[name].content is None
