"""How long to wait, and when waiting is hopeless. Pure but for the clock that is handed in."""

from dataclasses import dataclass
from typing import Final

from local.engine.providers.base import ProviderError
from local.engine.providers.kubernetes.objects import Obj, annotation

DEFAULT_TIMEOUT: Final = 600.0
"""Seconds to wait for an object that names no time of its own."""
HOPELESS_AFTER: Final = 90.0
"""Seconds after which trouble without any progress is taken for final."""

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"


def skips_await(inputs: Obj) -> bool:
    """Whether the object asks not to be waited for."""
    return annotation(inputs, SKIP_AWAIT) == "true"


def timeout_of(inputs: Obj, given: float | None) -> float:
    """Seconds to wait: the resource's option, else the object's annotation, else the default.

    Raises:
        ProviderError: the annotation is no positive whole number.
    """
    if given:
        return given
    text = annotation(inputs, TIMEOUT_SECONDS)
    if not text:
        return DEFAULT_TIMEOUT
    if not text.isdigit() or int(text) == 0:
        raise ProviderError(
            f"annotation {TIMEOUT_SECONDS}: {text!r} is not a positive number of seconds, such as '900'."
        )
    return float(text)


@dataclass(slots=True)
class Patience:
    """Watches for trouble during which nothing moves any more."""

    limit: float = HOPELESS_AFTER
    _furthest: tuple[int, ...] | None = None
    _since: float | None = None

    def is_over(self, now: float, progress: tuple[int, ...], *, in_trouble: bool) -> bool:
        """Take one look into account; True when trouble lasted over the limit without progress.

        Args:
            now: seconds of a clock that never goes back.
            progress: how far things are; only what goes beyond the furthest seen counts as progress.
            in_trouble: something is wrong that will not mend by waiting a little.
        """
        moved = self._furthest is None or progress > self._furthest
        if moved:
            self._furthest = progress
        if not in_trouble:
            self._since = None
            return False
        if moved or self._since is None:
            self._since = now
        return now - self._since >= self.limit
