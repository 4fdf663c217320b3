"""Groups: members by name or path, attributes, and the way through all that lies below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.loaders.hdf5.attributes import Attribute, Value, attributes, value
from edgelint.loaders.hdf5.dataset import Dataset
from edgelint.loaders.hdf5.errors import Damaged, HDF5Error, LeadsElsewhere
from edgelint.loaders.hdf5.links import Link, read_links
from edgelint.loaders.hdf5.objects import Message

if TYPE_CHECKING:
    from edgelint.loaders.hdf5.file import File

MOST_OBJECTS = 200_000
DEEPEST = 64
"""Groups within groups."""

MOST_SOFT_LINKS = 16
"""Links by path on the way to one object; the HDF5 library's own limit."""


class Group:
    """A group of a file; its members and attributes are read when first asked for."""

    def __init__(self, file: File, header: list[Message]) -> None:
        """The group of `file` with these header messages."""
        self._file = file
        self._header = header
        self._links: dict[str, Link] | None = None
        self._attributes: dict[str, Attribute] | None = None

    @property
    def links(self) -> dict[str, Link]:
        """The members by name: in the order of creation where it was kept, else as they are listed."""
        if self._links is None:
            self._links = read_links(self._file.source, self._header)
        return self._links

    def attribute(self, name: str) -> Value | None:
        """The attribute called `name`; None when there is none."""
        if self._attributes is None:
            self._attributes = attributes(self._file.source, self._header)
        found = self._attributes.get(name)
        return None if found is None else value(self._file.source, self._file.heaps, found)

    def get(self, path: str) -> Group | Dataset | None:
        """The object at `path`, counted from here; None when there is none, or of neither kind.

        Raises LeadsElsewhere for a link to another file.
        """
        return self._followed(_names(path))

    def datasets(self, path: str = "") -> Iterator[tuple[str, Dataset]]:
        """All datasets below, each group's own before those of the groups in it, with their paths.

        path: that of this group. Raises Damaged where groups never end or a link leads nowhere, and what
        `get` raises; all of them with the path they are about.
        """
        pending: list[tuple[Group, str, int]] = [(self, path, 0)]
        seen = 0
        while pending:
            group, path, depth = pending.pop()
            below: list[tuple[Group, str, int]] = []
            inner = path
            try:
                for name in group.links:
                    seen += 1
                    inner = f"{path}/{name}" if path else name
                    # Paths of objects that share their groups could be many times as long as the file.
                    self._file.source.spend(len(inner))
                    if seen > MOST_OBJECTS or depth > DEEPEST:
                        raise Damaged("its groups never end")
                    child = group._member(name)
                    if isinstance(child, Group):
                        below.append((child, inner, depth + 1))
                    elif child is not None:
                        yield inner, child
            except HDF5Error as error:
                error.path = error.path or inner
                raise
            pending.extend(reversed(below))

    def _member(self, name: str) -> Group | Dataset | None:
        found = self._followed([name])
        if found is None and self.links[name].address is None:
            raise Damaged("a link leads nowhere")
        return found

    def _followed(self, names: list[str]) -> Group | Dataset | None:
        found: Group | Dataset | None = self
        pending = names[::-1]
        soft = 0
        while pending:
            if not isinstance(found, Group):
                return None
            link = found.links.get(pending.pop())
            if link is None:
                return None
            if link.outside:
                raise LeadsElsewhere("a link to another file")
            if link.address is not None:
                found = self._file.object(link.address)
                continue
            soft += 1
            if soft > MOST_SOFT_LINKS:
                raise Damaged("its links lead in circles")
            found = self._file.root if link.path.startswith("/") else found
            pending.extend(reversed(_names(link.path)))
        return found


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]
