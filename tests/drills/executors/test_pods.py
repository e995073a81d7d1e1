"""Each task in a pod of its own: a run that ends, whoever made the pods is killed or replaced, a pod is taken away, no room."""

import logging
import os
import time
from dataclasses import asdict
from typing import Any

import pytest

from local.progress import ConsoleReporter
from local.up import run_smoke_dag
from tests.drills.airflow.stage import Stage, tell
from tests.drills.executors.memory import memory
from tests.drills.figures import TaskCounts
from tests.drills.load import DAG_ID
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

STACK, AIRFLOW, TASKS = "pods", "pods-airflow", "pods-tasks"
TASK_SECONDS = 150.0
"""Longer than it takes until a silent scheduler is believed dead (30 s) and its tasks are looked for (60 s)."""
SHORT_TASK_SECONDS = 60.0
AT_ONCE = 2
START_SECONDS = 240
_MEASURED_AFTER_SECONDS = 20
"""The kubelet looks every ten seconds or so."""

log = logging.getLogger(__name__)


def task_pods(stack: DeployedStack) -> dict[str, dict[str, Any]]:
    """The pods of tasks by name, those that have ended included."""
    return {pod["metadata"]["name"]: pod for pod in stack.get("pods", "--namespace", TASKS)["items"]}


def working(stage: Stage) -> list[str]:
    """Names of the pods in which the load's tasks run."""
    found = task_pods(stage.stack).items()
    return [name for name, pod in found if pod["metadata"]["annotations"]["task_id"] == "work"]


def makers(stage: Stage) -> set[str]:
    """Who watches the pods, by what the executor writes on them."""
    return {pod["metadata"]["labels"]["airflow-worker"] for pod in task_pods(stage.stack).values()}


def until_cleaned(stack: DeployedStack, seconds: float = 180) -> float:
    """Wait until no pod of a task is left. Returns the seconds it took."""
    return wait_for("no pod of a task is left", seconds, lambda: not task_pods(stack))


def ended(stage: Stage, run: str, seconds: float) -> tuple[dict[str, Any], TaskCounts]:
    """Wait for the end of a run and of its pods; what came of its tasks."""
    stage.until_ended(run, seconds)
    outcome = stage.counts(run)
    log.info("%s: %s", run, outcome)
    return {**asdict(outcome), "pods_gone_after_seconds": round(until_cleaned(stage.stack), 1)}, outcome


def begun(stage: Stage, seconds: float, tasks: int = AT_ONCE) -> str:
    run = stage.begin(tasks, seconds)
    stage.until_begun(run, tasks, START_SECONDS)
    return run


def test_a_run_ends_without_broker_and_workers_and_leaves_no_pod(stack: DeployedStack) -> None:
    pods = stack.get("pods", "--all-namespaces")["items"]
    ours = [pod["metadata"] for pod in pods if pod["metadata"]["namespace"].startswith(f"{STACK}-")]
    names = {pod["labels"].get("app.kubernetes.io/name", "") for pod in ours}
    assert not {name for name in names if "valkey" in name or "worker" in name}
    load, began = os.getloadavg()[0], time.monotonic()
    run_smoke_dag(STACK, None, ConsoleReporter())
    took = time.monotonic() - began
    tell("pods-smoke", load, {"seconds": round(took, 1), "pods_gone_after_seconds": round(until_cleaned(stack), 1)})


def test_a_task_pod_holds_its_own_files_and_no_token(stage: Stage) -> None:
    load, run = os.getloadavg()[0], begun(stage, SHORT_TASK_SECONDS, 1)
    (pod,) = working(stage)
    inside = stage.stack.kubectl("exec", pod, "--namespace", TASKS, "--", "sh", "-c", _LOOK)
    log.info("inside of %s: %s", pod, inside.split())
    time.sleep(_MEASURED_AFTER_SECONDS)
    path = f"/dags/{DAG_ID}/dagRuns/{run}/taskInstances/work/logs/1?map_index=0"
    said = stage.api.ask("GET", path).text
    scheduler = memory(stage.stack, AIRFLOW, stage.pod("scheduler").name, "airflow")
    seen = {"scheduler_mib": scheduler, "pod_mib": memory(stage.stack, TASKS, pod, "base"), "log_characters": len(said)}
    told, outcome = ended(stage, run, 300)
    tell("pods-one", load, {**seen, **told})
    assert set(inside.split()) == {"ca.crt", "logs_access_key", "logs_secret_key"}
    assert "DAG bundles loaded" in said, said[:2000]
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)


_LOOK = "ls /run/secrets/airflow-platform; ls /run/secrets/kubernetes.io 2>/dev/null || true"


def test_tasks_go_on_without_the_scheduler_that_made_their_pods(stage: Stage) -> None:
    load, run, before = os.getloadavg()[0], begun(stage, TASK_SECONDS), makers(stage)
    stage.stack.kubectl(
        "delete", "pod", stage.pod("scheduler").name, "--namespace", AIRFLOW, "--force", "--grace-period=0"
    )
    stage.until_ready("scheduler")
    adopted = wait_for("another scheduler watches the pods", 180, lambda: not makers(stage) & before)
    seen, outcome = ended(stage, run, TASK_SECONDS + 300)
    tell("pods-scheduler-killed", load, {"ready_to_adopted_seconds": round(adopted, 1), **seen})
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)


def test_tasks_go_on_through_a_rollout_of_the_scheduler(stage: Stage) -> None:
    load, run, before = os.getloadavg()[0], begun(stage, TASK_SECONDS), makers(stage)
    stage.stack.kubectl("rollout", "restart", "deployment/scheduler", "--namespace", AIRFLOW)
    stage.stack.kubectl("rollout", "status", "deployment/scheduler", "--namespace", AIRFLOW, timeout=600)
    adopted = wait_for("another scheduler watches the pods", 180, lambda: not makers(stage) & before)
    seen, outcome = ended(stage, run, TASK_SECONDS + 300)
    tell("pods-scheduler-rolled", load, {"rolled_to_adopted_seconds": round(adopted, 1), **seen})
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)


def test_a_pod_that_is_told_to_stop_lets_its_task_end(stage: Stage) -> None:
    load, run = os.getloadavg()[0], begun(stage, SHORT_TASK_SECONDS, 1)
    (pod,) = working(stage)
    stage.stack.kubectl("delete", "pod", pod, "--namespace", TASKS, "--wait=false")
    seen, outcome = ended(stage, run, SHORT_TASK_SECONDS + 300)
    tell("pods-stopped", load, seen)
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)


def test_a_task_whose_pod_is_gone_is_tried_again(stage: Stage) -> None:
    load, run = os.getloadavg()[0], begun(stage, SHORT_TASK_SECONDS, 1)
    (pod,) = working(stage)
    began = time.monotonic()
    stage.stack.kubectl("delete", "pod", pod, "--namespace", TASKS, "--force", "--grace-period=0")
    again = wait_for("the task begins again", 600, lambda: len(set(working(stage)) - {pod}) > 0)
    log.info("another pod %.1f s after %.1f s", again, time.monotonic() - began)
    seen, outcome = ended(stage, run, SHORT_TASK_SECONDS + 600)
    tell("pods-killed", load, {"another_pod_after_seconds": round(again, 1), **seen})
    assert outcome.failed == 0
    assert outcome.tries == 1


def test_tasks_wait_while_the_namespace_is_full(stage: Stage) -> None:
    load, quota = os.getloadavg()[0], ("resourcequota/platform", "--namespace", TASKS)
    hard = stage.stack.get(*quota)["spec"]["hard"]["pods"]
    _allow(stage, "1")
    try:
        began = time.monotonic()
        seen, outcome = ended(stage, stage.begin(3, 1.0), 900)
        took = time.monotonic() - began
    finally:
        _allow(stage, hard)
    tell("pods-no-room", load, {"seconds": round(took, 1), **seen})
    assert (outcome.failed, outcome.tries, outcome.run_twice) == (0, 0, 0)


def _allow(stage: Stage, pods: str) -> None:
    change = f'{{"spec": {{"hard": {{"pods": "{pods}"}}}}}}'
    stage.stack.kubectl("patch", "resourcequota/platform", "--namespace", TASKS, "--type", "merge", "--patch", change)
