"""A process of Airflow's dies or goes away while tasks run and wait."""

import time

import pytest

from tests.drills import faults
from tests.drills.airflow.conftest import Told
from tests.drills.airflow.stage import SLOTS, Stage
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

AWAY_SECONDS = 120


def test_the_scheduler_is_killed(stage: Stage, told: Told) -> None:
    run = stage.begin(80, 3.0)
    stage.until_begun(run, 2 * SLOTS)
    pod, before = stage.pod("scheduler"), stage.restarts("scheduler")
    begun = time.monotonic()
    faults.kill_container(pod, "airflow")
    wait_for("the kubelet has started it again", 300, lambda: stage.restarts("scheduler") > before)
    ready = stage.until_ready("scheduler") and time.monotonic() - begun
    stage.until_ended(run, 900)
    counts = stage.counts(run)
    gap = stage.gap(begun)
    told("scheduler-killed", {"ready_seconds": round(ready, 1), "queue_gap_seconds": round(gap, 1), **counts.told()})
    assert counts.is_clean


def test_the_execution_api_is_away(stage: Stage, told: Told) -> None:
    """Its last pod is taken away, connections are refused, and another one is started two minutes later.

    Two tasks run from before the fault until after it, others begin and end all the while.
    """
    long = stage.begin(2, AWAY_SECONDS + 60.0)
    stage.until_begun(long, 2)
    short = stage.begin(30, 4.0)
    stage.until_begun(short, SLOTS)
    begun = time.monotonic()
    away = _away(stage)
    back, began = time.monotonic(), len(stage.executions.reports)
    wait_for("tasks begin again", 120, lambda: len(stage.executions.reports) > began)
    again = time.monotonic() - back
    for run in (short, long):
        stage.until_ended(run, 900)
    counts = stage.counts(long, short)
    told(
        "execution-api-away",
        {
            "away_seconds": round(away, 1),
            "seconds_until_tasks_began_again": round(again, 1),
            "queue_gap_seconds": round(stage.gap(begun), 1),
            **counts.told(),
        },
    )
    assert counts.is_clean


def _away(stage: Stage) -> float:
    """Seconds for which nobody served the execution API."""
    stage.scale("api-execution", 0)
    try:
        wait_for("nobody serves it", 120, lambda: not stage.all_pods("api-execution"))
        begun = time.monotonic()
        time.sleep(AWAY_SECONDS)
    finally:
        stage.scale("api-execution", 1)
    stage.until_ready("api-execution")
    return time.monotonic() - begun
