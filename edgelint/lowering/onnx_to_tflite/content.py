"""What a constant holds, as far as that is known: decoded when first asked for, as most never are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType, unpacked
from edgelint.ir.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np


@dataclass(slots=True)
class Content:
    """The content of a constant.

    key: equal for constants that are sure to hold the same; the converter keeps one of those.
    elements: where they are few and known: an array, or the tensor that stores them.
    """

    key: Hashable
    elements: np.ndarray | Tensor | None = None

    @property
    def array(self) -> np.ndarray | None:
        """The elements, where they are few and known."""
        if isinstance(self.elements, Tensor):
            self.elements = self.elements.numpy()
        return self.elements

    @property
    def flat(self) -> Sequence[float] | None:
        """The same, row by row; NumPy is not loaded for those of a tensor."""
        if isinstance(self.elements, Tensor):
            tensor = self.elements
            return unpacked(tensor.storage.read(), tensor.dtype, tensor.elements)
        numbers: list[float] | None = None if self.elements is None else self.elements.reshape(-1).tolist()
        return numbers

    def stored(self, dtype: DType) -> bytes | None:
        """The bytes that a file has for the elements, where they are known and of type `dtype`."""
        if isinstance(self.elements, Tensor):
            return self.elements.storage.read() if self.elements.dtype is dtype else None
        if self.elements is None or self.elements.dtype.name != dtype.label:
            return None
        return self.elements.tobytes()
