"""EL327."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity
from edgelint.targets import Target, table

_LIBRARIES = {"cmsis-nn": ("CMSIS-NN", "cmsis_nn"), "esp-nn": ("ESP-NN", "esp_nn")}
"""Kernel library to its title and to where the operator table lists what it is written for."""


_WIDEST = 16
"""Bits of the integers that kernels of these libraries compute with."""

_PORTABLE = frozenset({"xtensa-lx7-s2", "riscv-imc", "riscv-imac"})
"""Cores on which ESP-NN itself is portable C, so that no type is faster than another by its kernels."""


class UnoptimisedIntegers(Rule):
    """An integer layer whose types the target's fast kernels are not written for.

    ## Why it matters
    TFLite Micro takes int8, and for most layers int16 activations or int4 weights too. The fast kernels of
    CMSIS-NN and ESP-NN are written for some of these combinations only; the others run in portable C, several
    times slower: 16x8 convolutions on an ESP32-S3, for one.

    ## What to do
    Quantize to int8 activations and weights where accuracy allows. Where it needs int16, do so
    for single layers (selective quantization), or pick a target whose kernels have them.

    ## Source
    The kernel folders `cmsis_nn` and `esp_nn` of TFLite Micro and esp-tflite-micro, as listed in edgelint's
    operator table.
    """

    code = "EL327"
    name = "unoptimised-integers"
    severity = Severity.NOTE
    needs = ("microcontroller",)
    hint = "quantize this layer to int8 activations and weights, which the fast kernels are written for"
    yields_to = ("EL101", "EL102", "EL106")

    VALID = [
        chain("int16[1,8] @0.1")
        .op("Gemm", "int16[1,8] @0.1", source="FULLY_CONNECTED", weight="int8[8,8] @0.1")
        .on("cortex-m4"),
        chain("int8[1,8] @0.1")
        .op("Gemm", "int8[1,8] @0.1", source="FULLY_CONNECTED", weight="int8[8,8] @0.1")
        .on("esp32s3"),
    ]
    INVALID = [
        (
            chain("int16[1,8] @0.1")
            .op("Gemm", "int16[1,8] @0.1", source="FULLY_CONNECTED", weight="int8[8,8] @0.1")
            .on("esp32s3"),
            "FULLY_CONNECTED computes with int16 x int8, which ESP-NN has no kernel for: "
            "its 64 MACs run in portable C",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each layer with MACs of the graph that runs."""
        target = context.target
        if target is None or context.deployment is None or target.kernels not in _LIBRARIES:
            return
        if target.runtime.name != "tflm" or target.accelerator or _is_portable(target):
            return
        if not any(dtype.is_integer and dtype.bits <= _WIDEST for dtype in context.network_dtypes):
            return
        title, key = _LIBRARIES[target.kernels]
        words = {node.source.op for _, node in context.network.nodes()}
        rows = table.read(target.runtime.operators, words).operators
        for graph, figures in zip(context.network.graphs, context.cost.macs_by_node, strict=True):
            for node, figure in zip(graph.nodes, figures, strict=True):
                macs, word = figure.value, node.source.op
                found = rows.get(word) if macs else None
                listed = found[0].get(key) if found else None
                kinds = _kinds(graph, node) if listed else set()
                if not listed or not kinds or kinds & set(listed):
                    continue
                yield self.at(
                    graph,
                    node,
                    f"{printable(word)} computes with {min(kinds, key=len)}, which {title} has no kernel "
                    f"for: its {macs:,} MACs run in portable C",
                    macs=macs,
                )


def _is_portable(target: Target) -> bool:
    """Whether the library has no instructions of the core's own to use."""
    return target.core in _PORTABLE or (target.kernels == "cmsis-nn" and target.simd == "base")


def _kinds(graph: Graph, node: Node) -> set[str]:
    """How a table may name the node's types: `int8`, `int16 x int8`; empty where one is no integer."""
    data = [
        value.dtype
        for value in (*graph.inputs_of(node)[:3], *graph.outputs_of(node)[:1])
        if value and value.dtype and (not value.is_constant or value.dtype.bits < 32)
    ]
    if len(data) < 2 or not all(dtype.is_integer and dtype.bits <= _WIDEST for dtype in data):
        return set()
    weights = min(data, key=lambda dtype: dtype.bits)
    made = data[-1]
    return {made.label} if weights is made else {f"{made.label} x {weights.label}"}
