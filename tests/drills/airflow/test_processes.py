"""A process of Airflow's dies, hangs or goes away while tasks run and wait."""

import contextlib
import signal
import time
from collections.abc import Callable

import pytest

from local.airflow_api import is_ok
from tests.drills import faults
from tests.drills.airflow import dag_files as files
from tests.drills.airflow.conftest import Told
from tests.drills.airflow.stage import AIRFLOW, SLOTS, Stage
from tests.drills.load import run_name
from tests.drills.waiting import DrillError, wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

AWAY_SECONDS = 120
NOTICED_SECONDS = 360
"""Within which a task whose worker is gone is noticed: 300 s without a sign of life, and the rounds of who looks."""
UNTRIED = "drill_untried"


def test_the_scheduler_is_killed(stage: Stage, told: Told) -> None:
    run = stage.begin(80, 3.0)
    stage.until_begun(run, 2 * SLOTS)
    begun = time.monotonic()
    ready = _killed(stage, "scheduler")
    stage.until_ended(run, 900)
    counts, gap = stage.counts(run), stage.gap(begun)
    told("scheduler-killed", {"ready_seconds": round(ready, 1), "queue_gap_seconds": round(gap, 1), **counts.told()})
    assert counts.is_clean


def test_a_worker_is_killed(stage: Stage, told: Told) -> None:
    """With all its slots taken: by tasks that may be tried again, and one that may not."""
    try:
        given = {"untried.py": files.untried(UNTRIED, 60)}
        with files.dag_files(stage.stack, AIRFLOW, "untried", given, ["worker-default", "dag-processor"]):
            lost = _begin_untried(stage)
            run = stage.begin(60, 5.0)
            stage.until_begun(run, 2 * SLOTS)
            begun = time.monotonic()
            ready = _killed(stage, "worker-default")
            stage.until_ended(lost, NOTICED_SECONDS + 60, UNTRIED)
            noticed = time.monotonic() - begun
            stage.until_ended(run, 600)
            ended = time.monotonic() - begun
            counts, gap, left = stage.counts(run), stage.gap(begun), stage.states(lost, UNTRIED)
    finally:
        stage.forget(UNTRIED)
    told(
        "worker-killed",
        {
            "ready_seconds": round(ready, 1),
            "queue_gap_seconds": round(gap, 1),
            "seconds_until_noticed": round(noticed, 1),
            "seconds_until_all_had_ended": round(ended, 1),
            "task_without_retries": left,
            **counts.told(),
        },
    )
    assert left == {"failed": 1}
    assert noticed < NOTICED_SECONDS
    assert counts.failed == 0
    assert 0 < counts.tries < SLOTS, "one slot was the other task's"
    assert counts.run_twice <= counts.tries, "a task ran twice that had not been cut off"


def _begin_untried(stage: Stage) -> str:
    """Start the task that is not tried again; returns its run when the task runs."""
    stage.api.until(f"/dags/{UNTRIED}", is_ok, f"the DAG {UNTRIED} does not appear", patience=180)
    run = run_name()
    stage.api.ask("PATCH", f"/dags/{UNTRIED}", {"is_paused": False})
    stage.api.ask("POST", f"/dags/{UNTRIED}/dagRuns", {"dag_run_id": run, "logical_date": None})
    wait_for("the task that is not tried again runs", 120, lambda: stage.states(run, UNTRIED) == {"running": 1})
    return run


def _killed(stage: Stage, workload: str) -> float:
    """Kill every process of Airflow's in a workload's pod. Returns the seconds until it is ready again."""
    pod, before = stage.pod(workload), stage.restarts(workload)
    begun = time.monotonic()
    faults.kill_container(pod, "airflow")
    wait_for("the kubelet has started it again", 300, lambda: stage.restarts(workload) > before)
    stage.until_ready(workload)
    return time.monotonic() - begun


def test_the_execution_api_is_away(stage: Stage, told: Told) -> None:
    """Its last pod is taken away, connections are refused, and another one is started two minutes later."""

    def away() -> float:
        stage.scale("api-execution", 0)
        try:
            wait_for("nobody serves it", 120, lambda: not stage.all_pods("api-execution"))
            begun = time.monotonic()
            time.sleep(AWAY_SECONDS)
        finally:
            stage.scale("api-execution", 1)
        stage.until_ready("api-execution")
        return time.monotonic() - begun

    _without_execution_api(stage, told, "execution-api-away", away)


def test_the_execution_api_hangs(stage: Stage, told: Told) -> None:
    """Everything in its pod stops and does not go on: the kubelet kills it and starts another one."""

    def away() -> float:
        pod, before = stage.pod("api-execution"), stage.restarts("api-execution")
        begun = time.monotonic()
        faults.send(signal.SIGSTOP, faults.processes(pod.containers["airflow"]))
        try:
            wait_for("the kubelet has started it again", 420, lambda: stage.restarts("api-execution") > before)
        finally:
            # Nothing is left of it unless the drill was given up.
            with contextlib.suppress(DrillError):
                faults.send(signal.SIGCONT, faults.processes(pod.containers["airflow"]))
        stage.until_ready("api-execution")
        return time.monotonic() - begun

    _without_execution_api(stage, told, "execution-api-hangs", away)


def _without_execution_api(stage: Stage, told: Told, drill: str, away: Callable[[], float]) -> None:
    """Two tasks run from before the fault until after it, others begin and end all the while."""
    before = stage.restarts("api-execution")
    long = stage.begin(2, AWAY_SECONDS + 60.0)
    stage.until_begun(long, 2)
    short = stage.begin(30, 4.0)
    stage.until_begun(short, SLOTS)
    begun = time.monotonic()
    seconds = away()
    back, began = time.monotonic(), len(stage.executions.reports)
    wait_for("tasks begin again", 120, lambda: len(stage.executions.reports) > began)
    again = time.monotonic() - back
    for run in (short, long):
        stage.until_ended(run, 900)
    counts = stage.counts(long, short)
    told(
        drill,
        {
            "away_seconds": round(seconds, 1),
            "restarts": stage.restarts("api-execution") - before,
            "seconds_until_tasks_began_again": round(again, 1),
            "queue_gap_seconds": round(stage.gap(begun), 1),
            **counts.told(),
        },
    )
    assert counts.is_clean
