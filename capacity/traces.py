"""Arrivals of tasks: three written ones, and one's own from a file."""

import csv
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HORIZON_SECONDS = 4 * 3600.0
MEDIAN_SECONDS = 40.0
SIGMA = 1.2
"""Spread of the logarithm of a task's duration: a mean of 82 s, and one task of a hundred takes over 11 minutes."""
LONGEST_SECONDS = 7200.0


class TraceError(Exception):
    """A file of arrivals that cannot be used; the message names file, line and way out."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task instance.

    Attributes:
        arrival: seconds from the beginning at which it is queued.
        duration: seconds that it runs.
    """

    arrival: float
    duration: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Tasks by arrival.

    Attributes:
        name: shown in tables.
        tasks: sorted by arrival.
    """

    name: str
    tasks: tuple[Task, ...]


Rate = Callable[[float], float]


def nightly(now: float) -> float:
    """Arrivals a second: 0.1, and 9.3 for half an hour from the end of the first hour on."""
    return 9.3 if 3600 <= now < 3600 + 1800 else 0.1


def steady(now: float) -> float:
    """Arrivals a second: 20,000 items an hour."""
    del now
    return 20000 / 3600


def spikes(now: float) -> float:
    """Arrivals a second: 0.1, and 25 for two minutes of every forty."""
    return 25.0 if 600 <= now % 2400 < 720 else 0.1


RATES: dict[str, Rate] = {"nightly": nightly, "steady": steady, "spikes": spikes}


def generated(name: str, seed: int, horizon: float = HORIZON_SECONDS) -> Trace:
    """A trace by name: Poisson arrivals at its rate, lognormal durations."""
    source = random.Random(f"{name}-{seed}")  # noqa: S311 - a simulation, not a secret
    return Trace(name=name, tasks=tuple(_arrivals(RATES[name], source, horizon)))


def _arrivals(rate: Rate, source: random.Random, horizon: float) -> Iterator[Task]:
    """By thinning: candidates at the highest rate, each kept with the share of the rate of its moment."""
    highest = max(rate(second) for second in range(int(horizon)))
    now = 0.0
    while (now := now + source.expovariate(highest)) < horizon:
        if source.random() * highest < rate(now):
            duration = source.lognormvariate(math.log(MEDIAN_SECONDS), SIGMA)
            yield Task(arrival=now, duration=min(duration, LONGEST_SECONDS))


def read(path: Path) -> Trace:
    """A trace from a CSV file with the columns `arrival_seconds` and `duration_seconds`.

    Raises:
        TraceError: the file cannot be read or a row is wrong; all wrong rows are named, up to ten.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror}") from error
    tasks: list[Task] = []
    wrong: list[str] = []
    for line, row in enumerate(rows, start=2):
        try:
            task = Task(arrival=float(row["arrival_seconds"]), duration=float(row["duration_seconds"]))
        except (KeyError, TypeError, ValueError):
            wrong.append(f"line {line}: {row}")
            continue
        if task.arrival >= 0 and task.duration > 0 and math.isfinite(task.arrival + task.duration):
            tasks.append(task)
        else:
            wrong.append(f"line {line}: {row}")
    if wrong or not tasks:
        found = "; ".join(wrong[:10]) or "no rows"
        raise TraceError(
            f"{path}: {found}. Each row needs arrival_seconds of at least 0 and duration_seconds above 0, as numbers."
        )
    return Trace(name=path.stem, tasks=tuple(sorted(tasks, key=lambda task: task.arrival)))
