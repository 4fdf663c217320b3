"""EL707."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_ZIP = b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(16) + b"\x0a\0\0\0payload.py" + bytes(40)


class EmbeddedArchive(Rule):
    """An archive inside the model file.

    ## Why it matters
    What is packed is seen by no scanner and by nobody who looks at the model. An archive in a
    metadata entry, in a buffer that nothing reads, in weights or behind the model's end is no part of
    the network, and costs flash on the device. The zip of label files that TFLite metadata puts
    behind the model is no finding; one inside that is.

    ## What to do
    Look what is in it, with `unzip -l` or `tar -t` on a copy and without unpacking. Ship tokenizers
    and vocabularies beside the model, or as plain associated files
    (`tflite_support.metadata.MetadataPopulator.load_associated_files`).
    """

    code = "EL707"
    name = "embedded-archive"
    severity = Severity.WARNING
    needs = ("payloads",)
    hint = "look what is in it without unpacking it, and ship such files beside the model"

    VALID = [
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]")
        .with_attachment("associated file 'labels.txt'", b"PK\x03\x04 is how a zip begins\n" + bytes(99)),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Relu", "float32[1,8]")
            .with_attachment("buffer 7, which nothing reads", _ZIP),
            "buffer 7, which nothing reads, is a zip archive of 80 bytes",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each archive; a note where an operator holds it, whose kernel may know what to do with it."""
        for payload in context.payloads:
            if payload.kind.runs:
                continue
            said = f"{payload.kind.word} of {payload.nbytes:,} bytes"
            if payload.graph is not None and payload.node is not None:
                message = f"{payload.node.source.op} holds {said} in its {payload.place}"
                yield self.at(
                    payload.graph, payload.node, message, severity=Severity.NOTE, bytes=payload.nbytes
                )
            else:
                comma = "," if "," in payload.place else ""
                yield self.finding(f"{payload.place}{comma} is {said}", bytes=payload.nbytes)
