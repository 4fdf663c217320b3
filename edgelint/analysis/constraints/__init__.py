"""The constraints of the support tables, held against one use of an operator.

Each check is a function from (use, what the table asks) to what is wrong, a phrase that follows the
operator's name, and after the last semicolon what would pass; None when it is kept or when what it
needs is unknown.
"""

from __future__ import annotations

from edgelint.analysis.constraints import (
    attributes,
    axes,
    contents,
    counts,
    dtypes,
    quantization,
    relations,
    resizing,
    shapes,
    windows,
)
from edgelint.analysis.constraints.use import Check

CHECKS: dict[str, Check] = {
    **dtypes.CHECKS,
    **counts.CHECKS,
    **shapes.CHECKS,
    **windows.CHECKS,
    **resizing.CHECKS,
    **quantization.CHECKS,
    **attributes.CHECKS,
    **relations.CHECKS,
    **axes.CHECKS,
    **contents.CHECKS,
}
"""Key of a row or condition to its check, in the order in which a broken one is named."""
