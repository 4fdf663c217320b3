"""Signals that ask a process to end, as exceptions that take it out of whatever it is at."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from typing import Any

from edgelint.errors import Ending

_MOMENT = 0.01
"""Seconds in which Python is done with putting an object away."""


class Stopped(Ending):
    """A signal that asks to end. exit_code: what a shell shows for a program that it ends."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def hear(names: Iterable[str]) -> None:
    """Makes these signals, where the system has them, raise Stopped, each once; those ignored stay so."""
    for name in names:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _raise_later


def hear_no_more() -> None:
    """Lets any signal from now on end the process at once, and quietly."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _stop(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Stopped(number)


def _raise_later(unraisable: Any) -> None:
    """Raises once more what Python forgets, as it was raised while an object was put away."""
    lost = unraisable.exc_value
    if not isinstance(lost, (Stopped, KeyboardInterrupt)) or not hasattr(signal, "setitimer"):
        # What else is no Exception comes of a clock, and comes again.
        if isinstance(lost, Exception):
            sys.__unraisablehook__(unraisable)
        return

    def again(number: int, frame: object) -> None:
        raise lost

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, _MOMENT)
