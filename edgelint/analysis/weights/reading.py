"""The stored constants of a model and what their numbers are, read when asked and as far as allowed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from itertools import chain

from edgelint.analysis.weights.ahead import MOST_CONSTANTS, Counter, waiting
from edgelint.analysis.weights.places import Role, Use, uses
from edgelint.analysis.weights.statistics import (
    BLOCK_BYTES,
    Backend,
    Statistics,
    fitting_backend,
    is_countable,
    measure,
)
from edgelint.bounds import unhurried
from edgelint.errors import EdgelintError
from edgelint.ir.files import size
from edgelint.ir.model import Model
from edgelint.ir.tensor import ExternalFile, Inline, Storage, Tensor
from edgelint.printable import printable
from edgelint.quantity import show_bytes

READ_BYTES = 16 * 2**20
"""Bytes of weights up to which they are read unasked."""

SECONDS, SECONDS_PER_GIB = 1.0, 120.0
"""Processor time that is not counted where they are read because the user has asked for it, and how much more
for as many bytes: a hundred times what NumPy takes, ten times what packed ones take. A hostile file takes
any time: each chunk of a few bytes can be packed into as many as the file has."""

MOST_OVERLAP = 16
"""How often over a file's bytes may be declared as weights: more is no packing, but ranges that overlap."""


class _Unasked(Enum):
    """Stands for statistics that nobody has asked for."""

    YET = 0


class Weights:
    """The constants of one model.

    wanted: whether their numbers may be read; None where that depends on how many bytes they are.
    """

    def __init__(self, model: Model, wanted: bool | None = None) -> None:
        """The constants of `model`."""
        self.model = model
        self._wanted = wanted
        self._known: dict[object, Statistics | None] = {}
        self._failed: dict[Storage, str] = {}
        self._ahead: Counter | None = None

    def begin(self) -> None:
        """Has them counted from now on, where another process is there to do so."""
        counter = waiting()
        if counter is None or self.refusal or len(self.counted) > MOST_CONSTANTS:
            return
        counter.ask([(tensor, use.split) for use, tensor in self._tensors()])
        self._ahead = counter

    @cached_property
    def _patience(self) -> unhurried:
        """Time to read and count them all; none where nobody has asked for it."""
        if not self._wanted:
            return unhurried(asked=False)
        return unhurried(asked=True, seconds=SECONDS + SECONDS_PER_GIB * self.nbytes / 2**30)

    @cached_property
    def every(self) -> tuple[Use, ...]:
        """Each constant with its most telling use, in the file's order."""
        return uses(self.model)

    @cached_property
    def counted(self) -> tuple[Use, ...]:
        """Those whose numbers rules judge: floats, and kernels of any type."""
        return tuple(
            use
            for use in self.every
            if use.value.tensor is not None
            and is_countable(use.value.tensor)
            and (use.value.tensor.dtype.is_float or use.role is Role.KERNEL)
        )

    @cached_property
    def _places(self) -> dict[Role, list[int]]:
        """Role to the places in `counted` of the constants that have it."""
        found: dict[Role, list[int]] = {}
        for place, use in enumerate(self.counted):
            found.setdefault(use.role, []).append(place)
        return found

    @cached_property
    def _by_place(self) -> list[Statistics | _Unasked | None]:
        """The statistics of each of `counted`."""
        return [_Unasked.YET] * len(self.counted)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of `counted`, those that share their place once."""
        return sum({_key(use)[:-1]: tensor.nbytes for use, tensor in self._tensors()}.values())

    @cached_property
    def refusal(self) -> str:
        """Why the numbers are not read, a sentence for the report; "" where they are."""
        if self._wanted is False:
            return "weights are not judged: --no-weights"
        # Those that share their place are fewer bytes still, and take longer to find.
        if sum(tensor.nbytes for _, tensor in self._tensors()) <= READ_BYTES:
            return ""
        if self._wanted is None and self.nbytes > READ_BYTES:
            return (
                f"weights are not judged: {show_bytes(self.nbytes)} are more than the "
                f"{show_bytes(READ_BYTES)} that are read unasked (--weights reads them)"
            )
        stored = self.model.file_bytes + self._external_bytes()
        if self.nbytes > max(READ_BYTES, MOST_OVERLAP * stored):
            return (
                f"weights are not judged: {show_bytes(self.nbytes)} of them are declared in "
                f"{show_bytes(stored)} of files"
            )
        return ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the report should say about weights that were not read, or could not be."""
        if self.refusal:
            return (self.refusal,)
        if not self._failed:
            return ()
        count, reason = len(self._failed), next(iter(self._failed.values()))
        return (f"{count:,} constant{'s are' if count > 1 else ' is'} not judged: {printable(reason)}",)

    def statistics(self, use: Use) -> Statistics | None:
        """What the constant's numbers are; None where they are not read, or are none."""
        tensor = use.value.tensor
        if tensor is None or self.refusal or (self._failed and tensor.storage in self._failed):
            return None
        key = _key(use)
        # Most of the time goes into hashing the key: one that is known is looked up once.
        try:
            return self._known[key]
        except KeyError:
            return self._measured(key, use, tensor)

    def _measured(self, key: object, use: Use, tensor: Tensor) -> Statistics | None:
        with self._patience:
            if self._ahead is not None:
                counter, self._ahead = self._ahead, None
                answers = counter.answers()
                self._known = {_key(self.counted[place]): found for place, found in answers.items()}
                if key in self._known:
                    return self._known[key]
            try:
                found = measure(tensor, use.split, self._backend(tensor))
            except EdgelintError as error:
                self._failed[tensor.storage] = error.problem
                return None
        self._known[key] = found
        return found

    def judged(self, *roles: Role) -> Iterator[tuple[Use, Statistics]]:
        """The constants in one of `roles`, or in any, whose numbers are known, with their statistics."""
        known = self._by_place
        of_roles = sorted(chain.from_iterable(self._places.get(role, ()) for role in roles))
        for place in of_roles if roles else range(len(known)):
            use, statistics = self.counted[place], known[place]
            if statistics is _Unasked.YET:
                statistics = known[place] = self.statistics(use)
            if statistics is not None:
                yield use, statistics

    def copies(self, smallest: int) -> list[list[Use]]:
        """Groups of constants of `smallest` bytes or more with the same content in different places.

        Constants of one single number are not among them.
        """
        alike: dict[object, dict[object, Use]] = {}
        for use, found in self.judged():
            tensor = use.value.tensor
            if tensor is not None and tensor.nbytes >= smallest and not found.is_constant:
                place = id(tensor) if isinstance(tensor.storage, Inline) else tensor.storage
                alike.setdefault((tensor.dtype, tensor.shape, found), {}).setdefault(place, use)
        groups: dict[object, list[Use]] = {}
        for key, places in alike.items():
            for use in places.values() if len(places) > 1 else ():
                digest = self._digest(use.value.tensor)
                if digest is not None:
                    groups.setdefault((key, digest), []).append(use)
        return [group for group in groups.values() if len(group) > 1]

    def _digest(self, tensor: Tensor | None) -> bytes | None:
        if tensor is None or tensor.storage in self._failed:
            return None
        import hashlib

        found = hashlib.blake2b(digest_size=16)
        starts = range(0, tensor.nbytes, BLOCK_BYTES)
        try:
            with self._patience:
                for piece in tensor.pieces(min(BLOCK_BYTES, tensor.nbytes - start) for start in starts):
                    found.update(piece)
        except EdgelintError as error:
            self._failed[tensor.storage] = error.problem
            return None
        return found.digest()

    def _backend(self, tensor: Tensor) -> Backend:
        """What counts `tensor`: plain Python where it is done with all of them before NumPy is loaded."""
        return self._plain or fitting_backend([tensor])

    @cached_property
    def _plain(self) -> Backend | None:
        """Plain Python, where importing NumPy for all of the constants would take longer; else None."""
        fitting = fitting_backend(tensor for _, tensor in self._tensors())
        return fitting if "numpy" not in sys.modules else None

    def _tensors(self) -> Iterator[tuple[Use, Tensor]]:
        return ((use, use.value.tensor) for use in self.counted if use.value.tensor is not None)

    def _external_bytes(self) -> int:
        storages = (tensor.storage for _, tensor in self._tensors())
        files = {
            storage.path for storage in storages if isinstance(storage, ExternalFile) and not storage.escapes
        }
        return sum(map(size, files))


def _key(use: Use) -> tuple[object, ...]:
    tensor = use.value.tensor
    if tensor is None:
        return ()
    storage = tensor.storage
    # The hash of bytes is kept with them, that of their storage is not.
    place = storage.data if isinstance(storage, Inline) else storage
    return (place, tensor.dtype, tensor.shape, use.split)
