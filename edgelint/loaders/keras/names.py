"""Keras's way of turning class names into names of things."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    """`name` as Keras numbers layers by: Conv2D becomes conv2d, ReLU re_lu (keras/src/utils/naming.py)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Names:
    """Names given out so far, so that each is given once."""

    def __init__(self) -> None:
        """None given yet."""
        self._used: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """`name`, or `name~1`, `name~2`, … when it is taken."""
        found = name
        while found in self._used:
            self._used[name] += 1
            found = f"{name}~{self._used[name]}"
        self._used[found] = 0
        return found
