"""EL324."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class _Kind(NamedTuple):
    """Operators by the file's word, and what is said of one and of several of them."""

    words: frozenset[str]
    severity: Severity
    one: str
    several: str


_LEFT = _Kind(
    frozenset({"FAKE_QUANT", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"}),
    Severity.WARNING,
    "1 operator ({}) only imitates quantization; the network computes in floats",
    "operators ({}) only imitate quantization; the network computes in floats",
)
_WRAPPED = _Kind(
    frozenset({"QuantizeWrapper", "QuantizeWrapperV2", "QuantizeLayer"}),
    Severity.NOTE,
    "1 layer ({}) imitates quantization for training; conversion makes integers of it",
    "layers ({}) imitate quantization for training; conversion makes integers of them",
)
"""What TensorFlow's model optimization toolkit puts into a Keras model."""

_QKERAS = _Kind(
    frozenset(
        {
            *("QDense", "QConv1D", "QConv2D", "QConv2DTranspose", "QDepthwiseConv2D", "QSeparableConv2D"),
            *("QActivation", "QAdaptiveActivation", "QBatchNormalization", "QConv2DBatchnorm"),
            *("QDepthwiseConv2DBatchnorm", "QDenseBatchnorm", "QSimpleRNN", "QLSTM", "QGRU"),
            *("QBidirectional", "QAveragePooling2D", "QGlobalAveragePooling2D"),
        }
    ),
    Severity.NOTE,
    "1 layer ({}) is of QKeras, whose bit widths TensorFlow's converter does not know",
    "layers ({}) are of QKeras, whose bit widths TensorFlow's converter does not know",
)


class FakeQuantizationLeft(Rule):
    """Stand-ins for quantization from training, in a network that computes in floats.

    ## Why it matters
    Quantization-aware training rounds floats to what integers could hold, in float arithmetic. A file with
    these operators still in it has the lower accuracy of integers and the cost of floats, and more operators
    than before. In a Keras file that is how it is trained, and only the conversion makes integers of it.

    ## What to do
    - A `.tflite` with FAKE_QUANT: convert with `converter.optimizations = [tf.lite.Optimize.DEFAULT]`,
      which turns the ranges into scales.
    - A Keras model with QuantizeWrapper layers: the same; no representative dataset is needed.
    - QKeras layers: TensorFlow's converter knows nothing of their bit widths and gives floats; use hls4ml, or
      quantize the float model after training.
    """

    code = "EL324"
    name = "fake-quantization-left"
    severity = Severity.WARNING
    hint = (
        "convert with optimizations = [tf.lite.Optimize.DEFAULT], which makes integers of the trained ranges"
    )
    yields_to = ("EL101",)

    VALID = [chain("int8[1,8] @0.1").op("Relu", "int8[1,8] @0.1")]
    INVALID = [
        (
            chain("float32[1,8]").op(
                "FAKE_QUANT", "float32[1,8]", domain="tflite", attributes={"min": 0.0, "max": 6.0}
            ),
            "1 operator (FAKE_QUANT) only imitates quantization; the network computes in floats",
        ),
        (
            chain("float32[1,8]")
            .op("QuantizeWrapperV2", "float32[1,8]", domain="keras.custom")
            .from_format("keras"),
            "1 layer (QuantizeWrapperV2) imitates quantization for training; conversion makes integers of it",
        ),
        (
            chain("float32[1,8]").op("QDense", "float32[1,8]", domain="keras.custom").from_format("keras"),
            "1 layer (QDense) is of QKeras, whose bit widths TensorFlow's converter does not know",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per kind for the whole model, at the first of its nodes."""
        keras = context.model.format.startswith("keras")
        for kind in (_WRAPPED, _QKERAS) if keras else (_LEFT,):
            if context.words.isdisjoint(kind.words):
                continue
            found = [(graph, node) for graph, node in context.model.nodes() if node.source.op in kind.words]
            listed = ", ".join(map(printable, Counter(node.source.op for _, node in found)))
            said = kind.one if len(found) == 1 else f"{len(found)} {kind.several}"
            yield self.at(*found[0], said.format(listed), severity=kind.severity, count=len(found))
