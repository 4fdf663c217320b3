"""Layer cases for the differential tests: a name, input shapes with types, and how to call the layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One layer in a model of its own.

    inputs: (shape without batch, dtype). make: from keras.layers and the inputs to the output(s).
    sharper: a shape with dims that Keras itself leaves unknown, though the input determines them.
    """

    name: str
    inputs: tuple[tuple[tuple[int | None, ...], str], ...]
    make: Callable[[Any, list[Any]], Any]
    sharper: tuple[int, ...] | None = None


def cases() -> Iterator[Case]:
    """All of them, names unique."""
    for part in (
        _convolutions,
        _depthwise,
        _transposed,
        _pooling,
        _reshaping,
        _core,
        _activations,
        _merging,
        _normalizations,
        _attention,
        _recurrent,
        _preprocessing,
    ):
        yield from part()


def _one(
    name: str, shape: tuple[int | None, ...], kind: str, given: str = "float32", **settings: Any
) -> Case:
    return Case(name, ((shape, given),), _on_first(kind, **settings))


def _on_first(kind: str, **settings: Any) -> Callable[[Any, list[Any]], Any]:
    return lambda layers, x: getattr(layers, kind)(**settings)(x[0])


def _on_all(kind: str, **settings: Any) -> Callable[[Any, list[Any]], Any]:
    return lambda layers, x: getattr(layers, kind)(**settings)(x)


def _around(outer: str, kind: str, inner: dict[str, Any], **settings: Any) -> Callable[[Any, list[Any]], Any]:
    return lambda layers, x: getattr(layers, outer)(getattr(layers, kind)(**inner), **settings)(x[0])


def _convolutions() -> Iterator[Case]:
    shapes: dict[int, tuple[int | None, ...]] = {1: (17, 4), 2: (17, 13, 4), 3: (9, 8, 7, 4)}
    for rank, kernel, stride, padding, dilation in itertools.product(
        (1, 2, 3), (1, 3), (1, 2), ("valid", "same"), (1, 2)
    ):
        if stride > 1 and dilation > 1:
            continue
        for kind in (f"Conv{rank}D", f"SeparableConv{rank}D"):
            if kind == "SeparableConv3D":
                continue
            yield _one(
                f"{kind}-{kernel}-{stride}-{padding}-{dilation}",
                shapes[rank],
                kind,
                filters=6,
                kernel_size=kernel,
                strides=stride,
                padding=padding,
                dilation_rate=dilation,
            )
    yield _one(
        "Conv1D-causal", (17, 4), "Conv1D", filters=5, kernel_size=3, padding="causal", dilation_rate=2
    )
    yield _one("Conv2D-groups", (9, 9, 4), "Conv2D", filters=6, kernel_size=(3, 2), groups=2, use_bias=False)
    yield _one("Conv2D-free", (None, None, 3), "Conv2D", filters=6, kernel_size=3, activation="relu")
    yield _one("Conv2D-first", (4, 17, 13), "Conv2D", filters=6, kernel_size=3, data_format="channels_first")
    yield _one("Conv2D-half", (9, 9, 4), "Conv2D", filters=6, kernel_size=3, dtype="mixed_float16")


def _depthwise() -> Iterator[Case]:
    for stride, padding, multiplier in itertools.product((1, 2), ("valid", "same"), (1, 3)):
        settings: dict[str, Any] = {
            "kernel_size": 3,
            "strides": stride,
            "padding": padding,
            "depth_multiplier": multiplier,
        }
        yield _one(f"Depthwise1D-{stride}-{padding}-{multiplier}", (17, 4), "DepthwiseConv1D", **settings)
        yield _one(f"Depthwise2D-{stride}-{padding}-{multiplier}", (17, 9, 4), "DepthwiseConv2D", **settings)
        yield _one(
            f"Separable2D-{stride}-{padding}-{multiplier}",
            (17, 9, 4),
            "SeparableConv2D",
            filters=7,
            **settings,
        )


def _transposed() -> Iterator[Case]:
    shapes: dict[int, tuple[int | None, ...]] = {1: (7, 4), 2: (7, 5, 4), 3: (5, 4, 3, 4)}
    for rank, kernel, stride, padding, extra in itertools.product(
        (1, 2, 3), (1, 2, 3, 5), (1, 2, 3), ("valid", "same"), (None, 1)
    ):
        if extra is not None and extra >= stride:
            continue
        yield _one(
            f"Conv{rank}DTranspose-{kernel}-{stride}-{padding}-{extra}",
            shapes[rank],
            f"Conv{rank}DTranspose",
            filters=3,
            kernel_size=kernel,
            strides=stride,
            padding=padding,
            output_padding=extra,
        )


def _pooling() -> Iterator[Case]:
    shapes: dict[int, tuple[int | None, ...]] = {1: (11, 4), 2: (11, 8, 4), 3: (7, 6, 5, 4)}
    for rank, kind in itertools.product((1, 2, 3), ("Max", "Average")):
        for size, stride, padding in itertools.product((2, 3), (None, 1, 2), ("valid", "same")):
            yield _one(
                f"{kind}Pooling{rank}D-{size}-{stride}-{padding}",
                shapes[rank],
                f"{kind}Pooling{rank}D",
                pool_size=size,
                strides=stride,
                padding=padding,
            )
        for keep, order in itertools.product((False, True), ("channels_last", "channels_first")):
            yield _one(
                f"Global{kind}Pooling{rank}D-{keep}-{order}",
                shapes[rank],
                f"Global{kind}Pooling{rank}D",
                keepdims=keep,
                data_format=order,
            )
        yield _one(
            f"Adaptive{kind}Pooling{rank}D", shapes[rank], f"Adaptive{kind}Pooling{rank}D", output_size=2
        )
    yield _one("MaxPooling2D-free", (None, None, 3), "MaxPooling2D")


def _reshaping() -> Iterator[Case]:
    yield _one("Flatten", (3, 4, 5), "Flatten")
    yield _one("Flatten-vector", (5,), "Flatten")
    yield _one("Flatten-free", (None, 4), "Flatten")
    yield _one("Flatten-int", (3, 4), "Flatten", "int32")
    yield _one("Reshape", (3, 4, 5), "Reshape", target_shape=(12, 5))
    yield _one("Reshape-open", (3, 4, 5), "Reshape", target_shape=(-1, 10))
    yield _one("Reshape-free", (None, 4), "Reshape", target_shape=(-1, 2))
    yield _one("Permute", (3, 4, 5), "Permute", dims=(2, 3, 1))
    yield _one("RepeatVector", (5,), "RepeatVector", n=4)
    for rank, shape in ((1, (7, 3)), (2, (7, 6, 3)), (3, (7, 6, 5, 3))):
        yield _one(f"ZeroPadding{rank}D", shape, f"ZeroPadding{rank}D", padding=2)
        yield _one(f"Cropping{rank}D", shape, f"Cropping{rank}D", cropping=1)
        yield _one(f"UpSampling{rank}D", shape, f"UpSampling{rank}D", size=2)
    yield _one("ZeroPadding2D-pairs", (7, 6, 3), "ZeroPadding2D", padding=((0, 1), (2, 3)))
    yield _one("ZeroPadding2D-first", (3, 7, 6), "ZeroPadding2D", padding=1, data_format="channels_first")
    yield _one("Cropping2D-pairs", (7, 6, 3), "Cropping2D", cropping=((0, 1), (2, 3)))
    yield _one("UpSampling2D-linear", (7, 6, 3), "UpSampling2D", size=(2, 3), interpolation="bilinear")


def _core() -> Iterator[Case]:
    yield _one("Dense", (5,), "Dense", units=4, activation="softmax")
    yield _one("Dense-3d", (7, 5), "Dense", units=4, use_bias=False)
    yield _one("Dense-mixed", (5,), "Dense", units=4, dtype="mixed_bfloat16")
    yield _one("Dense-double", (5,), "Dense", units=4, dtype="float64")
    yield _one("Embedding", (7,), "Embedding", "int32", input_dim=11, output_dim=3)
    yield _one("ReversibleEmbedding", (7,), "ReversibleEmbedding", "int32", input_dim=11, output_dim=3)
    yield _one(
        "ReversibleEmbedding-untied",
        (7,),
        "ReversibleEmbedding",
        "int32",
        input_dim=11,
        output_dim=3,
        tie_weights=False,
    )
    einsums: list[tuple[str, tuple[int | None, ...], str | None, tuple[int, ...], tuple[int, ...]]] = [
        ("abc,cd->abd", (None, 6), "d", (7, 5), (7, 6)),
        ("...x,xy->...y", (6,), "y", (7, 5), (7, 6)),
        ("abc,cde->abde", (None, 2, 3), "de", (7, 6), (7, 2, 3)),
        ("abde,dec->abc", (None, 5), None, (7, 2, 3), (7, 5)),
        ("ab...,bc->ac...", (4,), "c", (6, 3), (4, 3)),
    ]
    for equation, output, bias, shape, made in einsums:
        settings: dict[str, Any] = {"equation": equation, "output_shape": output, "bias_axes": bias}
        yield Case(
            f"EinsumDense-{equation}", ((shape, "float32"),), _on_first("EinsumDense", **settings), made
        )
    plain: list[tuple[str, dict[str, Any]]] = [
        ("Identity", {}),
        ("Masking", {"mask_value": 0.5}),
        ("Dropout", {"rate": 0.3}),
        ("SpatialDropout1D", {"rate": 0.3}),
        ("AlphaDropout", {"rate": 0.3}),
        ("GaussianDropout", {"rate": 0.3}),
        ("GaussianNoise", {"stddev": 0.3}),
        ("ActivityRegularization", {"l1": 0.1}),
    ]
    for kind, settings in plain:
        yield _one(kind, (6, 4), kind, **settings)
    yield _one("SpatialDropout2D", (6, 4, 3), "SpatialDropout2D", rate=0.1)
    yield _one("SpatialDropout3D", (6, 4, 3, 2), "SpatialDropout3D", rate=0.1)


ACTIVATIONS = [
    "relu",
    "relu6",
    "leaky_relu",
    "softmax",
    "log_softmax",
    "sigmoid",
    "tanh",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "swish",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
    "mish",
    "linear",
    "hard_tanh",
    "log_sigmoid",
    "tanh_shrink",
    "squareplus",
    "soft_shrink",
    "hard_shrink",
    "sparse_plus",
    "sparsemax",
    "threshold",
    "sparse_sigmoid",
]


def _activations() -> Iterator[Case]:
    for name in ACTIVATIONS:
        yield _one(f"Activation-{name}", (6, 4), "Activation", activation=name)
    yield _one("ReLU-6", (6, 4), "ReLU", max_value=6.0)
    yield _one("ReLU-leaky", (6, 4), "ReLU", negative_slope=0.1)
    yield _one("ReLU-all", (6, 4), "ReLU", max_value=4.0, negative_slope=0.1, threshold=0.5)
    yield _one("LeakyReLU", (6, 4), "LeakyReLU", negative_slope=0.2)
    yield _one("ELU", (6, 4), "ELU", alpha=0.7)
    yield _one("Softmax", (6, 4), "Softmax", axis=1)
    yield _one("PReLU", (6, 4), "PReLU")
    yield _one("PReLU-shared", (6, 5, 4), "PReLU", shared_axes=[1, 2])


def _merging() -> Iterator[Case]:
    same = (((6, 4), "float32"), ((6, 4), "float32"))
    wide = (((6, 1), "float32"), ((1, 4), "float32"))
    for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        yield Case(kind, same, _on_all(kind))
        yield Case(f"{kind}-broadcast", wide, _on_all(kind))
    ranks = (((4,), "float32"), ((6, 4), "float32"))
    yield Case("Add-ranks", ranks, lambda layers, x: layers.Add()(x))
    for axis in (1, 2, -1):
        yield Case(f"Concatenate-{axis}", same, _on_all("Concatenate", axis=axis))
    yield Case("Dot-1", same, lambda layers, x: layers.Dot(axes=1)(x))
    yield Case("Dot-2", same, lambda layers, x: layers.Dot(axes=2, normalize=True)(x))
    vectors = (((4,), "float32"), ((4,), "float32"))
    yield Case("Dot-vectors", vectors, lambda layers, x: layers.Dot(axes=-1)(x))


def _normalizations() -> Iterator[Case]:
    for scale, center in itertools.product((True, False), repeat=2):
        for kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
            extra: dict[str, Any] = {"groups": 2} if kind.startswith("Group") else {}
            yield _one(f"{kind}-{scale}-{center}", (6, 4), kind, scale=scale, center=center, **extra)
    yield _one("BatchNormalization-axis", (6, 5, 4), "BatchNormalization", axis=1)
    yield _one("BatchNormalization-renorm", (6, 4), "BatchNormalization", renorm=True)
    yield _one("BatchNormalization-frozen", (6, 4), "BatchNormalization", trainable=False)
    yield _one("LayerNormalization-axes", (6, 5, 4), "LayerNormalization", axis=[1, 3])
    yield _one("LayerNormalization-rms", (6, 4), "LayerNormalization", rms_scaling=True)
    yield _one("RMSNormalization", (6, 4), "RMSNormalization")
    yield _one("GroupNormalization-instance", (6, 4), "GroupNormalization", groups=-1)
    yield _one("UnitNormalization", (6, 4), "UnitNormalization")
    yield Case(
        "SpectralNormalization",
        (((9, 9, 3), "float32"),),
        lambda layers, x: layers.SpectralNormalization(layers.Conv2D(4, 3))(x[0]),
    )
    yield Case(
        "SpectralNormalization-dense",
        (((3,), "float32"),),
        lambda layers, x: layers.SpectralNormalization(layers.Dense(4))(x[0]),
    )


def _attention() -> Iterator[Case]:
    two = (((7, 6), "float32"), ((5, 6), "float32"))
    three = (*two, ((5, 8), "float32"))
    yield Case("Attention", two, lambda layers, x: layers.Attention()(x))
    yield Case(
        "Attention-scaled", two, lambda layers, x: layers.Attention(use_scale=True, score_mode="concat")(x)
    )
    yield Case("Attention-scores", two, lambda layers, x: layers.Attention()(x, return_attention_scores=True))
    yield Case("AdditiveAttention", two, lambda layers, x: layers.AdditiveAttention()(x))
    yield Case("AdditiveAttention-plain", two, lambda layers, x: layers.AdditiveAttention(use_scale=False)(x))
    yield Case("MHA", two, lambda layers, x: layers.MultiHeadAttention(2, 3)(x[0], x[1]))
    yield Case("MHA-self", two[:1], lambda layers, x: layers.MultiHeadAttention(2, 3)(x[0], x[0]))
    yield Case(
        "MHA-keywords",
        three,
        lambda layers, x: layers.MultiHeadAttention(2, 3, value_dim=4, use_bias=False)(
            query=x[0], value=x[1], key=x[2]
        ),
    )
    yield Case(
        "MHA-out", two, lambda layers, x: layers.MultiHeadAttention(2, 3, output_shape=(5,))(x[0], x[1])
    )
    yield Case(
        "MHA-image",
        (((4, 3, 6), "float32"),),
        lambda layers, x: layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))(x[0], x[0]),
    )
    yield Case("GQA", two, lambda layers, x: layers.GroupQueryAttention(3, 4, 2)(x[0], x[1]))


def _recurrent() -> Iterator[Case]:
    for kind, sequences, state in itertools.product(
        ("LSTM", "GRU", "SimpleRNN"), (False, True), (False, True)
    ):
        settings: dict[str, Any] = {"return_sequences": sequences, "return_state": state}
        yield _one(f"{kind}-{sequences}-{state}", (7, 3), kind, units=4, **settings)
        for mode in ("concat", "sum", None):
            yield Case(
                f"Bidirectional-{kind}-{sequences}-{state}-{mode}",
                (((7, 3), "float32"),),
                _around("Bidirectional", kind, {"units": 4, **settings}, merge_mode=mode),
            )
        yield Case(
            f"RNN-{kind}-{sequences}-{state}",
            (((7, 3), "float32"),),
            _around("RNN", f"{kind}Cell", {"units": 4}, **settings),
        )
    yield _one("LSTM-free", (None, 3), "LSTM", units=4, return_sequences=True, use_bias=False)
    yield _one("GRU-before", (7, 3), "GRU", units=4, reset_after=False)
    yield Case(
        "StackedRNNCells",
        (((7, 3), "float32"),),
        lambda layers, x: layers.RNN([layers.LSTMCell(4), layers.GRUCell(5), layers.LSTMCell(6)])(x[0]),
    )
    yield Case(
        "LSTM-initial",
        (((7, 3), "float32"), ((4,), "float32"), ((4,), "float32")),
        lambda layers, x: layers.LSTM(4)(x[0], initial_state=[x[1], x[2]]),
    )
    for rank, shape in ((1, (4, 9, 3)), (2, (4, 9, 8, 3)), (3, (4, 6, 5, 4, 3))):
        for sequences, state in ((False, False), (True, True)):
            yield _one(
                f"ConvLSTM{rank}D-{sequences}",
                shape,
                f"ConvLSTM{rank}D",
                filters=2,
                kernel_size=2,
                return_sequences=sequences,
                return_state=state,
            )
    wrapped: list[tuple[str, tuple[int | None, ...], dict[str, Any]]] = [
        ("Dense", (7, 3), {"units": 4}),
        ("Conv2D", (7, 9, 9, 3), {"filters": 4, "kernel_size": 3}),
        ("Flatten", (7, 9, 3), {}),
        ("BatchNormalization", (7, 9, 3), {}),
        ("LSTM", (7, 9, 3), {"units": 4}),
    ]
    for kind, steps, inner in wrapped:
        yield Case(f"TimeDistributed-{kind}", ((steps, "float32"),), _around("TimeDistributed", kind, inner))


def _preprocessing() -> Iterator[Case]:
    image = (8, 9, 3)
    yield _one("Rescaling", image, "Rescaling", scale=1 / 255, offset=-1.0)
    yield _one("Rescaling-bytes", image, "Rescaling", "uint8", scale=1 / 255)
    yield _one("Normalization", image, "Normalization", axis=-1)
    yield _one("Normalization-none", image, "Normalization", axis=None)
    yield _one("Normalization-given", image, "Normalization", mean=1.0, variance=2.0)
    yield _one("Resizing", image, "Resizing", height=5, width=4)
    yield _one("Resizing-bytes", image, "Resizing", "uint8", height=5, width=4)
    yield _one("CenterCrop", image, "CenterCrop", height=5, width=4)
    yield _one("RandomCrop", image, "RandomCrop", height=5, width=4)
    images: list[tuple[str, dict[str, Any]]] = [
        ("RandomFlip", {}),
        ("RandomRotation", {"factor": 0.2}),
        ("RandomZoom", {"height_factor": 0.2}),
        ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}),
        ("RandomContrast", {"factor": 0.2}),
        ("RandomBrightness", {"factor": 0.2}),
        ("RandomShear", {"x_factor": 0.2}),
        ("RandomHue", {"factor": 0.2}),
        ("RandomSaturation", {"factor": 0.2}),
        ("RandomGrayscale", {}),
        ("RandomInvert", {}),
        ("RandomPosterization", {"factor": 4}),
        ("RandomGaussianBlur", {}),
        ("RandomErasing", {}),
        ("RandomSharpness", {"factor": 0.2}),
        ("Solarization", {}),
        ("AutoContrast", {}),
    ]
    for kind, settings in images:
        yield _one(kind, image, kind, **settings)
    for mode in ("one_hot", "multi_hot", "count"):
        yield _one(
            f"CategoryEncoding-{mode}", (1,), "CategoryEncoding", "int32", num_tokens=5, output_mode=mode
        )
        yield _one(
            f"CategoryEncoding-{mode}-wide", (4,), "CategoryEncoding", "int32", num_tokens=5, output_mode=mode
        )
        yield _one(
            f"IntegerLookup-{mode}", (1,), "IntegerLookup", "int64", vocabulary=[1, 2, 3], output_mode=mode
        )
        yield _one(f"Hashing-{mode}", (1,), "Hashing", "int64", num_bins=5, output_mode=mode)
        yield _one(
            f"Discretization-{mode}", (1,), "Discretization", bin_boundaries=[0.0, 1.0], output_mode=mode
        )
    yield _one("Discretization", (4,), "Discretization", bin_boundaries=[0.0, 1.0])
    yield _one("Hashing", (4,), "Hashing", "int64", num_bins=5)
    yield _one("IntegerLookup", (4,), "IntegerLookup", "int64", vocabulary=[1, 2, 3])
    yield _one("StringLookup", (4,), "StringLookup", "string", vocabulary=["a", "b"])
    yield _one(
        "StringLookup-hot", (4,), "StringLookup", "string", vocabulary=["a", "b"], output_mode="multi_hot"
    )
    yield _one(
        "TextVectorization", (1,), "TextVectorization", "string", vocabulary=["a"], output_sequence_length=6
    )
    yield _one(
        "TextVectorization-hot", (1,), "TextVectorization", "string", vocabulary=["a"], output_mode="count"
    )
    yield _one("MelSpectrogram", (4000,), "MelSpectrogram", num_mel_bins=20, sequence_stride=128)
    for mode in ("log", "stft", "real"):
        yield _one(
            f"STFTSpectrogram-{mode}",
            (400, 2),
            "STFTSpectrogram",
            mode=mode,
            frame_length=64,
            frame_step=32,
            fft_length=128,
            expand_dims=mode == "stft",
        )
