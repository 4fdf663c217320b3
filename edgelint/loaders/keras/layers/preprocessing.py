"""Preprocessing layers: images, features, text, spectrograms."""

from __future__ import annotations

from edgelint.ir import Dim, DType, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.call import Call, Layer, Weight, layer, shown
from edgelint.loaders.keras.layers.convolution import channels_last
from edgelint.loaders.keras.layers.settings import ConfigProblem

_SHAPE_KEEPING = (
    "AugMix",
    "AutoContrast",
    "CLAHE",
    "CutMix",
    "Equalization",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Solarization",
)


@layer(*_SHAPE_KEEPING)
def shape_keeping(call: Call) -> Layer:
    """A layer that gives an image (or anything, for Rescaling) of the same shape."""
    attributes = {}
    if call.kind == "Rescaling":
        attributes = {key: call.settings.get(key) for key in ("scale", "offset")}
    return Layer(call.kind, (call.shape,), "keras", attributes=attributes)


@layer("Resizing", "CenterCrop", "RandomCrop")
def resizing(call: Call) -> Layer:
    """An image brought to a fixed height and width."""
    height, width = call.settings.positive("height"), call.settings.positive("width")
    shape = call.shape
    output: Shape | None = None
    if shape is not None:
        if len(shape) not in (3, 4):
            raise ConfigProblem(f"takes images, and gets shape {shown(shape)}")
        sized = list(shape)
        first = len(shape) - (3 if channels_last(call.settings) else 2)
        sized[first : first + 2] = [height, width]
        output = tuple(sized)
    if call.kind == "Resizing":
        mode = call.settings.text("interpolation", "bilinear")
        return Layer("Resize", (output,), attributes={"sizes": (height, width), "mode": mode})
    return Layer(call.kind, (output,), "keras", attributes={"sizes": (height, width)})


@layer("RandomHeight", "RandomWidth")
def random_size(call: Call) -> Layer:
    """An image whose height or width differs from batch to batch (Keras 2)."""
    shape = call.shape
    if shape is None:
        return Layer(call.kind, (None,), "keras")
    place = len(shape) - (3 if call.kind == "RandomHeight" else 2)
    return Layer(call.kind, ((*shape[:place], None, *shape[place + 1 :]),), "keras")


@layer("Normalization")
def normalization(call: Call) -> Layer:
    """Features scaled by stored means and variances, unless those are constants of the layer."""
    shape = call.shape
    axes = call.settings.axes("axis", -1)
    if call.settings.get("mean") is not None or call.settings.get("input_mean") is not None:
        return Layer("Normalization", (shape,), "keras", attributes={"axis": axes})
    if shape is None:
        return Layer("Normalization", (None,), "keras", attributes={"axis": axes}, open_weights=True)
    kept: list[Dim] = [shape[place] for place in sorted(call.axis(axis, shape) for axis in axes)]
    size: Shape = tuple(dim if isinstance(dim, int) else None for dim in kept)
    weights = (
        Weight("mean", size, "vars/0", trainable=False),
        Weight("variance", size, "vars/1", trainable=False),
        Weight("count", (), "vars/2", trainable=False, dtype=DType.INT64),
    )
    return Layer("Normalization", (shape,), "keras", weights=weights, attributes={"axis": axes})


@layer("CategoryEncoding")
def category_encoding(call: Call) -> Layer:
    """Integers as one-hot, multi-hot or counted vectors."""
    depth = call.settings.positive("num_tokens", call.settings.whole("max_tokens", 1))
    mode = call.settings.text("output_mode", "multi_hot")
    return Layer("CategoryEncoding", (_encoded(call.shape, mode, depth),), "keras")


@layer("Discretization")
def discretization(call: Call) -> Layer:
    """Numbers as the index of the bin they fall into."""
    settings = call.settings
    mode = settings.text("output_mode", "int")
    bounds = settings.get("bin_boundaries")
    depth = len(bounds) + 1 if isinstance(bounds, (list, tuple)) else settings.size("num_bins")
    shape, index = call.shape, DType.INT32 if call.keras >= 3 else DType.INT64
    dtypes = (index if mode == "int" else call.compute,)
    if mode == "int" or shape is None:
        output = shape
    elif mode == "one_hot" or call.keras < 3 or len(shape) < 2:
        output = _encoded(shape, mode, depth)
    else:
        output = (shape[0], *shape[2:], depth)
    return Layer("Discretization", (output,), "keras", dtypes)


@layer("Hashing", "HashedCrossing")
def hashing(call: Call) -> Layer:
    """Values as the bin their hash falls into."""
    depth, mode = call.settings.positive("num_bins"), call.settings.text("output_mode", "int")
    shape = call.shape
    output = shape if mode == "int" else _encoded(shape, mode, depth)
    if call.kind == "Hashing" and mode == "one_hot" and call.keras >= 3 and shape:
        output = (*shape[:-1], depth)
    stored = call.settings.get("dtype")
    dtype = call.compute if stored and mode != "int" else DType.INT64
    return Layer(call.kind, (output,), "keras", (dtype,))


@layer("IntegerLookup", "StringLookup", "IndexLookup")
def lookup(call: Call) -> Layer:
    """Words or numbers as their index in a vocabulary, or as encodings of it."""
    mode = call.settings.text("output_mode", "int")
    if mode == "int":
        inverted = call.settings.flag("invert", False)
        text = call.kind == "StringLookup"
        dtype = DType.STRING if inverted and text and call.keras < 3 else DType.INT64
        return Layer(call.kind, (call.shape,), "keras", (dtype,))
    padded = call.settings.flag("pad_to_max_tokens", False)
    depth = call.settings.size("max_tokens" if padded else "vocabulary_size")
    output = _encoded(call.shape, mode, depth)
    return Layer(call.kind, (output,), "keras", (DType.FLOAT32,))


@layer("TextVectorization")
def text_vectorization(call: Call) -> Layer:
    """Text as word indices or encodings."""
    mode = call.settings.text("output_mode", "int")
    shape = call.shape
    batch = shape[0] if shape else None
    if mode == "int":
        output: Shape | None = (batch, call.settings.size("output_sequence_length"))
        if call.settings.flag("ragged", False):
            output = (batch, None)
        return Layer("TextVectorization", (output,), "keras", (DType.INT64,))
    padded = call.settings.flag("pad_to_max_tokens", False)
    depth = call.settings.size("max_tokens" if padded else "vocabulary_size")
    whole = call.keras >= 3 and call.settings.get("split") is not None
    front = shape if whole else (shape or ())[:-1] or shape
    return Layer("TextVectorization", ((*(front or (batch,)), depth),), "keras", (DType.FLOAT32,))


@layer("MelSpectrogram")
def mel_spectrogram(call: Call) -> Layer:
    """Sound as mel frequency bins by time."""
    shape = call.shape
    bins, stride = call.settings.positive("num_mel_bins"), call.settings.positive("sequence_stride")
    if not shape:
        return Layer("MelSpectrogram", (None,), "keras")
    steps = (shape[-1] + stride + 1) // stride if isinstance(shape[-1], int) else None
    return Layer("MelSpectrogram", ((*shape[:-1], bins, steps),), "keras")


@layer("STFTSpectrogram")
def spectrogram(call: Call) -> Layer:
    """Sound as frequencies by time, by convolution with sine and cosine windows."""
    settings = call.settings
    shape, last = call.ranked(3), channels_last(settings)
    length = settings.positive("frame_length")
    step = settings.positive("frame_step", length // 2 or 1)
    bins = settings.positive("fft_length", length) // 2 + 1
    mode = settings.text("mode", "log")
    names = [name for name, other in (("real_kernel", "imag"), ("imag_kernel", "real")) if mode != other]
    weights = tuple(
        Weight(name, (length, 1, bins), f"vars/{place}", trainable=False) for place, name in enumerate(names)
    )
    depth = bins * (2 if mode == "stft" else 1)
    channels = shape[-1 if last else 1]
    steps = dims.window(shape[1 if last else 2], length, step, 1, settings.text("padding", "valid"))
    if settings.flag("expand_dims", False):
        output: Shape = (shape[0], steps, depth, channels) if last else (shape[0], channels, steps, depth)
    else:
        flat = dims.times(channels, depth)
        output = (shape[0], steps, flat) if last else (shape[0], flat, steps)
    return Layer("STFTSpectrogram", (output,), "keras", weights=weights)


def _encoded(shape: Shape | None, mode: str, depth: Dim) -> Shape | None:
    """One-hot adds a dim (or replaces one of 1), the other encodings replace the last."""
    if shape is None:
        return None
    if mode == "one_hot" and (len(shape) < 2 or shape[-1] != 1):
        return (*shape, depth)
    return (*shape[:-1], depth)
