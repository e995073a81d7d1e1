"""What the ledger's observations come to: lost and doubled commits. Pure functions."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

Row = tuple[int, int]
"""Writer and number of a row of the ledger."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A commit that the database confirmed; times in seconds of one clock."""

    row: Row
    begun: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The ledger held against what is in the table afterwards.

    Attributes:
        acknowledged: commits that were confirmed.
        lost: confirmed rows that are not there.
        doubled: rows that are there more than once.
        unknown: rows that are there although their commit was never confirmed; allowed, the outcome was unknown.
    """

    acknowledged: int
    lost: tuple[Row, ...]
    doubled: tuple[Row, ...]
    unknown: int


def audit(acknowledged: Collection[Row], found: Iterable[Row]) -> Audit:
    """Every acknowledged row is there exactly once, or it is named."""
    counted = Counter(found)
    confirmed = set(acknowledged)
    return Audit(
        acknowledged=len(confirmed),
        lost=tuple(sorted(confirmed - counted.keys())),
        doubled=tuple(sorted(row for row, count in counted.items() if count > 1)),
        unknown=len(counted.keys() - confirmed),
    )
