"""EL609."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.quantity import show_share
from edgelint.rule import Finding, Option, Rule, Severity

_MULTIPLIED = (Role.KERNEL, Role.RECURRENT, Role.ATTENTION)


class DenormalWeights(Rule):
    """Weights so close to 0 that they are denormal: slow on many processors, and 0 in effect.

    ## Why it matters
    Below 1.2e-38 a float32 loses digits and most processors lose time: x86 and many Cortex-A cores take
    a hundred cycles and more for such a multiplication. Nothing is gained, as these weights are 0 in
    effect. They come from weight decay that went on after a channel had died.

    float16 is left alone: its denormals begin at 6.1e-5, where weights may well be.

    ## What to do
    Round them to 0 before the export, `weights[abs(weights) < 1e-30] = 0`, and take out channels that are
    0 as a whole; or have the processor flush denormals (`torch.set_flush_denormal(True)`,
    ONNX Runtime's `session.set_denormal_as_zero`).
    """

    code = "EL609"
    name = "denormal-weights"
    severity = Severity.NOTE
    hint = "set weights that small to 0 before the export"
    options = {
        "share": Option(0.01, "least share of a constant's numbers; fewer cost no time that can be measured"),
    }

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8] = 0 1e-20"),
        chain("float16[1,8]").op("Gemm", "float16[1,4]", weight="float16[4,8] = 1e-5"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op(
                "Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8] = 1 1e-40"
            ),
            "FULLY_CONNECTED has 16 denormal numbers in its kernel 'gemm_0/weight', 50 % of it",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each weight of a layer with more than a few denormals."""
        for use, found in context.weights.judged(*_MULTIPLIED):
            few = found.denormals <= context.option(self, "share") * found.count
            if few or use.reader is None or use.value.dtype is DType.FLOAT16:
                continue
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} has {found.denormals:,} denormal numbers in its "
                f"{use.role.value} {named(use.value)}, {show_share(found.denormals, found.count)} of it",
                tensor=use.value.name,
                denormal=found.denormals,
                of=found.count,
            )
