"""How many tasks a second: `make bench-throughput` (or `python -m tests.bench.throughput --pairs 5`).

Runs tasks that do nothing through the stack `bench` as it is shipped and through the same stack with Airflow's own
defaults, in turns on the same machine: the same images, database and broker. See `tests/bench/sides.py` for what
differs.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.dag_files import NOOP, NOOP_DAG, TASKS_OF_RUN, source
from tests.bench.figures import Measured, Pair, missed, order, summary, table
from tests.bench.load import Load
from tests.bench.sides import ROLES, Side
from tests.bench.stage import Stage
from tests.drills.reports import machine, write_report
from tests.drills.waiting import DrillError

STACK = "bench"


def say(text: str) -> None:
    """Progress, to standard error."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")
    sys.stderr.flush()


class Turns:
    """Sides that run one after the other."""

    def __init__(self, stage: Stage, load: Load, warm_up: int) -> None:
        """Nothing runs yet; `warm_up` tasks run after every start before anything is counted."""
        self._stage, self._load, self._warm_up = stage, load, warm_up
        self._running: Side | None = None

    def measure(self, side: Side, tasks: int) -> Measured:
        """Measure a side, which is started for it when the other one runs."""
        if self._running is not side:
            self._change_to(side)
        found = self._load.measure(side, tasks)
        say(
            f"{side}: {found.rate:.2f} tasks a second, scheduled to running p50 {found.wait_p50:.1f} s, "
            f"p95 {found.wait_p95:.1f} s, CPU ms a task {found.cpu_per_task}"
        )
        return found

    def _change_to(self, side: Side) -> None:
        if self._running:
            self._stage.stop(self._running, ROLES)
        begun = time.time()
        took = self._stage.run(side, ROLES)
        self._running = side
        self._load.until_parsed(begun)
        say(f"{side}: ready after {took:.0f} s, warm up with {self._warm_up} tasks")
        self._load.measure(side, self._warm_up)


def measure(stage: Stage, *, tasks: int, pairs: int, warm_up: int) -> list[Pair]:
    """Measure so many pairs.

    Raises:
        DrillError: a task did not succeed, or something did not come up in time.
    """
    done: list[Pair] = []
    with (
        stage.set_up(tuple(Side), ROLES, source(NOOP, [NOOP_DAG])),
        stage.stack.api(stage.airflow) as api,
    ):
        turns = Turns(stage, Load(stage, api, say), warm_up)
        for number, sides in enumerate(order(pairs), 1):
            say(f"pair {number} of {pairs}")
            found = {side: turns.measure(side, tasks) for side in sides}
            done.append(Pair(found[Side.SHIPPED], found[Side.DEFAULTS]))
            say(
                f"pair {number} of {pairs}: {done[-1].speedup:.2f} times the tasks a second, p95 {done[-1].wait:.2f} times"
            )
    return done


def report_of(pairs: Sequence[Pair], tasks: int) -> dict[str, Any]:
    """The report."""
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    load = [round(value, 1) for value in os.getloadavg()]
    return {"taken": taken, "machine": machine(), "tasks": tasks, "load_average": load, **summary(pairs)}


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.throughput",
        description=__doc__,
        epilog=f"The stack {STACK} must be deployed; `make bench-throughput` does it, and takes TASKS, PAIRS, JSON and KEEP.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tasks", type=int, default=1000, help=f"tasks of one measurement, rounded up to {TASKS_OF_RUN}s"
    )
    parser.add_argument("--pairs", type=int, default=5, help="measurements of both sides")
    parser.add_argument("--warm-up", type=int, default=200, help="tasks after each start that do not count")
    parser.add_argument("--json", action="store_true", help="print the report, not the table")
    given = parser.parse_args()
    for name in ("tasks", "pairs", "warm_up"):
        if getattr(given, name) < 1:
            parser.error(f"--{name.replace('_', '-')} = {getattr(given, name)}: must be 1 or more")
    return given


def main() -> int:
    """Print the table. Returns 1 when a figure is not reached, 2 when nothing could be measured."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        try:
            stage = Stage(STACK, Path(folder), say)
            pairs = measure(stage, tasks=given.tasks, pairs=given.pairs, warm_up=given.warm_up)
        except DrillError as error:
            say(f"not measured: {error}")
            return 2
    report = report_of(pairs, given.tasks)
    write_report("throughput", report)
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if given.json else table(report))
    for what in missed(report):
        say(what)
    return 1 if missed(report) else 0


if __name__ == "__main__":
    sys.exit(main())
