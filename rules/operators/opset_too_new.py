"""EL108."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class OpsetTooNew(Rule):
    """An ONNX file of a newer opset or IR version than the runtime reads.

    ## Why it matters
    ONNX Runtime refuses a file whose IR version is above its own, and a file whose opset was not yet
    released when it was built.

    ## What to do
    Update ONNX Runtime, or export with a lower opset (`opset_version=` in torch.onnx.export);
    `onnx.version_converter` lowers an existing file where its operators allow.
    """

    code = "EL108"
    name = "opset-too-new"
    severity = Severity.ERROR
    needs = ("onnx", "target")
    hint = "update ONNX Runtime, or export with a lower opset"

    VALID = [chain("float32[1,8]").op("Relu", "float32[1,8]").with_opset(17).on("onnxruntime-cpu")]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_opset(99).on("onnxruntime-cpu"),
            "the file uses opset 99; ONNX Runtime 1.31.1 reads opsets up to 26",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """At most one finding for the opset and one for the IR version."""
        model, target = context.deployment, context.target
        if model is None or target is None or model.format != "onnx":
            return
        limits = target.runtime.limits
        runtime = f"{target.runtime.title} {target.runtime.version}"
        for word, plural, given, limit in (
            ("opset", "opsets", model.opsets.get("", 0), limits.get("opset")),
            ("IR version", "IR versions", model.ir_version or 0, limits.get("ir_version")),
        ):
            if limit is not None and given > limit:
                yield self.finding(
                    f"the file uses {word} {given}; {runtime} reads {plural} up to {limit}",
                    given=given,
                    limit=limit,
                )
