"""Tasks in the scheduler's pod: a run that ends, a scheduler that is told to stop while tasks run, and one that is killed."""

import logging
import os
import time
from dataclasses import asdict
from typing import Any

import pytest

from local.progress import ConsoleReporter
from local.stacks import stack_config
from local.up import run_smoke_dag
from tests.drills.airflow.stage import Stage, tell
from tests.drills.executors.memory import memory
from tests.drills.figures import TaskCounts
from tests.drills.stack import DeployedStack, Pod
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

STACK, AIRFLOW = "small", "small-airflow"
TASK_SECONDS = 130.0
"""Longer than it takes until a silent scheduler is believed dead (30 s) and its tasks are looked for (60 s)."""
SHORT_TASK_SECONDS = 60.0
_MEASURED_AFTER_SECONDS = 20
"""The kubelet looks every ten seconds or so."""

log = logging.getLogger(__name__)


def slots() -> int:
    """Tasks that the scheduler runs at once."""
    return stack_config(STACK)["airflow-platform:airflow"]["parallelism"]


def until_gone(stage: Stage, pod: Pod, seconds: float) -> float:
    """Wait until the pod is no longer there. Returns the seconds it took."""

    def is_gone() -> bool:
        return pod.uid not in {found["metadata"]["uid"] for found in stage.all_pods("scheduler")}

    return wait_for(f"{pod.name} is gone", seconds, is_gone)


def taken_away(stage: Stage, task_seconds: float, *how: str) -> tuple[dict[str, Any], TaskCounts]:
    """Delete the scheduler's pod while every slot has a task; what was seen, and what came of the tasks."""
    before, load = stage.pod("scheduler"), os.getloadavg()[0]
    idle = memory(stage.stack, AIRFLOW, before.name, "airflow")
    run = stage.begin(slots(), task_seconds)
    stage.until_begun(run, slots())
    time.sleep(_MEASURED_AFTER_SECONDS)
    busy = memory(stage.stack, AIRFLOW, before.name, "airflow")
    begun = time.monotonic()
    stage.stack.kubectl("delete", "pod", before.name, "--namespace", AIRFLOW, "--wait=false", *how)
    gone = until_gone(stage, before, task_seconds + 120)
    log.info("%s gone after %.0f s", before.name, gone)
    stage.until_ready("scheduler")
    ready = time.monotonic() - begun
    stage.until_ended(run, 2 * task_seconds + 600)
    outcome = stage.counts(run)
    seen = {
        "load_before": round(load, 1),
        "task_seconds": task_seconds,
        "memory_mib": {"idle": idle, f"with_{slots()}_tasks": busy},
        "pod_gone_seconds": round(gone, 1),
        "next_ready_seconds": round(ready, 1),
        "run_ended_seconds": round(time.monotonic() - begun, 1),
        **asdict(outcome),
    }
    return seen, outcome


def test_a_run_ends_without_broker_and_workers(stack: DeployedStack) -> None:
    pods = stack.get("pods", "--all-namespaces")["items"]
    own = {pod["metadata"]["labels"].get("app.kubernetes.io/name") for pod in pods if _is_ours(pod)}
    assert not {name for name in own if name and ("valkey" in name or "worker" in name)}
    run_smoke_dag(STACK, None, ConsoleReporter())


def _is_ours(pod: dict[str, Any]) -> bool:
    return pod["metadata"]["namespace"].startswith("small-")


def test_a_scheduler_that_is_told_to_stop_lets_its_tasks_end(stage: Stage) -> None:
    seen, outcome = taken_away(stage, TASK_SECONDS)
    tell("local-scheduler-stopped", seen["load_before"], seen)
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)
    # It did wait: not for its whole grace, and not only for a moment.
    assert seen["pod_gone_seconds"] > TASK_SECONDS / 2


def test_tasks_of_a_scheduler_that_is_killed_run_again(stage: Stage) -> None:
    seen, outcome = taken_away(stage, SHORT_TASK_SECONDS, "--force", "--grace-period=0")
    tell("local-scheduler-killed", seen["load_before"], seen)
    assert outcome.failed == 0
    assert outcome.run_twice == slots()
