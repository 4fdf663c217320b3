"""EL706."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0" + bytes(28) + b"\x40\0" + bytes(18)


class EmbeddedExecutable(Rule):
    """A program inside the model file.

    ## Why it matters
    A model is numbers and a graph; it has no use for a Windows, Linux or macOS program, a script,
    compiled Python or a pickle that imports code. Somebody put it there: metadata, buffers that
    nothing reads, weights, and bytes behind the model's end are places that no loader looks at and no
    scanner opens. The file alone does not run it, but it brings it onto the machine.

    In an operator's options and attributes a program can be meant: what a compiler for an
    accelerator made of part of the model. There it is a warning.

    ## What to do
    Find out who made the file, and export the model again from its source. Do not unpack it. edgelint
    reads the first 4 KiB of such bytes, and the whole header has to fit (ELF, PE, Mach-O, Java class,
    .pyc, pickle opcodes), so weights don't look like one.
    """

    code = "EL706"
    name = "embedded-executable"
    severity = Severity.ERROR
    needs = ("payloads",)
    hint = "find out who put it there, and export the model again from its source"

    VALID = [
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]")
        .with_attachment("metadata 'notes'", b"MZ, and then nothing of a program" + bytes(99)),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_attachment("metadata 'notes'", _ELF),
            "metadata 'notes' is an ELF program or library of 72 bytes",
        ),
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]", attributes={"custom_options": _ELF}),
            "Relu holds an ELF program or library of 72 bytes in its custom options",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each program."""
        for payload in context.payloads:
            if not payload.kind.runs:
                continue
            said = f"{payload.kind.word} of {payload.nbytes:,} bytes"
            if payload.graph is not None and payload.node is not None:
                message = f"{payload.node.source.op} holds {said} in its {payload.place}"
                yield self.at(
                    payload.graph,
                    payload.node,
                    message,
                    hint="make sure that the compiler which made this operator put it there",
                    severity=Severity.WARNING,
                    bytes=payload.nbytes,
                )
            else:
                yield self.finding(f"{payload.place} is {said}", bytes=payload.nbytes)
