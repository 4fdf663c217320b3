"""What TensorFlow Lite's quantization specification fixes for its operators.

Source: LiteRT 8-bit quantization specification (ai.google.dev/edge/litert, "quantization_spec"); for
int16 and uint8, and for what each kernel checks, the kernels of google-ai-edge/LiteRT and of
tensorflow/tflite-micro@90b983c2b3f1.
"""

from __future__ import annotations

from typing import NamedTuple

from edgelint.ir.dtype import DType


class Fixed(NamedTuple):
    """The only scale and zero point that an operator's output may have, the scale as 1/`parts`."""

    parts: float
    zero_point: int

    @property
    def scale(self) -> float:
        """The real size of one code."""
        return 1 / self.parts

    def __str__(self) -> str:
        return f"scale 1/{self.parts:g} and zero point {self.zero_point}"


_UNIT = {
    DType.INT8: Fixed(256, -128),
    DType.UINT8: Fixed(256, 0),
    DType.INT16: Fixed(32768, 0),
}
"""Numbers from 0 to 1."""

FIXED_OUTPUTS: dict[str, dict[DType, Fixed]] = {
    "SOFTMAX": _UNIT,
    "LOGISTIC": _UNIT,
    "TANH": {DType.INT8: Fixed(128, 0), DType.UINT8: Fixed(128, 128), DType.INT16: Fixed(32768, 0)},
    "LOG_SOFTMAX": {DType.INT8: Fixed(16, 127), DType.UINT8: Fixed(16, 255)},
    "L2_NORMALIZATION": {DType.INT8: Fixed(128, 0), DType.UINT8: Fixed(128, 128)},
}
"""TFLite operators whose output has a scale that does not depend on the model."""

COPIES = {
    **dict.fromkeys(("CONCATENATION", "PACK", "MAXIMUM", "MINIMUM"), slice(None)),
    **dict.fromkeys(
        (
            *("AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "PAD"),
            *("MIRROR_PAD", "GATHER", "GATHER_ND", "SLICE", "STRIDED_SLICE", "SPLIT_V", "SPACE_TO_DEPTH"),
            *("DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "RESIZE_BILINEAR", "UNPACK"),
            *("RESIZE_NEAREST_NEIGHBOR", "TILE", "REVERSE_V2", "BROADCAST_TO"),
        ),
        slice(0, 1),
    ),
    "SPLIT": slice(1, 2),
    "PADV2": slice(0, 3, 2),
    "SELECT": slice(1, 3),
    "SELECT_V2": slice(1, 3),
}
"""TFLite operators whose kernels hand codes on as they are, to which of their inputs hold such codes."""

RESCALES_UINT8 = frozenset({"CONCATENATION"})
"""Those of COPIES that turn one scale into another in their uint8 form."""
