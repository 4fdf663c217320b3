"""A sound configuration of every kind of Keras layer that the loader knows."""

from __future__ import annotations

from typing import Any

Entry = tuple[tuple[str, ...], tuple[tuple[int | None, ...], ...], dict[str, Any]]
"""Class names, input shapes without the batch, settings."""

_VECTOR, _STEPS, _IMAGE, _VOLUME, _FILM = (8,), (12, 4), (16, 16, 4), (8, 8, 8, 2), (4, 8, 8, 2)
_SPACES = {1: _STEPS, 2: _IMAGE, 3: _VOLUME}


def _ranked(names: tuple[str, ...], ranks: tuple[int, ...], settings: dict[str, Any]) -> list[Entry]:
    """One entry for each number of spatial dims; `{}` in a name stands for it."""
    return [(tuple(name.format(rank) for name in names), (_SPACES[rank],), settings) for rank in ranks]


def _dense(units: int = 4) -> dict[str, Any]:
    return {"class_name": "Dense", "config": {"name": "inner", "units": units, "activation": "relu"}}


def _cell(kind: str) -> dict[str, Any]:
    return {"class_name": f"{kind}Cell", "config": {"units": 4, "activation": "tanh"}}


_SLIDING = {
    "filters": 4,
    "kernel_size": 3,
    "strides": 1,
    "padding": "same",
    "dilation_rate": 1,
    "groups": 1,
    "data_format": "channels_last",
    "activation": {"class_name": "function", "config": "relu"},
    "use_bias": True,
    "depth_multiplier": 2,
    "kernel_initializer": {
        "class_name": "VarianceScaling",
        "config": {"scale": 2.0, "mode": "fan_in", "distribution": "truncated_normal"},
    },
}
_LOCAL = {"filters": 2, "kernel_size": 3, "padding": "valid", "implementation": 2}
_RECURRENT = {
    "units": 4,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "return_sequences": True,
    "return_state": False,
    "reset_after": True,
    "go_backwards": False,
    "unroll": True,
    "dropout": 0.1,
}
_ATTENTION = {"num_heads": 2, "key_dim": 4, "value_dim": 3, "dropout": 0.1, "output_shape": [6]}
_GROUPED = {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2}
_RANDOM = {"factor": [-0.1, 0.1], "seed": 1}

_RANDOM_IMAGES = (
    *("AugMix", "AutoContrast", "CLAHE", "CutMix", "Equalization", "MixUp", "RandAugment"),
    *("RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast"),
    *("RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale"),
    *("RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation"),
    *("RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
    *("Solarization", "RandomHeight", "RandomWidth"),
)

ENTRIES: list[Entry] = [
    (("Activation",), (_VECTOR,), {"activation": "softmax"}),
    (("Activation",), (_IMAGE,), {"activation": "hard_sigmoid"}),
    (("ReLU",), (_IMAGE,), {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}),
    (("LeakyReLU", "ThresholdedReLU", "ELU"), (_IMAGE,), {"alpha": 0.1, "theta": 1.0}),
    (("Softmax",), (_VECTOR,), {"axis": -1}),
    (("PReLU", "ParametricSoftplus", "SReLU"), (_IMAGE,), {"shared_axes": [1, 2]}),
    (("MultiHeadAttention",), (_STEPS, _STEPS), _ATTENTION),
    (("GroupedQueryAttention", "GroupQueryAttention"), (_STEPS, _STEPS), _GROUPED),
    (("Attention", "AdditiveAttention"), (_STEPS, _STEPS), {"use_scale": True, "score_mode": "dot"}),
    *_ranked(("Conv{}D", "Convolution{}D"), (1, 2, 3), _SLIDING),
    *_ranked(("Conv{}DTranspose",), (1, 2, 3), _SLIDING | {"output_padding": None}),
    *_ranked(("Convolution{}DTranspose", "Deconvolution{}D"), (2,), _SLIDING),
    *_ranked(("DepthwiseConv{}D", "SeparableConv{}D", "SeparableConvolution{}D"), (1, 2), _SLIDING),
    *_ranked(("DepthwiseConvolution{}D",), (2,), _SLIDING),
    *_ranked(("LocallyConnected{}D",), (1, 2), _LOCAL),
    (("Dense", "DenseFeatures"), (_VECTOR,), {"units": 4, "activation": "relu", "use_bias": True}),
    (
        ("EinsumDense",),
        (_STEPS,),
        {"equation": "abc,cd->abd", "output_shape": [None, 6], "bias_axes": "d", "activation": None},
    ),
    (
        ("Embedding", "ReversibleEmbedding"),
        (_VECTOR,),
        {"input_dim": 20, "output_dim": 4, "mask_zero": True, "tie_weights": False},
    ),
    (("Identity", "Masking", "ActivityRegularization", "Pipeline"), (_STEPS,), {"mask_value": 0.0}),
    (("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"), (_VECTOR,), {"rate": 0.5}),
    *_ranked(("SpatialDropout{}D",), (1, 2, 3), {"rate": 0.5}),
    (
        ("Lambda",),
        (_VECTOR,),
        {
            "function": {"class_name": "__lambda__", "config": {"code": "4wEAAA=="}},
            "output_shape": [4],
            "arguments": {},
        },
    ),
    (("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), (_IMAGE, _IMAGE), {}),
    (("Concatenate",), (_IMAGE, _IMAGE), {"axis": -1}),
    (("Dot",), (_STEPS, _STEPS), {"axes": [2, 2], "normalize": True}),
    (
        (
            *("BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1"),
            *("BatchNormalizationV2", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        ),
        (_IMAGE,),
        {"axis": [-1], "epsilon": 0.001, "center": True, "scale": True, "momentum": 0.99, "renorm": False},
    ),
    (("GroupNormalization",), (_IMAGE,), {"groups": 2, "axis": -1}),
    (
        ("LayerScale", "StochasticDepth", "CustomScaleLayer"),
        (_IMAGE,),
        {"projection_dim": 4, "drop_path_rate": 0.1, "scale": 0.5},
    ),
    *_ranked(
        ("MaxPooling{}D", "AveragePooling{}D"), (1, 2, 3), {"pool_size": 2, "strides": 2, "padding": "valid"}
    ),
    *_ranked(
        (
            *("GlobalMaxPooling{}D", "GlobalMaxPool{}D", "GlobalAveragePooling{}D"),
            "GlobalAveragePool{}D",
        ),
        (1, 2, 3),
        {"keepdims": True},
    ),
    *_ranked(("AdaptiveMaxPooling{}D", "AdaptiveAveragePooling{}D"), (1, 2, 3), {"output_size": 2}),
    (_RANDOM_IMAGES, (_IMAGE,), _RANDOM),
    (("Rescaling",), (_IMAGE,), {"scale": 0.0039, "offset": [0.0, 1.0, 2.0, 3.0]}),
    (
        ("Resizing", "CenterCrop", "RandomCrop"),
        (_IMAGE,),
        {"height": 8, "width": 8, "interpolation": "bilinear"},
    ),
    (("Normalization",), (_VECTOR,), {"axis": [-1], "mean": None, "variance": None}),
    (("CategoryEncoding",), (_VECTOR,), {"num_tokens": 5, "output_mode": "multi_hot"}),
    (("Discretization",), (_VECTOR,), {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}),
    (("Hashing", "HashedCrossing"), (_VECTOR,), {"num_bins": 8, "output_mode": "int"}),
    (
        ("IntegerLookup", "StringLookup", "IndexLookup"),
        (_VECTOR,),
        {"vocabulary": ["a", "b"], "vocabulary_size": 4, "max_tokens": 9, "output_mode": "multi_hot"},
    ),
    (
        ("TextVectorization",),
        ((1,),),
        {"output_mode": "int", "output_sequence_length": 6, "vocabulary": "words.txt"},
    ),
    (("MelSpectrogram",), ((64,),), {"num_mel_bins": 8, "sequence_stride": 16}),
    (
        ("STFTSpectrogram",),
        ((64, 1),),
        {"frame_length": 16, "frame_step": 8, "fft_length": 16, "mode": "stft", "expand_dims": True},
    ),
    (("TimeDistributed", "Wrapper"), (_STEPS,), {"layer": _dense()}),
    (("SpectralNormalization",), (_STEPS,), {"layer": _dense(), "power_iterations": 1}),
    (("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), (_STEPS,), _RECURRENT),
    (("RNN",), (_STEPS,), {"cell": _cell("LSTM"), "return_sequences": True}),
    (
        ("RNN",),
        (_STEPS,),
        {"cell": {"class_name": "StackedRNNCells", "config": {"cells": [_cell("GRU"), _cell("LSTM")]}}},
    ),
    (
        ("Bidirectional",),
        (_STEPS,),
        {"layer": {"class_name": "LSTM", "config": _RECURRENT}, "merge_mode": "concat"},
    ),
    (("ConvLSTM1D",), (_IMAGE,), _SLIDING | {"return_sequences": True}),
    (("ConvLSTM2D",), (_FILM,), _SLIDING | {"return_state": True}),
    (("ConvLSTM3D",), ((2, 4, 4, 4, 2),), _SLIDING),
    (("Flatten",), (_IMAGE,), {"data_format": "channels_last"}),
    (("Reshape",), (_IMAGE,), {"target_shape": [-1, 4]}),
    (("Permute",), (_IMAGE,), {"dims": [3, 1, 2]}),
    (("RepeatVector",), (_VECTOR,), {"n": 3}),
    (("ZeroPadding1D", "Cropping1D"), (_STEPS,), {"padding": [1, 2], "cropping": [1, 2]}),
    (("ZeroPadding2D", "Cropping2D"), (_IMAGE,), {"padding": [[1, 2], [0, 1]], "cropping": [[1, 2], [0, 1]]}),
    (("ZeroPadding3D", "Cropping3D"), (_VOLUME,), {"padding": [1, 1, 1], "cropping": [1, 1, 1]}),
    (("UpSampling1D",), (_STEPS,), {"size": 2}),
    (("UpSampling2D",), (_IMAGE,), {"size": [2, 2], "interpolation": "bilinear"}),
    (("UpSampling3D",), (_VOLUME,), {"size": [2, 2, 2]}),
]
"""Of each kind at least one."""


def layers() -> list[tuple[str, tuple[tuple[int | None, ...], ...], dict[str, Any]]]:
    """Class name, input shapes without the batch and settings of every layer in `ENTRIES`."""
    return [(name, shapes, settings) for names, shapes, settings in ENTRIES for name in names]
