"""Normalisations."""

from __future__ import annotations

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers.call import Call, Layer, Weight, layer
from edgelint.loaders.keras.layers.settings import ConfigProblem


@layer("BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2")
def batch_normalization(call: Call) -> Layer:
    """Normalisation by stored means and variances per channel."""
    settings, shape = call.settings, call.shape
    axes = settings.axes("axis", -1)
    size = _sizes(call, axes)
    names = [name for name, key in (("gamma", "scale"), ("beta", "center")) if settings.flag(key, True)]
    statistics = ["moving_mean", "moving_variance"]
    if settings.flag("renorm", False):
        statistics += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    weights = tuple(
        Weight(name, size, f"vars/{place}", name in ("gamma", "beta"))
        for place, name in enumerate(names + statistics)
    )
    places = {weight.name: place for place, weight in enumerate(weights)}
    operands = tuple(places.get(name) for name in ("gamma", "beta", "moving_mean", "moving_variance"))
    attributes = {
        "axis": axes[0] if len(axes) == 1 else axes,
        "epsilon": settings.number("epsilon", 1e-3),
        "momentum": settings.number("momentum", 0.99),
    } | call.training_mode
    return Layer("BatchNormalization", (shape,), weights=weights, attributes=attributes, operands=operands)


@layer("LayerNormalization", "RMSNormalization")
def layer_normalization(call: Call) -> Layer:
    """Normalisation of each sample over some axes."""
    settings, shape = call.settings, call.shape
    axes = settings.axes("axis", -1)
    if len(axes) > 1:
        axes = tuple(sorted(axes))
    size = _sizes(call, axes)
    rms = call.kind == "RMSNormalization" or settings.flag("rms_scaling", False)
    names = []
    if call.kind == "RMSNormalization":
        names = ["scale"]
    else:
        names += ["gamma"] if settings.flag("scale", True) or rms else []
        names += ["beta"] if settings.flag("center", True) and not rms else []
    weights = tuple(Weight(name, size, f"vars/{place}") for place, name in enumerate(names))
    places = {weight.name: place for place, weight in enumerate(weights)}
    operands = (places.get("gamma", places.get("scale")), places.get("beta"))
    attributes = {
        "axis": axes[0] if len(axes) == 1 else axes,
        "epsilon": settings.number("epsilon", 1e-6 if call.kind == "RMSNormalization" else 1e-3),
    }
    op = "RMSNormalization" if rms else "LayerNormalization"
    return Layer(op, (shape,), weights=weights, attributes=attributes, operands=operands[: 1 if rms else 2])


@layer("GroupNormalization")
def group_normalization(call: Call) -> Layer:
    """Normalisation of groups of channels, each sample by itself."""
    settings, shape = call.settings, call.shape
    axis, groups = settings.whole("axis", -1), settings.whole("groups", 32)
    size = _sizes(call, (axis,))
    channels = size[0]
    if groups == -1 and isinstance(channels, int):
        groups = channels
    if isinstance(channels, int) and (groups < 1 or channels % groups):
        raise ConfigProblem(f"splits {channels} channels into {groups} groups")
    names = [name for name, key in (("gamma", "scale"), ("beta", "center")) if settings.flag(key, True)]
    weights = tuple(Weight(name, size, f"vars/{place}") for place, name in enumerate(names))
    places = {weight.name: place for place, weight in enumerate(weights)}
    attributes = {"num_groups": groups, "axis": axis, "epsilon": settings.number("epsilon", 1e-3)}
    return Layer(
        "GroupNormalization",
        (shape,),
        weights=weights,
        attributes=attributes,
        operands=(places.get("gamma"), places.get("beta")),
    )


@layer("UnitNormalization")
def unit_normalization(call: Call) -> Layer:
    """Vectors scaled to length 1."""
    axes = call.settings.axes("axis", -1)
    axis = axes[0] if len(axes) == 1 else axes
    return Layer("LpNormalization", (call.shape,), attributes={"axis": axis, "p": 2})


@layer("LayerScale", "StochasticDepth", "CustomScaleLayer")
def of_applications(call: Call) -> Layer:
    """Layers that keras.applications brings along: factors per channel or branch, skipped branches."""
    if call.kind == "CustomScaleLayer":
        attributes = {"scale": call.settings.number("scale", 1.0)}
        return Layer("CustomScaleLayer", (call.shape,), "keras", attributes=attributes)
    if call.kind == "StochasticDepth":
        rate = call.settings.number("drop_path_rate", 0.0)
        return Layer("Dropout", (call.shape,), dtypes=(call.dtype,), attributes={"ratio": rate})
    size = (call.settings.positive("projection_dim"),)
    return Layer("Mul", (call.shape,), weights=(Weight("gamma", size, "vars/0"),))


def _sizes(call: Call, axes: tuple[int, ...]) -> Shape:
    """The input's dims along `axes`."""
    shape = call.shape
    if shape is None:
        return (None,) * max(len(axes), 1)
    sizes: list[Dim] = []
    for axis in axes:
        dim = shape[call.axis(axis, shape)]
        sizes.append(dim if isinstance(dim, int) else None)
    return tuple(sizes)
