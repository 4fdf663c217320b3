"""EL112."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class DeprecatedOperator(Rule):
    """An operator that the file's own ONNX opset has withdrawn.

    ## Why it matters
    A file that names an opset promises operators of that opset. Checkers reject one that was
    withdrawn before, and runtimes may have no kernel for it in that opset.

    ## What to do
    Export again with a current exporter, or replace the node by the operator that took its place.
    """

    code = "EL112"
    name = "deprecated-operator"
    severity = Severity.WARNING
    needs = ("onnx",)

    VALID = [
        chain("float32[1,3,8,8]").op("Upsample", "float32[1,3,16,16]", scales="float32[4]").with_opset(9),
        chain("float32[1,3,8,8]").op("Resize", "float32[1,3,16,16]").with_opset(17),
    ]
    INVALID = [
        (
            chain("float32[1,3,8,8]").op("Upsample", "float32[1,3,16,16]").with_opset(11),
            "Upsample was withdrawn in opset 10, and the file uses opset 11",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per such node."""
        model = context.model
        if model.format != "onnx":
            return
        if context.words.isdisjoint({op for _, op in WITHDRAWN}):
            return
        for graph, node in model.nodes():
            withdrawal = WITHDRAWN.get(("" if node.domain == "ai.onnx" else node.domain, node.source.op))
            opset = node.source.version or model.opsets.get(node.domain, 0)
            if withdrawal is None or not withdrawal[0] <= opset <= withdrawal[1]:
                continue
            yield self.at(
                graph,
                node,
                f"{node.source.op} was withdrawn in opset {withdrawal[0]}, and the file uses opset {opset}",
                hint=f"use {withdrawal[2]} in its place",
            )


NEWEST = 2**31 - 1

WITHDRAWN = {
    ("", "Upsample"): (10, NEWEST, "Resize"),
    ("", "Scatter"): (11, NEWEST, "ScatterElements"),
    ("", "GroupNormalization"): (18, 20, "GroupNormalization of opset 21, which corrects it,"),
    ("ai.onnx.ml", "TreeEnsembleClassifier"): (5, NEWEST, "TreeEnsemble"),
    ("ai.onnx.ml", "TreeEnsembleRegressor"): (5, NEWEST, "TreeEnsemble"),
}
"""Operator to the opsets, first to last, in which it is withdrawn, and what takes its place
(onnx 1.23, OpSchema.deprecated)."""
