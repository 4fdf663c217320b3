"""Boxes and bends in rows: what is ordered and placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from edgelint.deferred import dataclass

LONGEST = 40
"""Rows an edge may cross within the grid; a longer one leaves it for a lane."""

BEND_WIDTH = 2.0
"""Pixels that an edge takes on its way through a row."""


@dataclass
class Grid:
    """Vertices in rows. The first `boxes` of them are boxes, the rest bends of edges that cross rows.

    above, below: neighbours in the rows next to a vertex's own. rows: vertices from left to right.
    bends: edge to its bends, from top to bottom. long: box to those of its edges that leave the grid.
    """

    boxes: int
    widths: list[float]
    ranks: list[int]
    above: list[list[int]]
    below: list[list[int]]
    rows: list[list[int]] = field(default_factory=list)
    bends: dict[int, list[int]] = field(default_factory=dict)
    long: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        widths: Sequence[float],
        ranks: Sequence[int],
        edges: Sequence[tuple[int, int]],
        forward: Sequence[bool],
    ) -> Grid:
        """The grid of boxes with these widths and rows; its rows are in the order of a depth-first walk."""
        count = len(widths)
        grid = cls(count, list(widths), list(ranks), [[] for _ in widths], [[] for _ in widths])
        for number, (source, reader) in enumerate(edges):
            if not forward[number]:
                continue
            if ranks[reader] - ranks[source] > LONGEST:
                grid.long.setdefault(source, []).append(number)
            else:
                grid.bends[number] = grid._thread(source, reader)
        grid._fill_rows()
        return grid

    def _thread(self, source: int, reader: int) -> list[int]:
        """The bends of an edge, one in each row between its boxes."""
        last, bends = source, []
        for row in range(self.ranks[source] + 1, self.ranks[reader]):
            bend = len(self.widths)
            self.widths.append(BEND_WIDTH)
            self.ranks.append(row)
            self.above.append([last])
            self.below.append([])
            self.below[last].append(bend)
            bends.append(bend)
            last = bend
        self.below[last].append(reader)
        self.above[reader].append(last)
        return bends

    def _fill_rows(self) -> None:
        self.rows = [[] for _ in range(max(self.ranks) + 1)]
        seen = bytearray(len(self.widths))
        for root in sorted(range(self.boxes), key=self.ranks.__getitem__):
            walk = [root]
            while walk:
                vertex = walk.pop()
                if seen[vertex]:
                    continue
                seen[vertex] = 1
                self.rows[self.ranks[vertex]].append(vertex)
                walk.extend(each for each in reversed(self.below[vertex]) if not seen[each])
