"""One thing that is wrong with a stack file, and all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A wrong value.

    Attributes:
        key: dotted key path as written in the stack file, such as `postgres.maxConnections`.
        value: what stands there, as text.
        reason: what is wrong with it, with the arithmetic where there is some.
        way_out: what to write instead.
    """

    key: str
    value: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.key} = {self.value}: {self.reason}. {self.way_out}."


class SettingsError(ValueError):
    """Every problem of a stack file at once."""

    def __init__(self, problems: Sequence[Problem], stack: str = "") -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        where = f"in Pulumi.{stack}.yaml" if stack else "in the settings"
        super().__init__("\n".join([f"{count} {where}:", *(f"  * {problem}" for problem in problems)]))
