"""EL908."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from edgelint.analysis.files.external import External, external_files
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.files import status
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class MissingExternalData(Rule):
    """A file of weights that the model names and that is not there, or is too short.

    ## Why it matters
    A large ONNX model keeps its weights in files beside it. Without them the `.onnx` is a drawing
    of a network: no runtime loads it. It happens when only the `.onnx` was copied, committed or
    downloaded, and when the file was renamed (the name stands inside the model). edgelint looks
    for the file's existence and size, and does not open it.

    ## What to do
    Put the named file beside the model, under that very name; or write one file again, as long as
    it stays below 2 GB: `onnx.save(onnx.load("model.onnx"), "single.onnx")` where the data is still there.
    """

    code = "EL908"
    name = "missing-external-data"
    severity = Severity.ERROR
    needs = ("external data",)
    unreadable = True
    hint = "copy the file beside the model, under that very name"

    VALID = [chain("float32[1,8]").op("Gemm", "float32[1,2]", weight="float32[2,8]").from_format("onnx")]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[2,8]")
            .stored_in("there-is-no-such.data"),
            "external data 'there-is-no-such.data' does not exist; 1 constant lies in it",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each declared file inside the folder that is missing, no regular file, or too short."""
        for file in external_files(context.model):
            problem = "" if file.escapes else _problem(file)
            if problem:
                count = "1 constant lies" if file.constants == 1 else f"{file.constants} constants lie"
                yield self.finding(
                    f"external data '{printable(file.location)}' {problem}; {count} in it",
                    external=printable(file.location),
                    constants=file.constants,
                )


def _problem(file: External) -> str:
    """What keeps the file from being read, "" when nothing does."""
    try:
        found = status(file.path)
    except (OSError, ValueError):
        return "does not exist"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_size < file.end:
        return f"has {found.st_size:,} bytes, and the model reads up to byte {file.end:,}"
    return ""
