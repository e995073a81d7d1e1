"""What a drill's observations come to: lost commits, outages, doubled executions. Pure functions."""

import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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


def longest_gap(times: Iterable[float], begin: float, end: float) -> float:
    """Seconds of the longest stretch between `begin` and `end` in which nothing happened.

    Args:
        times: at which something happened, in any order.
        begin: start of what is looked at.
        end: its end; what happened outside the two does not count.

    Raises:
        ValueError: the end lies before the beginning.
    """
    if end < begin:
        raise ValueError(f"the end {end} lies before the beginning {begin}")
    marks = [begin, *sorted(time for time in times if begin <= time <= end), end]
    return max(later - earlier for earlier, later in pairwise(marks))


def run_twice(executions: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Run and number of every task that two or more executions were reported of; one execution may report repeatedly."""
    seen: dict[tuple[str, int], set[str]] = {}
    for execution in executions:
        seen.setdefault((execution["run"], execution["task"]), set()).add(execution["execution"])
    return sorted(task for task, identities in seen.items() if len(identities) > 1)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and maximum, in hundredths."""
    return {"p50": round(statistics.median(values), 2), "max": round(max(values), 2)}
