"""Flash that a model takes with TensorFlow Lite Micro: model file, runtime core, kernels.

Measured by linking (targets/tflm_sizes.toml, `[flash]`): GCC 12.2, -Os core, -O2 kernels, error
strings stripped. Kernels count as `MicroMutableOpResolver::AddConv2D()` and its like register them,
for every element type: an int8-only registration links less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Flash
from edgelint.analysis.tflm.prepare import CUSTOM_DOMAINS
from edgelint.analysis.tflm.sizes import part, round_up
from edgelint.ir.model import Model
from edgelint.printable import printable
from edgelint.targets import Target

FIRST = "FULLY_CONNECTED"
"""The operator over which the others' marginal sizes were measured."""

KNOWN_ERROR = (
    "kernel sizes added up, 3 to 7 % above linked images; other compilers and settings: tens of percent"
)


def link_flash(model: Model, target: Target) -> Flash:
    """The flash that `model` takes on `target` with the runtime and the kernels it uses; bytes."""
    stored = round_up(model.file_bytes)
    measured = part("flash", "")
    core = measured["class_of"].get(target.core)
    if core is None or target.kernels != "cmsis-nn":
        if not model.file_bytes or target.flash is None:
            return Flash(reason=f"the runtime was not measured on {target.core}")
        reason = f"the runtime was not measured on {target.core}: this is the model file alone"
        return Flash(value=stored, basis=Basis.BOUND, model=stored, reason=reason)
    sizes = part("flash", core)[core]
    used = {(node.source.op, node.domain in CUSTOM_DOMAINS): None for _, node in model.nodes()}
    linked = [
        name for name, custom in used if name in sizes["alone"] and custom == (name in measured["custom"])
    ]
    missing = tuple(name for name, _ in used if name not in linked)
    kernels = _kernels(linked, sizes)
    reason = KNOWN_ERROR
    if missing:
        reason = f"the kernels of {', '.join(map(printable, missing))} were not measured; {reason}"
    return Flash(
        value=stored + sizes["core"] + kernels,
        basis=Basis.BOUND if missing else Basis.PREDICTED,
        model=stored,
        runtime=sizes["core"],
        kernels=kernels,
        reason=reason,
        unmodelled=missing,
    )


def _kernels(names: list[str], sizes: Mapping[str, Any]) -> int:
    """Bytes of the kernels of distinct operators.

    What operators share counts once, as far as FULLY_CONNECTED (int8) brings it in; where they
    share nothing with it, the sum of what each links alone is smaller, and neither can be low.
    """
    shared = sizes["core_plus_fc"] - sizes["core"]
    alone, marginal = sizes["alone"], sizes["marginal"]
    over_first = shared + sum(alone[FIRST] - shared if name == FIRST else marginal[name] for name in names)
    return int(min(over_first, sum(alone[name] for name in names)))
