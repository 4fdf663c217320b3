"""EL708."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Reference
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

ACTING = frozenset(
    {
        *("os", "posix", "nt", "sys", "io", "subprocess", "shutil", "tempfile", "pty", "ctypes"),
        *("importlib", "imp", "runpy", "zipimport", "pkgutil", "pydoc", "codeop", "marshal", "types"),
        *("pickle", "_pickle", "shelve", "dbm", "multiprocessing", "threading", "_thread", "asyncio"),
        *("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "telnetlib", "xmlrpc", "webbrowser"),
        *("timeit", "cProfile", "pdb", "bdb", "doctest", "operator", "zipfile", "tarfile"),
        *("distutils", "ensurepip", "pip", "venv", "popen2"),
    }
)
"""Python's own modules that run programs or code, load libraries, or touch files and the network."""

KERAS = ("keras", "keras_core", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
"""Packages of Keras itself; of these the loader keeps only what acts."""

ACTING_BUILTINS = frozenset(
    {
        *("__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "getattr", "globals"),
        *("input", "locals", "open", "setattr", "vars"),
    }
)
"""Built-in functions that run code, or give access to it."""


class ForeignCodeReference(Rule):
    """A Keras file that names Python code outside of Keras.

    ## Why it matters
    A `.keras` file stores each object with its module and name, and loading it looks that name up.
    Keras 3 before 3.9 imported any module and called any function so named, `os.system` included
    (CVE-2025-1550); its own functions that fetch files or switch safe mode off served as well
    (CVE-2025-8747, CVE-2025-9906). No model needs these: such a reference is an attack, or might as
    well be one. Anything else is somebody's own layer: the file loads only where exactly that code is
    installed and registered, and a converter needs it too; that is a note. A vocabulary that is stored
    as a path is read from whichever machine loads the file (CVE-2025-12058).

    ## What to do
    Do not load a file that names modules of Python's library or Keras's file functions; find out where
    it comes from. For your own layers ship the code with
    `@keras.saving.register_keras_serializable(package="…")`, or save a model of built-in layers.
    edgelint imports nothing that a file names.
    """

    code = "EL708"
    name = "foreign-code-reference"
    severity = Severity.ERROR
    needs = ("references",)
    hint = "do not load this file, and find out where it comes from"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]"),
        chain("float32[1,8]").op("Relu", "float32[1,8]").with_reference("builtins", "my_loss", "compile"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_reference("os", "system", "dense"),
            "names os.system at 'dense', a function of Python's library that a loader could be made to call",
        ),
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_reference("keras.utils", "get_file"),
            "names keras.utils.get_file, which is no part of a model but does something as it is loaded",
        ),
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_reference("acme.layers", "Swish2", "act"),
            "needs acme.layers.Swish2 at 'act', which is not in the file",
        ),
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_reference("", "/etc/passwd", "words"),
            "opens the file '/etc/passwd' at 'words' on the machine that loads the model",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each reference, the dangerous ones as errors."""
        for reference in context.model.references:
            where = f"{printable(reference.module)}.{printable(reference.name)}"
            place = f" at '{printable(reference.place)}'" if reference.place else ""
            if not reference.module:
                path = printable(reference.name)
                yield self.finding(
                    f"opens the file '{path}'{place} on the machine that loads the model",
                    hint="store the vocabulary itself in the model: pass it as a list, or call adapt()",
                    severity=Severity.WARNING,
                    path=path,
                )
                continue
            data: dict[str, Any] = {
                "module": printable(reference.module),
                "object": printable(reference.name),
            }
            if _is_of_keras(reference):
                doing = "which is no part of a model but does something as it is loaded"
                yield self.finding(f"names {where}{place}, {doing}", **data)
            elif _is_dangerous(reference):
                doing = "a function of Python's library that a loader could be made to call"
                yield self.finding(f"names {where}{place}, {doing}", **data)
            elif reference.module != "builtins":
                message = f"needs {where}{place}, which is not in the file"
                yield self.finding(message, severity=Severity.NOTE, hint=_OWN, **data)


_OWN = "ship that code with the model, registered with keras.saving.register_keras_serializable"


def _is_of_keras(reference: Reference) -> bool:
    return any(f"{reference.module}.".startswith(f"{package}.") for package in KERAS)


def _is_dangerous(reference: Reference) -> bool:
    package = reference.module.partition(".")[0]
    if package == "builtins":
        return reference.name in ACTING_BUILTINS
    return package in ACTING
