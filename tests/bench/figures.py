"""What measured runs come to. Pure functions; times in seconds."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.sides import Side

LEAST_SPEEDUP = 1.5
"""Of the tasks a second of what is shipped to those of the defaults."""
MOST_WAIT = 0.6
"""Of the p95 from scheduled to running of what is shipped to that of the defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measured load on one side.

    Attributes:
        side: whose configuration it ran with.
        tasks: task instances, all of which succeeded at the first try.
        seconds: from the moment they were let go to the end of the last one.
        wait_p50: median from scheduled to running.
        wait_p95: its 95th percentile.
        queued_p95: 95th percentile from queued to running.
        cpu: seconds of processor time by process, of the whole machine under `machine`.
        load_before: the machine's load average of one minute when it began.
    """

    side: Side
    tasks: int
    seconds: float
    wait_p50: float
    wait_p95: float
    queued_p95: float
    cpu: Mapping[str, float]
    load_before: float

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return self.tasks / self.seconds

    @property
    def cpu_per_task(self) -> dict[str, float]:
        """Milliseconds of processor time for one task, by process."""
        return {name: round(1000 * seconds / self.tasks, 1) for name, seconds in sorted(self.cpu.items())}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides, one right after the other."""

    shipped: Measured
    defaults: Measured

    @property
    def speedup(self) -> float:
        """Of tasks a second."""
        return self.shipped.rate / self.defaults.rate

    @property
    def wait(self) -> float:
        """Of the p95 from scheduled to running."""
        return self.shipped.wait_p95 / self.defaults.wait_p95


def order(pairs: int) -> list[tuple[Side, Side]]:
    """Which side runs first in each pair: turns about, so that a machine that grows slower favours none."""
    forth = (Side.DEFAULTS, Side.SHIPPED)
    return [forth if number % 2 == 0 else (forth[1], forth[0]) for number in range(pairs)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most, in thousandths."""
    found = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {name: round(value, 3) for name, value in found.items()}


def summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """What the pairs come to."""

    def of(side: Side, value: Callable[[Measured], float]) -> dict[str, float]:
        return spread([value(getattr(pair, side.value)) for pair in pairs])

    return {
        "pairs": len(pairs),
        "speedup": spread([pair.speedup for pair in pairs]),
        "wait_p95_ratio": spread([pair.wait for pair in pairs]),
        **{
            side.value: {
                "tasks_per_second": of(side, lambda one: one.rate),
                "wait_p50_seconds": of(side, lambda one: one.wait_p50),
                "wait_p95_seconds": of(side, lambda one: one.wait_p95),
                "cpu_ms_per_task": _cpu([getattr(pair, side.value) for pair in pairs]),
            }
            for side in Side
        },
        "each": [{side.value: _told(getattr(pair, side.value)) for side in Side} for pair in pairs],
    }


def _cpu(runs: Sequence[Measured]) -> dict[str, float]:
    names = sorted({name for run in runs for name in run.cpu})
    return {name: round(statistics.median(run.cpu_per_task.get(name, 0.0) for run in runs), 1) for name in names}


def _told(run: Measured) -> dict[str, Any]:
    found = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(run).items()}
    return {**found, "cpu": run.cpu_per_task, "rate": round(run.rate, 2)}


def missed(report: Mapping[str, Any]) -> list[str]:
    """Every figure that is not reached."""
    speedup, wait = report["speedup"]["median"], report["wait_p95_ratio"]["median"]
    found: list[str] = []
    if speedup < LEAST_SPEEDUP:
        found.append(f"tasks a second are {speedup} times those of the defaults, wanted are {LEAST_SPEEDUP}")
    if wait > MOST_WAIT:
        found.append(f"p95 from scheduled to running is {wait} times that of the defaults, wanted is {MOST_WAIT}")
    return found


def table(report: Mapping[str, Any]) -> str:
    """The table for the documentation, as Markdown."""
    shipped, defaults = report["shipped"], report["defaults"]

    def row(what: str, key: str, ratio: str = "") -> str:
        cells = (_span(side[key]) for side in (defaults, shipped))
        return f"| {what} | {' | '.join(cells)} | {ratio} |"

    lines = [
        "| | Airflow's defaults | Shipped | Ratio |",
        "|---|---|---|---|",
        row("Tasks a second", "tasks_per_second", _span(report["speedup"])),
        row("From scheduled to running, p50, s", "wait_p50_seconds"),
        row("From scheduled to running, p95, s", "wait_p95_seconds", _span(report["wait_p95_ratio"])),
    ]
    for name in sorted({*shipped["cpu_ms_per_task"], *defaults["cpu_ms_per_task"]}):
        cells = (f"{side['cpu_ms_per_task'].get(name, 0.0):.0f}" for side in (defaults, shipped))
        lines.append(f"| CPU of {name}, ms a task | {' | '.join(cells)} | |")
    return "\n".join(lines) + "\n"


def _span(found: Mapping[str, float]) -> str:
    if found["least"] == found["most"]:
        return f"{found['median']:.2f}"
    return f"{found['median']:.2f} ({found['least']:.2f} to {found['most']:.2f})"
