"""The order in which a functional model's calls can be drawn: each after what it reads."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from edgelint.loaders.keras.config import ModelSpec
from edgelint.printable import printable

CallKey = tuple[str, int]
"""A layer's name and the number by which others know its call."""


class Schedule:
    """A functional model's calls, in the file's order as far as dependencies allow."""

    def __init__(self, model: ModelSpec, offsets: Mapping[str, int], made: Mapping[CallKey, object]) -> None:
        """All calls of `model`; `made` (read again later) holds those that need no drawing."""
        self._model, self._made = model, made
        self._order = {layer.name: place for place, layer in enumerate(model.layers)}
        self._waiting: dict[CallKey, int] = {}
        self._readers: dict[CallKey, list[CallKey]] = {}
        self._ready: list[tuple[int, int, str]] = []
        for layer in model.layers:
            for number, call in enumerate(layer.calls):
                key = (layer.name, number + offsets.get(layer.name, 0))
                sources = {(ref.layer, ref.node) for ref in call.references()} - made.keys()
                self._waiting[key] = len(sources)
                for source in sources:
                    self._readers.setdefault(source, []).append(key)
                if not sources:
                    self._push(key)

    def next(self) -> CallKey | None:
        """A call whose inputs are all there; None when none is left."""
        if not self._ready:
            return None
        _, node, name = heapq.heappop(self._ready)
        return name, node

    def done(self, key: CallKey) -> None:
        """Releases the calls that waited for `key` alone."""
        for reader in self._readers.get(key, ()):
            self._waiting[reader] -= 1
            if not self._waiting[reader]:
                self._push(reader)

    def stuck(self) -> tuple[str, str] | None:
        """Why a call could not be drawn, and its layer's name; None when all were."""
        left = [key for key in self._waiting if key not in self._made]
        if not left:
            return None
        for layer in self._model.layers:
            for ref in (ref for call in layer.calls for ref in call.references()):
                source = (ref.layer, ref.node)
                if ref.layer not in self._order:
                    return f"reads a layer that is not there: {printable(ref.layer)}", layer.name
                if source not in self._made and source not in self._waiting:
                    return f"reads call {ref.node} of {printable(ref.layer)}, which is not there", layer.name
        return "waits for its own output", left[0][0]

    def _push(self, key: CallKey) -> None:
        heapq.heappush(self._ready, (self._order[key[0]], key[1], key[0]))
