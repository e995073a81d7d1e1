"""Waiting, as drills do it."""

import time
from collections.abc import Callable
from typing import Any

_POLL_SECONDS = 0.5


class DrillError(AssertionError):
    """Something that a drill waits for did not come about; the message says what was seen last."""


def wait_for(what: str, seconds: float, true: Callable[[], Any]) -> float:
    """Ask until it holds; that it cannot be asked is a no. Returns the seconds it took.

    Raises:
        DrillError: it does not hold in time.
    """
    begun, trouble = time.monotonic(), ""
    while time.monotonic() - begun <= seconds:
        try:
            if true():
                return time.monotonic() - begun
        except DrillError as error:
            trouble = f" ({error})"
        time.sleep(_POLL_SECONDS)
    raise DrillError(f"after {seconds:.0f} s still not: {what}{trouble}")
