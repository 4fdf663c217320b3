"""How much structure a file may hold: what is above is refused before anything is made of it.

A hundred times what large networks have, and little enough for the time and memory that a model is
given (`edgelint.bounds`). Weights are no structure: they may be of any size.
"""

from __future__ import annotations

from pathlib import Path

from edgelint.bounds import excess
from edgelint.errors import EdgelintError

MOST = {
    "nodes": 250_000,
    "connections": 1_000_000,
    "weights": 250_000,
    "inputs and outputs": 250_000,
    "tensors": 500_000,
    "subgraphs": 10_000,
    "tables": 1_000_000,
    "fields": 1_000_000,
    "entries": 2_000_000,
    "members": 10_000,
}
"""What is counted, as messages call it, and the largest number that is taken on.

nodes: operators of all graphs, functions written out. connections: what nodes read and make, together.
weights: constants. inputs and outputs: those of graphs. tensors, subgraphs: of a TFLite file; tables: of
any FlatBuffer. fields: of protobuf messages that are walked. entries: texts, numbers, lists and objects of a
JSON document. members: of a zip.
"""


def over(path: Path, what: str, *, where: str = "") -> EdgelintError:
    """The error for a file that has more of `what` than `MOST` says."""
    problem = f"has more than {MOST[what]:,} {what}, the most that are taken on"
    return excess(
        path, problem, where=where, hint="is it a loop written out, or weights as nodes? export it again"
    )
