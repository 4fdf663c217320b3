"""EL711."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

KNOWN = (
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.preview",
    "ai.onnx.training",
    "com.microsoft",
    "com.ms.internal",
)
"""Domains of the standard and of ONNX Runtime. Those below them count too: ai.onnx.ml, com.microsoft.nchwc;
and ai.onnx.contrib and com.microsoft.extensions, of ONNX Runtime Extensions, a published library."""


class UnknownOperatorLibrary(Rule):
    """ONNX operators that only a shared library of somebody's can run.

    ## Why it matters
    An operator outside of the standard and of ONNX Runtime is native code that the application loads
    with `SessionOptions.register_custom_ops_library`. The model names a domain, not where the library
    comes from, for which processor there is one, or who made it. It runs with all rights of the
    process. No microcontroller runtime and no converter knows it.

    ## What to do
    Write the layer with standard operators, or as an ONNX local function, which brings its body along;
    PyTorch: a custom `torch.onnx` translation into standard operators. Else ship the library with the
    model, built for the target, from a source that you can check.
    """

    code = "EL711"
    name = "unknown-operator-library"
    severity = Severity.NOTE
    needs = ("onnx",)
    hint = "export it with standard operators or as a local function, or ship the library with the model"
    yields_to = ("EL103",)

    VALID = [
        chain("float32[1,8]").op("FastGelu", "float32[1,8]", domain="com.microsoft").with_opset(17),
        chain("float32[1,8]").op("BertTokenizer", "float32[1,8]", domain="ai.onnx.contrib").with_opset(17),
        chain("float32[1,8]").op("MyPooling", "float32[1,8]", domain="tflite.custom"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("NMSRotated", "float32[1,8]", domain="mmdeploy").with_opset(17),
            "NMSRotated is of domain 'mmdeploy', which only a library from elsewhere can run",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The first operator of each domain, with how many it has."""
        if context.model.format != "onnx":
            return
        found: dict[str, list[tuple[Graph, Node]]] = {}
        for graph, node in context.model.nodes():
            if not _is_known(node.domain):
                found.setdefault(node.domain, []).append((graph, node))
        for domain, nodes in found.items():
            more = f"; {len(nodes) - 1} more operators are" if len(nodes) > 1 else ""
            graph, node = nodes[0]
            yield self.at(
                graph,
                node,
                f"{printable(node.source.op)} is of domain '{printable(domain)}', "
                f"which only a library from elsewhere can run{more}",
                domain=printable(domain),
                operators=len(nodes),
            )


def _is_known(domain: str) -> bool:
    return domain in KNOWN or domain.startswith(tuple(f"{known}." for known in KNOWN if known))
