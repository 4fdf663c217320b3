"""What the converter makes of operators that follow one another: folded, fused, merged, dropped.

Observed with TensorFlow 2.21; the patterns are those of tensorflow/compiler/mlir/lite/transforms
(optimize_patterns.td, optimize.cc, prepare_tf.cc).
"""

from __future__ import annotations

from edgelint.lowering.draft import PASSES, Draft, Edge, Links, Op

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
FUSED = ("RELU", "RELU6", "RELU_N1_TO_1")
BINARY = ("ADD", "SUB", "MUL", "DIV")
BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
"""Place of the bias among the inputs."""


def settle(draft: Draft) -> None:
    """Rewrites `draft` in place until no pattern applies."""
    for _ in range(PASSES):
        links = Links(draft)
        changed = share(links)
        for op in links.live():
            for rule in RULES.get(op.kind, ()):
                if rule(links, op):
                    changed = True
                    break
        if not links.finish() and not changed:
            return


def share(links: Links) -> bool:
    """Drops operators that compute what one before them has computed; whether there were any."""
    seen: dict[tuple[object, ...], Op] = {}
    changed = False
    for op in links.live():
        if op.bodies or any(edge is not None and edge.variable for edge in op.inputs):
            continue
        key = (op.kind, op.activation, tuple(op.inputs), tuple(sorted(op.options.items())))
        first = seen.setdefault(key, op)
        if first is not op:
            changed = True
            for output, same in zip(op.outputs, first.outputs, strict=True):
                links.rename(output, same)
            links.drop(op)
    return changed


def _channels(op: Op) -> int:
    return op.output.shape[-1]


def _per_channel(edge: Edge, op: Op) -> bool:
    """Whether a constant is one number, or one for each output channel of `op`."""
    return edge.elements == 1 or (edge.elements == _channels(op) == edge.shape[-1])


def _operands(op: Op) -> tuple[Edge, Edge] | None:
    """The operand that flows and the constant one, None where both flow."""
    left, right = op.inputs[0], op.inputs[1]
    if left is None or right is None or left.constant == right.constant:
        return None
    return (right, left) if left.constant else (left, right)


def fold_bias(links: Links, op: Op) -> bool:
    """A constant added to (or taken from) a weighted operator becomes its bias."""
    found = _operands(op)
    if found is None or op.inputs[0] is not found[0]:
        return False
    maker = links.maker(found[0], *WEIGHTED)
    if maker is None or maker.activation != "NONE" or not _per_channel(found[1], maker):
        return False
    if op.output.shape != maker.output.shape:
        return False
    if maker.kind == "TRANSPOSE_CONV" and op.kind != "ADD" and _bias(maker) is None:
        return False
    if maker.kind == "FULLY_CONNECTED" and _taken_up(links, op):
        return False
    _merge_bias(maker, found[1])
    maker.activation = op.activation
    links.absorb(op, maker)
    return True


def _taken_up(links: Links, op: Op) -> bool:
    """Whether a term goes into the bias of the dense layer after it, which ends in no activation."""
    after = links.only_reader(op.output, "FULLY_CONNECTED")
    if after is None or after.inputs[0] is not op.output or after.activation != "NONE":
        return False
    if _bias(after) is None:
        after = links.only_reader(after.output, "ADD")
    last = links.only_reader(after.output) if after is not None else None
    return after is not None and (last is None or last.kind not in (*FUSED, "FULLY_CONNECTED"))


def _bias(op: Op) -> Edge | None:
    place = BIAS[op.kind]
    return op.inputs[place] if len(op.inputs) > place else None


def _merge_bias(op: Op, added: Edge) -> None:
    place = BIAS[op.kind]
    op.inputs += [None] * (place + 1 - len(op.inputs))
    before, shape = op.inputs[place], (_channels(op),)
    first = before is None or before.numbers == (0.0,)
    merged = Edge(shape, added.dtype, True, label=f"{op.output.label}/bias")
    op.inputs[place] = added if first and added.shape == shape else merged


def fold_factor(links: Links, op: Op) -> bool:
    """A constant factor after a weighted operator goes into its weights and bias."""
    found = _operands(op)
    if found is None:
        return False
    maker = links.maker(found[0], *WEIGHTED)
    if maker is None or maker.activation != "NONE" or not _per_channel(found[1], maker):
        return False
    if op.output.shape != maker.output.shape:
        return False
    _renew_weights(maker)
    maker.activation = op.activation
    links.absorb(op, maker)
    return True


def _renew_weights(op: Op) -> None:
    weights = op.inputs[1]
    assert weights is not None
    op.inputs[1] = Edge(weights.shape, weights.dtype, True, label=weights.label)
    bias = _bias(op)
    if bias is not None and (bias.numbers is None or any(bias.numbers)):
        op.inputs[BIAS[op.kind]] = Edge(bias.shape, bias.dtype, True, label=bias.label)


def fold_before(links: Links, op: Op) -> bool:
    """A constant factor or term before a dense layer goes into its weights."""
    maker = links.maker(op.inputs[0], "MUL", "ADD")
    if maker is None or maker.activation != "NONE":
        return False
    found = _operands(maker)
    weights = op.inputs[1]
    if found is None or weights is None or not weights.constant:
        return False
    flowing, constant = found
    width = weights.shape[-1]
    if flowing.shape != maker.output.shape or constant.elements not in (1, width):
        return False
    if constant.elements == width and constant.shape[-1] != width:
        return False
    if maker.kind == "ADD":
        _merge_bias(op, constant)
    else:
        op.inputs[1] = Edge(weights.shape, weights.dtype, True, label=weights.label)
    links.bypass(maker, flowing)
    links.resolve(op)
    return True


def drop_flattening(links: Links, op: Op) -> bool:
    """A dense layer flattens what differs from its rows by units alone."""
    maker = links.maker(op.inputs[0], "RESHAPE", alone=False)
    weights = op.inputs[1]
    if maker is None or maker.inputs[0] is None or weights is None or op.options.get("keep_num_dims"):
        return False
    given = maker.inputs[0]
    if given.shape[-1:] != weights.shape[-1:] or len(given.shape) < 2:
        return False
    links.reread(op, 0, given)
    return True


def fold_number_before(links: Links, op: Op) -> bool:
    """One number for all elements before a convolution goes into its weights and bias.

    A term does so only where nothing is padded: the zeros around the input would get it too.
    """
    maker = links.maker(op.inputs[0], *BINARY)
    found = _operands(maker) if maker is not None and maker.activation == "NONE" else None
    if maker is None or found is None or found[1].elements != 1 or maker.inputs[0] is not found[0]:
        return False
    if maker.kind in ("ADD", "SUB") and op.options.get("padding") != "VALID":
        return False
    if maker.kind in ("ADD", "SUB"):
        _merge_bias(op, Edge((_channels(op),), found[1].dtype, True, label=found[1].label))
    else:
        _renew_weights(op)
    links.bypass(maker, found[0])
    links.resolve(op)
    return True


def fuse_activation(links: Links, op: Op) -> bool:
    """A rectifier runs inside the operator before it."""
    maker = links.maker(op.inputs[0], *WEIGHTED, *BINARY)
    if maker is None or maker.activation != "NONE" or maker.output.dtype.is_integer:
        return False
    maker.activation = op.kind
    links.absorb(op, maker)
    return True


def merge_padding(links: Links, op: Op) -> bool:
    """Zeros around the input of a VALID convolution are its own, where SAME would add just these."""
    if op.options.get("padding") != "VALID":
        return False
    maker = links.maker(op.inputs[0], "PAD", alone=False)
    if maker is None:
        return False
    given, amounts, weights = maker.inputs[0], maker.inputs[1], op.inputs[1]
    if given is None or amounts is None or weights is None or amounts.numbers is None:
        return False
    pads = [int(number) for number in amounts.numbers]
    if len(pads) != 8 or any(pads[:2] + pads[6:]):
        return False
    for place, letter in ((1, "h"), (2, "w")):
        stride, dilation = op.options[f"stride_{letter}"], op.options.get(f"dilation_{letter}_factor", 1)
        size, out = given.shape[place], op.output.shape[place]
        total = max((out - 1) * stride + (weights.shape[place] - 1) * dilation + 1 - size, 0)
        if out != -(-size // stride) or pads[2 * place : 2 * place + 2] != [total // 2, total - total // 2]:
            return False
    op.options["padding"] = "SAME"
    links.reread(op, 0, given)
    return True


def drop_same_shape(links: Links, op: Op) -> bool:
    """A reshape to the shape that is there already does nothing."""
    given = op.inputs[0]
    if given is None or given.shape != op.output.shape:
        return False
    links.bypass(op, given)
    return True


def merge_reshapes(links: Links, op: Op) -> bool:
    """Of two reshapes in a row the second suffices."""
    maker = links.maker(op.inputs[0], "RESHAPE", alone=False)
    if maker is None or maker.inputs[0] is None:
        return False
    links.reread(op, 0, maker.inputs[0])
    return True


def keep_dims(links: Links, op: Op) -> bool:
    """A reshape that gives a reduction its dims back is a setting of the reduction."""
    maker = links.maker(op.inputs[0], "MEAN", "SUM", "REDUCE_MAX")
    if maker is None or maker.options.get("keep_dims") or maker.inputs[0] is None or maker.inputs[1] is None:
        return False
    axes = maker.inputs[1].numbers or ()
    given = maker.inputs[0].shape
    places = {int(axis) % len(given) for axis in axes}
    if op.output.shape != tuple(1 if place in places else dim for place, dim in enumerate(given)):
        return False
    maker.options["keep_dims"] = True
    maker.output.shape = op.output.shape
    links.absorb(op, maker)
    return True


def through_reshape(links: Links, op: Op) -> bool:
    """What works element by element or per channel moves before a reshape that only drops or adds units."""
    reshape = links.maker(op.inputs[0], "RESHAPE")
    if reshape is None or reshape.inputs[0] is None:
        return False
    before = reshape.inputs[0]
    weighted = links.maker(before, *WEIGHTED)
    if weighted is None or weighted.activation != "NONE" or before.shape[-1:] != reshape.output.shape[-1:]:
        return False
    if op.kind in BINARY:
        found = _operands(op)
        if found is None or op.inputs[0] is not found[0] or not _per_channel(found[1], weighted):
            return False
        if op.output.shape != reshape.output.shape:
            return False
    moved = Edge(before.shape, before.dtype, label=op.output.label)
    new = Op(op.kind, [before, *op.inputs[1:]], [moved], op.options, op.activation, op.name)
    ops, here, there = links.draft.ops, links.place[op], links.place[reshape]
    ops[here], ops[there] = reshape, new
    links.place[reshape], links.place[new] = here, there
    old_output = op.output
    reshape.inputs[0] = moved
    links.producer[moved] = new
    links.reads[moved] = 1
    # The reshape's own output now stands for what the operator made.
    links.alias[old_output] = reshape.output
    links.reads[reshape.output] = links.reads.pop(old_output, 0)
    return True


def drop_before_broadcast(links: Links, op: Op) -> bool:
    """A reshape that only adds leading units is no use to an operand that is broadcast anyway."""
    for place in (0, 1):
        edge = op.inputs[place]
        maker = links.maker(edge, "RESHAPE", alone=False)
        if maker is None or edge is None or maker.inputs[0] is None:
            continue
        given, other = maker.inputs[0], op.inputs[1 - place]
        stripped = _stripped(edge.shape)
        if other is None or _stripped(given.shape) != stripped or len(given.shape) >= len(edge.shape):
            continue
        if len(other.shape) >= len(edge.shape) and len(given.shape) <= len(other.shape):
            links.reread(op, place, given)
            return True
    return False


def _stripped(shape: tuple[int, ...]) -> tuple[int, ...]:
    places = [place for place, dim in enumerate(shape) if dim != 1]
    return shape[places[0] :] if places else ()


def plain_transpose(links: Links, op: Op) -> bool:
    """A transpose that moves only units is a reshape."""
    perm, given = op.inputs[1], op.inputs[0]
    if perm is None or perm.numbers is None or given is None:
        return False
    moved = [int(axis) for axis in perm.numbers if given.shape[int(axis)] != 1]
    if moved != sorted(moved):
        return False
    op.kind, op.options = "RESHAPE", {}
    op.inputs[1] = links.draft.known(op.output.shape)
    return True


def hard_swish(links: Links, op: Op) -> bool:
    """X · relu6(x + 3) / 6 is one operator."""
    for place in (0, 1):
        scaled = links.maker(op.inputs[place], "MUL")
        other = op.inputs[1 - place]
        if scaled is None or scaled is op or other is None:
            continue
        found = _operands(scaled)
        if found is None or found[1].numbers is None or abs(found[1].numbers[0] - 1 / 6) > 1e-6:
            continue
        six = links.maker(found[0], "RELU6", "ADD")
        shifted = links.maker(six.inputs[0], "ADD") if six and six.kind == "RELU6" else six
        if shifted is None or shifted.inputs[0] is not other:
            continue
        op.kind, op.inputs, op.options = "HARD_SWISH", [other], {}
        return True
    return False


RULES = {
    "ADD": (through_reshape, fold_bias, drop_before_broadcast),
    "SUB": (fold_bias, drop_before_broadcast),
    "MUL": (hard_swish, through_reshape, fold_factor, drop_before_broadcast),
    "DIV": (drop_before_broadcast,),
    "RELU": (through_reshape, fuse_activation),
    "RELU6": (through_reshape, fuse_activation),
    "RELU_N1_TO_1": (through_reshape, fuse_activation),
    "CONV_2D": (merge_padding, fold_number_before),
    "DEPTHWISE_CONV_2D": (merge_padding, fold_number_before),
    "FULLY_CONNECTED": (fold_before, drop_flattening),
    "RESHAPE": (drop_same_shape, merge_reshapes, keep_dims),
    "TRANSPOSE": (plain_transpose,),
}
"""Operator to the patterns that end in it, tried in order."""
