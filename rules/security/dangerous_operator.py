"""EL710."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

RUNS = frozenset(
    {
        *("PyFunc", "EagerPyFunc", "PyFuncStateless", "PyOp", "PythonOp"),
        *("py_func", "py_function", "numpy_function"),
    }
)
"""TensorFlow's and ONNX Runtime's operators that run Python, and Keras's calls of TensorFlow's."""

WRITES = frozenset({"WriteFile", "Save", "SaveV2", "SaveSlices", "MergeV2Checkpoints", "write_file"})
READS = frozenset({"ReadFile", "MatchingFiles", "Restore", "RestoreV2", "RestoreSlice", "read_file"})
"""TensorFlow's operators that touch files (tensorflow/SECURITY.md: models are programs)."""

_DOMAINS = frozenset(
    {"tflite.custom", "tflite.flex", "com.microsoft", "pyopmodule", "ai.onnx.contrib", "keras"}
)


class DangerousOperator(Rule):
    """An operator that runs Python or touches files.

    ## Why it matters
    A few operators of TensorFlow are no mathematics: `PyFunc` calls a Python function of the process
    by a token, `WriteFile` writes to any path, `ReadFile` reads one, with the rights of whoever runs
    the model. In a TFLite file they come as Flex or custom operators. A network for inference has no
    use for them, and no device runs them: they are left over from an input pipeline, or put there.

    ## What to do
    Leave reading, decoding and Python code out of what is exported: convert the `keras.Model`, not the
    `tf.function` with the pipeline round it. Do not run such a file if it is not your own.
    Source: TensorFlow's SECURITY.md, "TensorFlow models are programs".
    """

    code = "EL710"
    name = "dangerous-operator"
    severity = Severity.ERROR
    hint = "export the network without its input pipeline; do not run the file if it is not your own"

    VALID = [
        chain("float32[1,8]").op("FlexErf", "float32[1,8]", domain="tflite.flex"),
        chain("float32[1,8]").op("Save", "float32[1,8]", domain="keras.custom").from_format("keras"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("FlexPyFunc", "float32[1,8]", domain="tflite.flex"),
            "FlexPyFunc runs Python code of the process that runs the model",
        ),
        (
            chain("float32[1,8]").op("FlexReadFile", "float32[1,8]", domain="tflite.flex"),
            "FlexReadFile reads files of the machine that runs the model",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such operator; reading is a warning."""
        for graph, node in context.model.nodes():
            name = _plain(node)
            if not name:
                continue
            said = printable(node.source.op)
            if name in RUNS:
                yield self.at(graph, node, f"{said} runs Python code of the process that runs the model")
            elif name in WRITES:
                yield self.at(graph, node, f"{said} writes files of the machine that runs the model")
            elif name in READS:
                message = f"{said} reads files of the machine that runs the model"
                yield self.at(graph, node, message, severity=Severity.WARNING)


def _plain(node: Node) -> str:
    """TensorFlow's name of the operator; "" where the domain gives the name another meaning."""
    if node.domain not in _DOMAINS:
        return ""
    return node.op.removeprefix("Flex").rpartition(".")[2]
