"""What the tests of programs that run in pods share."""

from collections.abc import Callable
from typing import Any


def returns(value: Any) -> Callable[..., Any]:
    """A function that gives the value, whatever it is asked."""

    def answer(*_: Any) -> Any:
        return value

    return answer
