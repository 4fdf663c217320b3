"""How far the scale of a stored bias is from that of the sums it is added to."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.quantization.layers import QuantizedLayer
from edgelint.analysis.quantization.ranges import calibrated, is_sound
from edgelint.analysis.quantization.weight_codes import bias_codes
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType

ROUNDING = 1e-5
"""Relative difference of scales that comes of float32 arithmetic."""

REFUSED_FROM = 0.02
"""|bias scale - input × weight scale| / output scale above which a kernel that checks it refuses the model.

Source: GetQuantizedConvolutionMultipler in kernel_util.cc, of LiteRT and TFLite Micro.
"""


@dataclass(frozen=True, slots=True)
class BiasScale:
    """The channel of a layer where the bias's scale matters most.

    stored, wanted: the scale it has, and input × weight scale. codes: by how many codes of the output
    a bias of that scale moves the result. refused: whether the layer's kernel checks it and stops.
    """

    stored: float
    wanted: float
    codes: float
    refused: bool


def bias_scale(layer: QuantizedLayer) -> BiasScale | None:
    """The worst channel of `layer`; None where all scales fit, or one of them is not known."""
    return max(_channels(layer), key=lambda found: (found.refused, found.codes), default=None)


def _channels(layer: QuantizedLayer) -> Iterator[BiasScale]:
    data, weights, bias, output = map(calibrated, (layer.data, layer.weights, layer.bias, layer.output))
    numbers = bias_codes(layer.bias) if layer.bias else None
    if data is None or weights is None or bias is None or numbers is None:
        return
    if len(data.scale) != 1 or len(output.scale if output else data.scale) != 1:
        return
    counts = len(bias.scale), len(weights.scale)
    if not set(counts) <= {1, len(numbers)} or counts[0] < counts[1]:
        return
    for channel, number in enumerate(numbers):
        stored = bias.scale[channel % counts[0]]
        wanted = data.scale[0] * weights.scale[channel % counts[1]]
        # Where the output is not quantized, a code of the sum's own scale is the measure.
        unit = output.scale[0] if output is not None else wanted
        if not all(map(is_sound, (stored, wanted, unit))) or abs(stored / wanted - 1) <= ROUNDING:
            continue
        off = abs(stored - wanted) / unit
        checked = counts[1] == 1 and _is_checked(layer)
        yield BiasScale(stored, wanted, abs(number) * off, checked and off > REFUSED_FROM)


def _is_checked(layer: QuantizedLayer) -> bool:
    """Whether the kernel compares the scales: of TFLite's fully connected layers, and of uint8 ones."""
    word = layer.node.source.op
    old = layer.data is not None and layer.data.dtype is DType.UINT8
    return word == "FULLY_CONNECTED" or (old and word in ("CONV_2D", "DEPTHWISE_CONV_2D"))
