"""Two models in one vocabulary: across formats the source of a conversion is carried to its result."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Model
from edgelint.ir.operators import Family, describe
from edgelint.lowering import LOWERINGS, lower

_WEIGHTED = (Family.CONVOLUTION, Family.MATMUL, Family.RECURRENT)


@dataclass(frozen=True, slots=True)
class Pair:
    """The graphs to compare.

    old_scheme, new_scheme: the conversion (as for `--quantize`) that one of them is seen after; None as it
    is. remark: that in words.
    """

    old: Model
    new: Model
    old_scheme: str | None = None
    new_scheme: str | None = None
    remark: str = ""


def vocabulary(model: Model) -> str:
    """Whose words the model's operators and attributes are; those of Keras do not depend on the file."""
    return model.format.removesuffix("-h5")


def paired(old: Model, new: Model, quantize: str | None = None) -> Pair:
    """Models of two vocabularies, the one that TFLite can be made of converted like the other.

    quantize: the conversion to assume; None reads it off the TFLite file.
    """
    for source, result in ((old, new), (new, old)):
        if result.format == "tflite" and source.format in LOWERINGS:
            scheme = quantize or scheme_of(result)
            lowered = lower(source, scheme).model
            if lowered is not None:
                remark = f"{source.path.name} as predicted after conversion to {scheme}"
                if source is old:
                    return Pair(lowered, new, scheme, None, remark)
                return Pair(old, lowered, None, scheme, remark)
    return Pair(old, new, quantize, quantize, "operators by their canonical names")


def scheme_of(model: Model) -> str:
    """The quantization a TFLite model was converted with, as `--quantize` names it."""
    kinds = set()
    for graph, node in model.nodes():
        known = describe(node.op, node.domain)
        if known is None or known.family not in _WEIGHTED:
            continue
        values = [value for value in graph.inputs_of(node) if value is not None]
        read = next((value.dtype for value in values if not value.is_constant), None)
        kinds.add((read, any(value.is_constant and value.dtype is DType.INT8 for value in values)))
    if any(read is DType.INT16 for read, _ in kinds):
        return "int16x8"
    if any(read is DType.INT8 for read, _ in kinds):
        first = model.main.value(model.main.inputs[0]) if model.main.inputs else None
        return "int8-float-io" if first is not None and first.dtype is DType.FLOAT32 else "int8"
    return "dynamic" if any(weights for _, weights in kinds) else "float32"
