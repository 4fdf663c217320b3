"""Which stored dataset is which layer's weight, and whether its shape is what the layer needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import Tensor
from edgelint.loaders.keras.hdf5 import Hdf5, HDF5Dataset, StoredWeight, Unstored
from edgelint.loaders.keras.layers import Weight
from edgelint.loaders.keras.owners import Owner
from edgelint.printable import printable

OPTIMIZER = ("optimizer", "optimizer_weights")
_NOT_WEIGHTS = ("seed_generator", "random_generator", "optimizer")


@dataclass(frozen=True, slots=True)
class Found:
    """A layer's weight as it will stand in the graph; `tensor` None while its shape is unknown."""

    name: str
    tensor: Tensor | None


Assignment = dict[Owner, list[Found]]


def unassigned(path: Path, owner: Owner) -> Assignment:
    """All weights by their configured shapes, for a file that stores none."""
    return {leaf: [_unstored(path, leaf, weight) for weight in leaf.weights] for leaf in leaves(owner)}


def assign_v3(file: Hdf5, owner: Owner) -> Assignment:
    """Weights of a v3 file, by the path Keras gives each layer.

    Raises EdgelintError where a stored shape is not what the configuration makes it.
    """
    below: dict[str, list[StoredWeight]] = {}
    for stored in file.datasets():
        parts = stored.path.split("/")
        for depth in range(len(parts)):
            below.setdefault("/".join(parts[:depth]), []).append(stored)
    found: Assignment = {}
    for leaf, base in _groups(owner, "", below):
        kept = [w for w in below.get(base, []) if not _is_state(w.path[len(base) :])] if base else []
        found[leaf] = _match_v3(file.path, leaf, base, kept)
    return found


def assign_legacy(file: Hdf5, owner: Owner, group: str) -> Assignment:
    """Weights of an HDF5 file, by the order of each top-level layer's `weight_names`.

    Raises EdgelintError where a stored shape is not what the configuration makes it.
    """
    root = file.group(group) if group else file.root
    listed = file.words(root, "layer_names") if root is not None else None
    children = [child for child in owner.children or [owner] if child.kind != "InputLayer"]
    inputs = {child.name for child in owner.children if child.kind == "InputLayer"}
    groups = [name for name in listed or [] if name not in inputs]
    found: Assignment = {}
    for place, child in enumerate(children):
        name = child.name
        layer = file.child(root, name) if root is not None else None
        if layer is None and root is not None and len(groups) == len(children):
            # A custom layer's configuration may lack its name; the order is that of the layers.
            name = groups[place]
            layer = file.child(root, name)
        kept: list[StoredWeight] = []
        if layer is not None:
            base = f"{group}/{name}" if group else name
            for weight in file.words(layer, "weight_names") or []:
                stored = file.header(layer, weight, f"{base}/{weight}")
                if stored is None:
                    raise EdgelintError(
                        file.path, "lacks a weight that it lists", where=f"{base}/{printable(weight)}"
                    )
                kept.append(stored)
        found.update(_match_legacy(file.path, child, kept))
    return found


def leaves(owner: Owner) -> Iterator[Owner]:
    """The layers below `owner` that are no models, in file order, each once."""
    seen: set[int] = set()
    pending = [owner]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if current.children:
            pending.extend(reversed(current.children))
        else:
            yield current


def _groups(owner: Owner, base: str, below: dict[str, list[StoredWeight]]) -> Iterator[tuple[Owner, str]]:
    """Each leaf with its group in the file; "" where the file has none."""
    pending = [(owner, base)]
    seen: set[int] = set()
    while pending:
        current, place = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if not current.children:
            yield current, place
        for child in reversed(current.children):
            paths = [f"{place}/{slot}" if place else slot for slot in child.slots]
            # Before Keras 3 a nested model may keep its layers one level up or down.
            pending.append((child, next((path for path in paths if path in below), paths[0])))


def _match_v3(path: Path, leaf: Owner, base: str, kept: list[StoredWeight]) -> list[Found]:
    copies = {f"{base}/{copy}" for copy in leaf.copies}
    kept = [stored for stored in kept if stored.path not in copies]
    by_path = {stored.path: stored for stored in kept}
    if not kept or not leaf.met:
        return [_unstored(path, leaf, weight) for weight in leaf.weights]
    # Sublayers lie under the attribute that holds them, which some layers make private.
    wanted = [
        by_path.get(f"{base}/{weight.path}") or by_path.get(f"{base}/_{weight.path}")
        for weight in leaf.weights
    ]
    complete = [stored for stored in wanted if stored is not None]
    if leaf.open or len(complete) != len(wanted) or len(kept) != len(wanted):
        return _as_stored(path, True, leaf, kept, base)
    return [
        _stored(path, True, leaf, weight, stored)
        for weight, stored in zip(leaf.weights, complete, strict=True)
    ]


def _match_legacy(path: Path, child: Owner, kept: list[StoredWeight]) -> Assignment:
    below = list(leaves(child))
    if len(below) == 1 and not child.children:
        leaf = below[0]
        if not kept:
            return {leaf: [_unstored(path, leaf, weight) for weight in leaf.weights]}
        if leaf.open or len(kept) != len(leaf.weights):
            return {leaf: _as_stored(path, False, leaf, kept, "")}
        if any(not _agrees(w, s) for w, s in zip(leaf.weights, kept, strict=True)) and _same_sizes(
            leaf, kept
        ):
            return {leaf: _as_stored(path, False, leaf, kept, "")}
        pairs = zip(leaf.weights, kept, strict=True)
        return {leaf: [_stored(path, False, leaf, weight, stored) for weight, stored in pairs]}
    return _match_nested(path, below, kept)


def _match_nested(path: Path, below: list[Owner], kept: list[StoredWeight]) -> Assignment:
    """A nested model's weights lie in one list, ordered by one of several customs."""
    if not kept:
        return {leaf: [_unstored(path, leaf, weight) for weight in leaf.weights] for leaf in below}
    for order in _ORDERS:
        slots = order(below)
        if len(slots) == len(kept) and all(
            _agrees(weight, stored) for (_, weight), stored in zip(slots, kept, strict=True)
        ):
            by_slot = {id(weight): stored for (_, weight), stored in zip(slots, kept, strict=True)}
            return {
                leaf: [_stored(path, False, leaf, weight, by_slot[id(weight)]) for weight in leaf.weights]
                for leaf in below
            }
    return _match_by_name(path, below, kept)


def _match_by_name(path: Path, below: list[Owner], kept: list[StoredWeight]) -> Assignment:
    """Weights whose names hold their layer's; what remains goes to layers of unknown weights."""
    left = {stored.path: stored for stored in kept}
    found: Assignment = {}
    by_layer: dict[str, list[StoredWeight]] = {}
    for stored in kept:
        for part in set(stored.path.split("/")[2:-1]):
            by_layer.setdefault(part, []).append(stored)
    for leaf in below:
        mine = [stored for stored in by_layer.get(leaf.name, []) if stored.path in left]
        for stored in mine:
            del left[stored.path]
        if not mine:
            found[leaf] = [_unstored(path, leaf, weight) for weight in leaf.weights]
        elif leaf.open or len(mine) != len(leaf.weights):
            found[leaf] = _as_stored(path, False, leaf, mine, "")
        else:
            ordered = _by_word(leaf, mine)
            pairs = zip(leaf.weights, ordered, strict=True)
            found[leaf] = [_stored(path, False, leaf, weight, stored) for weight, stored in pairs]
    unknown = [leaf for leaf in below if leaf.open and not found[leaf]]
    if unknown and left:
        found[unknown[0]] = _as_stored(path, False, unknown[0], list(left.values()), "")
    return found


def _by_word(leaf: Owner, kept: list[StoredWeight]) -> list[StoredWeight]:
    """`kept` in the order of the layer's weights, by the words both end in."""
    words = {stored.path.rsplit("/", 1)[-1].split(":")[0]: stored for stored in kept}
    if all(weight.name in words for weight in leaf.weights):
        return [words[weight.name] for weight in leaf.weights]
    return kept


Slot = tuple[Owner, Weight]


def _trainable_first(below: list[Owner]) -> list[Slot]:
    """Keras 2.1 and later: what is trained, of all layers; then what is not."""
    trained = [(leaf, w) for leaf in below if leaf.trainable for w in leaf.weights if w.trainable]
    fixed = [(leaf, w) for leaf in below for w in leaf.weights if not (leaf.trainable and w.trainable)]
    return trained + fixed


def _trainable_first_thawed(below: list[Owner]) -> list[Slot]:
    """The same when layers were frozen after, or by, the model around them."""
    trained = [(leaf, w) for leaf in below for w in leaf.weights if w.trainable]
    return trained + [(leaf, w) for leaf in below for w in leaf.weights if not w.trainable]


def _layer_by_layer(below: list[Owner]) -> list[Slot]:
    return [(leaf, weight) for leaf in below for weight in leaf.weights]


_ORDERS: tuple[Callable[[list[Owner]], list[Slot]], ...] = (
    _trainable_first,
    _layer_by_layer,
    _trainable_first_thawed,
)


def _agrees(weight: Weight, stored: StoredWeight) -> bool:
    if len(weight.shape) != len(stored.shape):
        return False
    return all(
        not isinstance(want, int) or want == have
        for want, have in zip(weight.shape, stored.shape, strict=True)
    )


def _same_sizes(leaf: Owner, kept: list[StoredWeight]) -> bool:
    """Keras 1 kept the same numbers in other orders of dims."""
    for weight, stored in zip(leaf.weights, kept, strict=True):
        known = sorted(dim for dim in weight.shape if isinstance(dim, int) and dim != 1)
        have = sorted(dim for dim in stored.shape if dim != 1)
        if known != have:
            return False
    return True


def _stored(path: Path, member: bool, leaf: Owner, weight: Weight, stored: StoredWeight) -> Found:
    if not _agrees(weight, stored):
        wanted = "(" + ", ".join(str(dim) if isinstance(dim, int) else "?" for dim in weight.shape) + ")"
        raise EdgelintError(
            path,
            f"stores the {weight.name} of layer {printable(leaf.name)} with shape {stored.shape}, "
            f"where its configuration makes it {wanted}",
            where=printable(stored.path),
        )
    return Found(f"{leaf.label}/{weight.name}", _tensor(path, member, leaf, stored))


def _as_stored(path: Path, member: bool, leaf: Owner, kept: list[StoredWeight], base: str) -> list[Found]:
    """Weights as the file has them, for layers whose configuration does not tell."""
    found = []
    for stored in kept:
        name = stored.path[len(base) + 1 :] if base else stored.path.rsplit("/", 1)[-1].split(":")[0]
        found.append(Found(f"{leaf.label}/{name}", _tensor(path, member, leaf, stored)))
    return found


def _tensor(path: Path, member: bool, leaf: Owner, stored: StoredWeight) -> Tensor:
    dtype = stored.dtype
    nbytes = stored.nbytes
    if dtype is None:
        dtype = leaf.variable
        nbytes = dtype.nbytes(math.prod(stored.shape))
    place = stored.place if nbytes == stored.nbytes else None
    return Tensor(dtype, stored.shape, nbytes, HDF5Dataset(path, member, stored.dataset, nbytes, place))


def _unstored(path: Path, leaf: Owner, weight: Weight) -> Found:
    name = f"{leaf.label}/{weight.name}"
    shape = tuple(dim for dim in weight.shape if isinstance(dim, int))
    if len(shape) != len(weight.shape):
        return Found(name, None)
    dtype = weight.dtype or leaf.variable
    return Found(name, Tensor(dtype, shape, dtype.nbytes(math.prod(shape)), Unstored(path, name)))


def _is_state(path: str) -> bool:
    return any(part.startswith(_NOT_WEIGHTS) for part in path.split("/"))


def everything(file: Hdf5, owner: Owner, group: str, member: bool) -> Assignment:
    """All weights below a group but the optimizer's, for a model whose inside is unknown."""
    kept = [stored for stored in file.datasets(group) if not _is_state(stored.path)]
    return {owner: [Found(stored.path, _tensor(file.path, member, owner, stored)) for stored in kept]}
