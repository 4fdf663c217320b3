"""EL701."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class CodeInModel(Rule):
    """A layer that is Python code inside the model file.

    ## Why it matters
    A Keras `Lambda` layer stores compiled Python. Whoever loads the file and calls the model runs
    it, with all their rights: such a file is a program, and has been used to attack. Keras 3
    refuses to load it unless told `safe_mode=False`. The bytecode also fits one Python version
    only, and no converter can see what it computes before it runs. A Lambda that only names a
    function needs exactly that function at the place where it is loaded: that is a warning.
    edgelint never runs, unpickles or disassembles it.

    ## What to do
    Put what the layer does into ordinary layers (`Rescaling`, `Normalization`, `Reshape`,
    `keras.ops` in a functional model), or into a registered custom layer
    (`@keras.saving.register_keras_serializable()`), and save the model again. Load a file of
    unknown origin in a sandbox only.
    """

    code = "EL701"
    name = "code-in-model"
    severity = Severity.ERROR
    operators = ("Lambda",)
    hint = "say it in built-in layers or a registered custom layer, and save the model again"

    VALID = [chain("float32[1,8]").op("Rescaling", "float32[1,8]", domain="keras").from_format("keras")]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Lambda", "float32[1,8]", domain="keras", attributes={"code": "Python bytecode"})
            .from_format("keras"),
            "Lambda holds Python bytecode, which runs for whoever loads and calls the model",
        ),
        (
            chain("float32[1,8]")
            .op(
                "Lambda",
                "float32[1,8]",
                domain="keras",
                attributes={"code": "Python function reference", "function": "scale"},
            )
            .from_format("keras-h5"),
            "Lambda calls the Python function scale, which is not in the file",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each Lambda layer."""
        for graph, node in context.model.nodes():
            if node.op != "Lambda" or node.domain != "keras":
                continue
            word = printable(node.source.op)
            if node.attributes.get("code") == "Python bytecode":
                message = f"{word} holds Python bytecode, which runs for whoever loads and calls the model"
                yield self.at(graph, node, message)
            else:
                function = node.attributes.get("function")
                named = f"the Python function {printable(function)}" if function else "a Python function"
                message = f"{word} calls {named}, which is not in the file"
                yield self.at(graph, node, message, severity=Severity.WARNING)
