"""`edgelint --version`."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint import __version__

LIBRARIES = ("click", "networkx", "numpy", "onnx", "rich")
"""What edgelint works with, and a report of a problem should name."""


def lines(verbose: bool) -> Iterator[str]:
    """The version; when `verbose`, also those of Python, the platform and `LIBRARIES`, none imported."""
    yield f"edgelint, version {__version__}"
    if not verbose:
        return
    import platform
    from importlib.metadata import PackageNotFoundError, version

    yield f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield platform.platform()
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"
