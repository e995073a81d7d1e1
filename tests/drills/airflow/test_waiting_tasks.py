"""Tasks that nobody runs: in a pool that somebody closed."""

import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.drills.airflow.conftest import Told
from tests.drills.airflow.stage import Stage
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

POOL = "default_pool"
TASKS = 40


@contextmanager
def closed(stage: Stage) -> Generator[None]:
    """The pool of all tasks without a slot while the block runs."""
    path = f"/pools/{POOL}"
    slots = stage.api.ask("GET", path).json()["slots"]
    stage.api.ask("PATCH", f"{path}?update_mask=slots", {"slots": 0})
    try:
        yield
    finally:
        stage.api.ask("PATCH", f"{path}?update_mask=slots", {"slots": slots})


def test_a_pool_is_closed(stage: Stage, told: Told) -> None:
    """While tasks run and wait: those that have a slot end, the others wait, and go on when it is opened."""
    run = stage.begin(TASKS, 3.0)
    stage.until_begun(run, 1)
    with closed(stage):
        seen = stage.until_alert("PoolClosed", "pending", "firing", seconds=240)
        waiting = stage.states(run)
    opened, before = time.monotonic(), len(stage.executions.reports)
    wait_for("tasks begin again", 240, lambda: len(stage.executions.reports) > before)
    again = time.monotonic() - opened
    stage.until_ended(run, 600)
    counts = stage.counts(run)
    told(
        "pool-closed",
        {
            "alert_pending_after_seconds": round(seen, 1),
            "states_while_closed": waiting,
            "seconds_until_tasks_began_again": round(again, 1),
            **counts.told(),
        },
    )
    assert set(waiting) == {"success", "scheduled"}
    assert counts.is_clean
