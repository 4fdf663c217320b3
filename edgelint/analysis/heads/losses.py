"""Keras losses and metrics, by their function names, and what they say about the task."""

from __future__ import annotations

EXCLUSIVE = frozenset(
    {
        *("categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"),
        "categorical_generalized_cross_entropy",
    }
)
"""Losses for one of several classes."""

BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
"""Losses for a yes or no per unit."""

HINGES = frozenset({"hinge", "squared_hinge"})
"""Losses for a yes or no as a score around 0."""

NUMERIC = frozenset(
    {
        *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error"),
        *("mean_squared_logarithmic_error", "huber", "log_cosh"),
    }
)
"""Losses that measure how far one number is from another."""

OVERLAPS = frozenset({"dice", "tversky"})
"""Losses that compare masks."""

CLASS_METRICS = frozenset(
    {
        *("accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy"),
        *("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "categorical_crossentropy"),
        *("sparse_categorical_crossentropy", "binary_crossentropy", "auc", "precision", "recall"),
        *("f1_score", "fbeta_score", "true_positives", "false_positives", "true_negatives"),
        "false_negatives",
    }
)
"""Metrics that only make sense for classes."""

NUMBER_METRICS = NUMERIC | {"root_mean_squared_error", "r2_score"}
"""Metrics that measure how far one number is from another."""

MASK_METRICS = frozenset(
    {"mean_io_u", "mean_iou", "io_u", "iou", "binary_io_u", "one_hot_io_u", "one_hot_mean_io_u"}
)
"""Metrics that compare masks."""
