"""A model as it is drawn: boxes with text and figures, edges, findings, memory over time.

`draw` makes it; the reporters that draw (`html`, `svg`, `dot`, `mermaid`, `model_explorer`) only read it.
Everything from the file has gone through `printable` before it is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from edgelint.deferred import dataclass
from edgelint.layout import Layout

NODE, INPUT, OUTPUT = "node", "input", "output"
"""What a box stands for."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A value. type: "int8[1,8,8,4]". bytes: None where unknown. first, last: steps in which it is alive.

    kind: "constant", "variable" or "".
    """

    name: str
    type: str
    bytes: int | None
    quantization: str
    kind: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The numbers of a constant, as stored. wire: its place in `Sheet.wires`.

    zeros: how many stand for 0. strange: how many are NaN or infinite, which nothing else counts.
    counts: numbers in equal steps from the least to the most; () where they are all the same.
    """

    wire: int
    least: float
    most: float
    mean: float
    deviation: float
    zeros: int
    strange: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the boxes of a named scope are."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """A node, graph input or graph output.

    place: of the node in its graph, -1 for inputs and outputs. title: operator or "input". lines: texts
    below the title. macs, live_bytes: None where unknown. runs_on: "kernel", "NPU", "CPU", "unsupported"
    or "". worst: the worst severity at it, or "". findings: places in `Picture.findings`. inputs, outputs:
    places in `Sheet.wires`, -1 where omitted. subgraphs: places in `View.sheets`. change: "added",
    "removed", "changed" or "", seen from another model; changes: field, before and after.
    """

    kind: str
    place: int
    title: str
    name: str
    family: str
    lines: tuple[str, ...]
    width: float
    height: float
    macs: int | None = None
    live_bytes: int | None = None
    output_bytes: int | None = None
    weight_bytes: int = 0
    dtype: str = ""
    runs_on: str = ""
    worst: str = ""
    findings: tuple[int, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    subgraphs: tuple[int, ...] = ()
    change: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """From box to box, carrying a wire."""

    source: int
    reader: int
    wire: int


@dataclass(frozen=True)
class Sheet:
    """One graph, laid out. memory: bytes alive at each node's step, in order; None where unknown.

    constants: how the numbers of its largest constants are spread, where they were read.
    """

    name: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    wires: tuple[Wire, ...]
    layout: Layout
    memory: tuple[int | None, ...] = ()
    outlines: tuple[Outline, ...] = ()
    constants: tuple[Histogram, ...] = ()


@dataclass(frozen=True)
class View:
    """A model's graphs: as in the file ("source"), or as the runtime will execute it ("deployment")."""

    name: str
    title: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding on the picture. view, sheet, box: where; -1 for the model as a whole."""

    code: str
    rule: str
    severity: str
    message: str
    hint: str
    node: str
    places: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class Picture:
    """A model, its figures and findings, for one target or none.

    totals: name, amount and basis of each figure. budget: bytes of RAM the model may use, None without.
    links: boxes of the first view to those of the second that were made of them, by sheet and box.
    rules: documentation of each rule that found something, in Markdown, by code. overlay: the number of
    each node that goes to a viewer which shows one at a time.
    """

    path: str
    format: str
    target: str
    verdict: str
    totals: tuple[tuple[str, str, str], ...]
    views: tuple[View, ...]
    findings: tuple[Mark, ...]
    budget: int | None = None
    links: Mapping[tuple[int, int], tuple[tuple[int, int], ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    overlay: str = "live-bytes"
