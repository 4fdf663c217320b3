"""Settings of Keras 1 under the names Keras 2 gave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RENAMED = {
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
    "output_dim": "units",
    "inner_activation": "recurrent_activation",
    "bias": "use_bias",
    "p": "rate",
    "sigma": "stddev",
    "stride": "strides",
}
_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}
_KINDS_WITH_OUTPUT_DIM = ("Embedding", "ReversibleEmbedding")


def upgraded(kind: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`config` in Keras 2's words; itself when it has none of Keras 1's."""
    if not _RENAMED.keys() & config.keys() and "nb_row" not in config and "dim_ordering" not in config:
        return config
    if "units" in config or "filters" in config:
        return config
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key == "output_dim" and kind in _KINDS_WITH_OUTPUT_DIM:
            found[key] = value
        else:
            found.setdefault(_RENAMED.get(key, key), value)
    if "nb_row" in config:
        sizes = [config.get("kernel_dim1")] if "kernel_dim1" in config else []
        found["kernel_size"] = [*sizes, config["nb_row"], config.get("nb_col")]
    ordering = config.get("dim_ordering")
    if isinstance(ordering, str) and ordering in _ORDERINGS:
        found["data_format"] = _ORDERINGS[ordering]
    return found
