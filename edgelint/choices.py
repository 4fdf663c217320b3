"""What options and settings of a few fixed words may say."""

from __future__ import annotations

TASKS = (
    "auto",
    "classification",
    "binary",
    "multilabel",
    "regression",
    "detection",
    "segmentation",
    "autoencoder",
)
"""What a model can be for; "auto" leaves it to the evidence."""

FAIL_ON = ("error", "warning", "note", "never")
"""From which severity on findings make `check` exit with 1."""

QUANTIZE = ("float32", "dynamic", "int8", "int8-float-io", "int16x8")
"""Conversions that a float model can be judged as."""

SEVERITIES = FAIL_ON[:3]
