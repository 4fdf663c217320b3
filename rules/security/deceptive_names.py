"""EL709."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Model
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_STEERING = "(\x08|\x1b|\x9b[0-9;?]*[@-~])|[\u202a-\u202e\u2066-\u2069]"
"""What moves a terminal's cursor or colours its text (ECMA-48: a backspace, ESC, or CSI to its end; lone
characters above 127 come from text in a wrong encoding), and what turns the order round in which text is
shown (Unicode UAX 9, explicit formatting)."""

_KINDS = ("terminal escape sequences", "characters that change how text is shown")

MOST = 200_000
"""Names that are looked at."""


class DeceptiveNames(Rule):
    """Names with characters that steer how text is shown.

    ## Why it matters
    Names of layers and tensors, labels and metadata are shown by many tools: in a terminal, a log of
    CI, a web page. Escape sequences in them move the cursor, hide a line, set the title or, in some
    terminals, run commands; bidirectional controls make a text read otherwise than it is
    (CVE-2021-42574, "Trojan Source"). No converter writes such characters. edgelint shows them as
    escapes everywhere.

    ## What to do
    If the model is your own, rename what is named so and export it again. If not, look at it only
    with tools that escape what they print.
    """

    code = "EL709"
    name = "deceptive-names"
    severity = Severity.WARNING
    hint = "rename it and export the model again; show the file only with tools that escape what they print"

    VALID = [
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]", name="größe/relu")
        .labelled("猫", "کتاب‌ها", "cafÃ\x89"),
        chain("float32[1,8]").op("Relu", "float32[1,8]").with_metadata(description="one\ttwo\nthree"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]", name="relu\x1b[2K\x1b[1A"),
            "1 name contains terminal escape sequences, the node 'relu\\x1b[2K\\x1b[1A' the first",
        ),
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").labelled("cat", "\u202egod"),
            "1 name contains characters that change how text is shown, the label '\\u202egod' the first",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for each kind of character: how many names have it, and the first."""
        found: dict[str, list[str]] = {}
        for _, (place, name) in zip(range(MOST), _names(context.model), strict=False):
            if name.isascii() and name.isprintable():
                continue
            match = re.search(_STEERING, name)
            if match:
                kind = _KINDS[match[1] is None]
                found.setdefault(kind, []).append(f"the {place} '{printable(name)}'")
        for kind, places in found.items():
            count = "1 name contains" if len(places) == 1 else f"{len(places)} names contain"
            yield self.finding(f"{count} {kind}, {places[0]} the first", names=len(places))


def _names(model: Model) -> Iterator[tuple[str, str]]:
    for graph in model.graphs:
        yield "graph", graph.name
        for node in graph.nodes:
            yield "node", node.name
            yield "operator", node.source.op
            yield "domain", node.domain
        for value in graph.values.values():
            yield "tensor", value.label or value.name
    for label in model.labels:
        yield "label", label
    for key, entry in model.metadata.items():
        yield "metadata", key
        yield "metadata", entry
    for signature in model.signatures:
        yield "signature", signature.key
    yield "producer", model.producer
