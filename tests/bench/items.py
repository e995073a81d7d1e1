"""Items of an hour: `make bench-items` (or `python -m tests.bench.items --items 20000 --minutes 60`).

Items of a service come minute by minute, a run of the DAG `platform_items` for those of each, on the stack `bench` as it is
shipped. Counted are the items that arrive where they belong, how long after their minute, and the processor time of every pod
of Airflow, its database and its broker, the items' own work included.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.airflow_api import is_ok
from tests.bench.figures import spread
from tests.bench.item_service import ItemService
from tests.bench.stage import Stage
from tests.bench.throughput import STACK, say
from tests.drills.load import run_name
from tests.drills.reports import machine, write_report
from tests.drills.waiting import DrillError, wait_for

DAG_ID = "platform_items"
_RUNS = f"/dags/{DAG_ID}/dagRuns"
MOST_CORES = 1.0
"""Of Airflow, its database and its broker together."""
_ANSWER_SECONDS = 0.1
_CHUNK = 100
_LAST_SECONDS = 300.0
"""After its minute the last run may take so long."""


@dataclass(frozen=True, slots=True)
class Minute:
    """Items of one minute.

    Attributes:
        run: of the DAG, that takes them.
        numbers: which items.
        there: when they were there, in seconds of the monotonic clock.
    """

    run: str
    numbers: range
    there: float


def minutes_of(stage: Stage, source: str, items: int, minutes: int) -> Generator[Minute]:
    """Begin a run for the items of each minute, at its end."""
    name, begun = run_name(), time.monotonic()
    for minute in range(minutes):
        numbers = range(items * minute // minutes, items * (minute + 1) // minutes)
        time.sleep(max(0.0, begun + 60 * (minute + 1) - time.monotonic()))
        found = Minute(f"{name}-{minute:04}", numbers, time.monotonic())
        conf = {"source": source, "first": numbers.start, "items": len(numbers), "chunk": _CHUNK}
        with stage.stack.api(stage.airflow) as api:
            api.ask("POST", _RUNS, {"dag_run_id": found.run, "logical_date": None, "conf": conf})
        say(f"minute {minute + 1} of {minutes}: items {numbers.start} to {numbers.stop - 1}")
        yield found


def measure(stage: Stage, items: int, minutes: int) -> dict[str, Any]:
    """Let items come for some minutes.

    Raises:
        DrillError: they do not all arrive.
    """
    service = ItemService(_ANSWER_SECONDS)
    with stage.stack.api(stage.airflow) as api:
        api.until(f"/dags/{DAG_ID}", is_ok, f"the DAG {DAG_ID} does not appear")
        api.ask("PATCH", f"/dags/{DAG_ID}", {"is_paused": False})
    load = os.getloadavg()[0]
    with service.served(stage.stack.gateway(stage.airflow)) as source, accounted(stage) as cores:
        all_minutes = list(minutes_of(stage, source, items, minutes))
        wait_for("every item has arrived", _LAST_SECONDS, lambda: len(service.taken) >= items)
        states = ended(stage, [minute.run for minute in all_minutes])
    return {
        "items": items,
        "minutes": minutes,
        "arrived": len(service.taken),
        "wrong": len(service.wrong),
        "tries_beyond_need": service.tries_beyond(),
        "runs": dict(states),
        "arrived_after_seconds": spread([service.taken[at] - one.there for one in all_minutes for at in one.numbers]),
        "cores": cores,
        "load_average": {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)},
    }


def ended(stage: Stage, runs: Sequence[str]) -> Counter[str]:
    """Wait for the end of runs; how many are in each state."""
    with stage.stack.api(stage.airflow) as api:

        def states() -> Counter[str]:
            return Counter(str(api.ask("GET", f"{_RUNS}/{run}").json()["state"]) for run in runs)

        wait_for("every run has ended", _LAST_SECONDS, lambda: states().keys() <= {"success", "failed"})
        return states()


@contextmanager
def accounted(stage: Stage) -> Generator[dict[str, float]]:
    """Processors' worth of time that the pods of each workload take while the block runs, told when it is over.

    Raises:
        DrillError: a pod was replaced meanwhile, so that nothing can be counted.
    """
    cores: dict[str, float] = {}
    before, there, begun = stage.cpu(), stage.running(), time.monotonic()
    yield cores
    after, seconds = stage.cpu(), time.monotonic() - begun
    if replaced := sorted(there ^ stage.running()):
        raise DrillError(f"pods came or went meanwhile, so that nothing can be counted: {', '.join(replaced)}")
    cores |= {name: round((after[name] - before[name]) / seconds, 3) for name in sorted(before)}
    cores["all"] = round(sum(share for name, share in cores.items() if name != "machine"), 3)


def missed(report: Mapping[str, Any]) -> list[str]:
    """Every figure that is not reached."""
    found = [f"wrong = {report['wrong']}, wanted is 0"] if report["wrong"] else []
    if report["runs"].keys() != {"success"}:
        found.append(f"runs = {report['runs']}, wanted is success alone")
    if report["arrived"] < report["items"]:
        found.append(f"{report['arrived']} of {report['items']} items arrived")
    if report["cores"]["all"] > MOST_CORES:
        found.append(f"{report['cores']['all']} cores were taken, wanted is {MOST_CORES} at most")
    return found


def main() -> int:
    """Print the figures as JSON. Returns 1 when one is missed, 2 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.items", description=__doc__)
    parser.add_argument("--items", type=int, default=20_000, help="items that come in all the time")
    parser.add_argument("--minutes", type=int, default=60, help="how long they come")
    given = parser.parse_args()
    if given.minutes < 1 or given.items < given.minutes:
        parser.error(
            f"--items = {given.items}, --minutes = {given.minutes}: at least one of each, and one item a minute"
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            stage = Stage(STACK, Path(folder), say)
            measured = measure(stage, given.items, given.minutes)
        except DrillError as error:
            say(f"not measured: {error}")
            return 2
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    report = {"taken": taken, "machine": machine(), **measured, "missed": missed(measured)}
    write_report("items", report)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 1 if report["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
