"""Pods of the stack are replaced by a change of its settings while every slot is taken."""

import time
from typing import Any

import pytest

from local.stacks import stack_config
from tests.drills.airflow.conftest import Told
from tests.drills.airflow.stage import AIRFLOW, SLOTS, STACK, Stage
from tests.drills.deploy_with import deployed
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

TASKS = 300
GRACE_SECONDS, LATE_SECONDS = 60, 150


def deploy(scheduler: dict[str, Any] | None = None, queue: dict[str, Any] | None = None) -> float:
    """Deploy the stack, with other settings of the scheduler and the queue than its file has.

    Returns:
        The seconds that it took.
    """
    airflow, workers = (dict(stack_config(STACK)[f"airflow-platform:{key}"]) for key in ("airflow", "workers"))
    airflow["scheduler"] |= scheduler or {}
    workers["queues"]["default"] |= queue or {}
    begun = time.monotonic()
    result = deployed(STACK, airflow=airflow, workers=workers)
    assert result.returncode == 0, result.stdout + result.stderr
    return time.monotonic() - begun


def test_a_rollout_of_scheduler_and_workers(stage: Stage, told: Told) -> None:
    """There and back."""
    run = stage.begin(TASKS, 6.0)
    stage.until_begun(run, SLOTS)
    pods = [stage.pod(workload).name for workload in ("scheduler", "worker-default")]
    begun = time.monotonic()
    try:
        there = deploy({"logLevel": "WARNING"}, {"logLevel": "WARNING"})
        between = [stage.pod(workload).name for workload in ("scheduler", "worker-default")]
    finally:
        back = deploy()
    left = TASKS - stage.executions.executed(run)
    stage.until_ended(run, 900)
    counts = stage.counts(run)
    told(
        "rollout-under-load",
        {
            "rollout_seconds": [round(there, 1), round(back, 1)],
            "tasks_left_after_both": left,
            "queue_gap_seconds": round(stage.gap(begun), 1),
            **counts.told(),
        },
    )
    assert not set(pods) & set(between), "a pod was not replaced"
    assert left > 0, "the queue was empty before the rollouts were over"
    assert counts.is_clean


def test_a_task_outlasts_its_worker(stage: Stage, told: Told) -> None:
    """Its worker is told to stop and is given less time than the task takes: who is killed, and what becomes of it."""
    late, others = stage.begin(1, LATE_SECONDS), stage.begin(SLOTS - 1, GRACE_SECONDS / 2)
    stage.until_begun(late, 1)
    stage.until_begun(others, SLOTS - 1)
    old = stage.pod("worker-default").name
    begun = time.monotonic()
    # The stack gives what the queue states and two minutes; with less the drill is over sooner.
    stop = ("pod", old, "--namespace", AIRFLOW, "--wait=false", f"--grace-period={GRACE_SECONDS}")
    stage.stack.kubectl("delete", *stop)
    wait_for("the worker is gone", GRACE_SECONDS + 60, lambda: _is_gone(stage, old))
    killed = time.monotonic() - begun
    wait_for("the late task is tried again", 420, lambda: stage.counts(late).run_twice)
    again = time.monotonic() - begun
    for run in (others, late):
        stage.until_ended(run, LATE_SECONDS + 120)
    lates, rest = stage.counts(late), stage.counts(others)
    told(
        "task-outlasts-its-worker",
        {
            "grace_seconds": GRACE_SECONDS,
            "worker_gone_seconds": round(killed, 1),
            "tried_again_seconds": round(again, 1),
            "task_longer_than_the_grace": lates.told(),
            "tasks_within_it": rest.told(),
        },
    )
    assert (lates.failed, lates.tries, lates.run_twice) == (0, 1, 1)
    assert rest.is_clean


def _is_gone(stage: Stage, name: str) -> bool:
    return name not in [pod["metadata"]["name"] for pod in stage.all_pods("worker-default")]
