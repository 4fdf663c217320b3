"""Keras's way of turning class names into names of things."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    """`name` as Keras numbers layers by: Conv2D becomes conv2d, ReLU re_lu (keras/src/utils/naming.py)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
