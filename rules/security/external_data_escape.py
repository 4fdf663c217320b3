"""EL702."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.files.external import external_files
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class ExternalDataEscape(Rule):
    """Weights that are said to lie outside the model's folder.

    ## Why it matters
    An ONNX model may keep its weights in other files, named by a path. A path that is absolute,
    climbs out with `..`, or leads out through a symbolic link makes whoever loads the model read
    any file of the machine (CVE-2022-25882, CVE-2024-27318), and works on no other machine
    anyway. edgelint does not open it. ONNX Runtime and the onnx package refuse such models. So does
    Keras with HDF5 files whose weights lie in other files; edgelint refuses them as it reads, with this
    code.

    ## What to do
    Save the model again with its weights beside it:
    `onnx.save(model, "model.onnx", save_as_external_data=True, location="model.data")`. If the
    file came from somebody else, do not load it.
    """

    code = "EL702"
    name = "external-data-escape"
    severity = Severity.ERROR
    needs = ("external data",)
    hint = "save the model again with its external data beside it; do not load a file you do not trust"

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", weight="float32[2,8]")
        .stored_in("weights/../model.data"),
        chain("float32[1,8]").op("Gemm", "float32[1,2]", weight="float32[2,8]").from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[2,8]")
            .stored_in("../../etc/passwd"),
            "external data '../../etc/passwd' is outside the model's folder; 1 constant is read from it",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[2,8]", bias="float32[2]")
            .stored_in("/dev/mem"),
            "external data '/dev/mem' is outside the model's folder; 2 constants are read from it",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each declared location that leaves the folder."""
        for file in external_files(context.model):
            if file.escapes:
                count = "1 constant is" if file.constants == 1 else f"{file.constants} constants are"
                yield self.finding(
                    f"external data '{printable(file.location)}' is outside the model's folder; "
                    f"{count} read from it",
                    external=printable(file.location),
                    constants=file.constants,
                )
