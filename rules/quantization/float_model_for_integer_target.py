"""EL302."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node
from edgelint.rule import Finding, Option, Rule, Severity
from edgelint.targets import Target, find, names

_EITHER = frozenset({"cortex-m4"})
"""Cores whose floating-point unit is optional and hardly ever left out: the bare name may mean either."""

_LIBRARIES = {"cmsis-nn": "CMSIS-NN", "esp-nn": "ESP-NN"}
"""Kernel libraries that speed up integers and leave floats to plain C."""


_WIDEST_WEIGHT = 8
"""Bits above which integers are shapes and indices, not weights."""


class FloatModelForIntegerTarget(Rule):
    """A float32 network on a processor that is made for integer ones.

    ## Why it matters
    A core without a floating-point unit (Cortex-M0, M0+, M3, M23, most small RISC-V) computes each
    float multiplication in a library routine of dozens of instructions. Cores with one still gain:
    CMSIS-NN and ESP-NN have fast kernels for integers only, weights take four times the flash, and
    activations four times the RAM of int8.

    Without a floating-point unit it is a warning; with one, or for a model that is still to be
    converted, a note.

    ## What to do
    Convert with full-integer quantization: `converter.optimizations = [tf.lite.Optimize.DEFAULT]`, a
    `converter.representative_dataset`, and
    `converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]`.
    `edgelint check --quantize int8` shows beforehand what that brings.
    """

    code = "EL302"
    name = "float-model-for-integer-target"
    severity = Severity.WARNING
    needs = ("microcontroller",)
    hint = "convert with full-integer quantization; --quantize int8 shows what that brings"
    options = {
        "share": Option(0.5, "share of the MACs in float32 from which the network is a float one"),
        "macs": Option(10_000, "float MACs worth telling with a floating-point unit: about a millisecond"),
        "emulated_macs": Option(1_000, "float MACs worth telling without one: about a millisecond too"),
    }

    VALID = [
        chain("int8[1,64] @0.1").op("Gemm", "int8[1,8] @0.1", weight="int8[8,64] @0.1").on("cortex-m0plus"),
        chain("float32[1,64]").op("Gemm", "float32[1,8]", weight="float32[8,64]").on("litert-cpu"),
        chain("float32[1,64]").op("Relu", "float32[1,64]").on("cortex-m0plus"),
        chain("float32[1,64]").op("Gemm", "float32[1,8]", weight="float32[8,64]").on("cortex-m0plus"),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("Gemm", "float32[1,64]", source="FULLY_CONNECTED", weight="float32[64,64]")
            .on("cortex-m0plus"),
            "all of its 4,096 MACs are float32, and Cortex-M0+ has no floating-point unit",
        ),
        (
            chain("float32[1,256]")
            .op("Gemm", "float32[1,64]", source="FULLY_CONNECTED", weight="float32[64,256]")
            .on("cortex-m7"),
            "all of its 16,384 MACs are float32, which CMSIS-NN does not speed up",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when most of the work that is counted is in floats."""
        target = context.target
        if target is None or context.deployment is None or not target.microcontroller or target.accelerator:
            return
        floats, every = _macs(context)
        if not every or floats < context.option(self, "share") * every:
            return
        emulated = target.fpu == "none" and target.core not in _EITHER
        if not emulated and target.kernels not in _LIBRARIES:
            return
        if floats < context.option(self, "emulated_macs" if emulated else "macs"):
            return
        converted = context.model.format in target.runtime.formats
        share = "all" if floats == every else f"{100 * floats // every} %"
        yield self.finding(
            f"{share} of its {every:,} MACs are float32, {_reason(target, emulated)}",
            severity=Severity.WARNING if emulated and converted else Severity.NOTE,
            float_macs=floats,
            macs=every,
            fpu=target.fpu,
        )


def _macs(context: Context) -> tuple[int, int]:
    """The MACs on floats alone, and all MACs that are known."""
    floats = every = 0
    hybrid = any(map(_is_narrow, context.network_dtypes))
    for graph, figures in zip(context.network.graphs, context.cost.macs_by_node, strict=True):
        for node, figure in zip(graph.nodes, figures, strict=True):
            macs = figure.value
            if macs:
                every += macs
                floats += macs if _on_floats(graph, node, hybrid) else 0
    return floats, every


def _on_floats(graph: Graph, node: Node, hybrid: bool) -> bool:
    """Whether it makes floats, and not of integer weights; `hybrid`: whether there are any."""
    made = [value.dtype.is_float for value in graph.outputs_of(node) if value and value.dtype]
    if not made or not all(made):
        return False
    read = [value.dtype for value in graph.inputs_of(node) if value and value.dtype] if hybrid else []
    return not any(map(_is_narrow, read))


def _is_narrow(dtype: DType) -> bool:
    return dtype.is_integer and dtype.bits <= _WIDEST_WEIGHT


def _reason(target: Target, emulated: bool) -> str:
    if not emulated:
        return f"which {_LIBRARIES[target.kernels]} does not speed up"
    core = find(target.core).title if target.core in names() else target.core
    return f"and {core.removeprefix('Arm ')} has no floating-point unit"
