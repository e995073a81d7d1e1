"""Task logs outlive their pods, a store that hangs fails no task and loses no log, and old ones go."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from local import paths
from local.airflow_api import AirflowApi
from local.progress import ConsoleReporter
from local.smoke import SUMMARY, SmokeResult, log_lines, run_smoke
from tests.drills.faults import frozen
from tests.drills.load import task_instances
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

STACK, AIRFLOW = "logs", "logs-airflow"
DAG = "platform_smoke"
WORKER, STORE = "worker-default", "log-store"
AWAY_SECONDS = 60
KEEP_DAYS = 30
Report = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture
def stack(
    command_line: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> Generator[DeployedStack]:
    done = command_line("deploy", "--stack", STACK)
    assert done.returncode == 0, done.stdout + done.stderr
    yield DeployedStack(STACK, tmp_path_factory.mktemp("stack"))
    if not os.environ.get("DRILL_KEEP"):
        command = [sys.executable, "-m", "local", "destroy", "--stack", STACK]
        subprocess.run(command, cwd=paths.checkout(), check=True)


def smoke(stack: DeployedStack) -> SmokeResult:
    """A run of the smoke DAG that succeeds, whose logs can be read."""
    url = f"https://{stack.address(AIRFLOW, 'api-core')}:8080"
    host = f"api-core.{AIRFLOW}.svc.cluster.local"
    password = str(stack.outputs["admin_password"])
    return run_smoke(url, stack.authority, "admin", password, 900, ConsoleReporter(), host=host)


def logs_of(api: AirflowApi, run: str) -> dict[str, list[str]]:
    """What the log of every try of every task of a run says, the places that it was read from first."""
    found: dict[str, list[str]] = {}
    for task in task_instances(api, DAG, run):
        for number in range(1, task["try_number"] + 1):
            path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/{task['task_id']}/logs/{number}"
            answer = api.ask("GET", f"{path}?full_content=true&map_index={task['map_index']}")
            found[f"{task['task_id']}[{task['map_index']}] {number}"] = log_lines(answer)
    return found


def from_bucket(logs: Mapping[str, list[str]]) -> set[str]:
    """Names of those that were read from the store, at least a part of them."""
    return {name for name, lines in logs.items() if any(line.startswith("s3://logs/") for line in lines)}


def left_in(stack: DeployedStack, workload: str) -> list[str]:
    """Logs that lie in its one pod."""
    (pod,) = stack.pods(AIRFLOW, workload)
    said = stack.kubectl(
        "exec", "--namespace", AIRFLOW, pod.name, "--", "find", "/opt/airflow/logs", "-name", "attempt=*"
    )
    return [line for line in said.splitlines() if line]


def replace_worker(stack: DeployedStack) -> float:
    """Another pod in place of the worker's; the seconds it took the first to stop and the second to work."""
    (before,) = stack.pods(AIRFLOW, WORKER)
    begun = time.monotonic()
    stack.kubectl("delete", "pod", "--namespace", AIRFLOW, before.name, timeout=240)

    def replaced() -> bool:
        return any(pod.ready and pod.uid != before.uid for pod in stack.pods(AIRFLOW, WORKER))

    wait_for("another worker works", 300, replaced)
    return round(time.monotonic() - begun, 1)


def assert_complete(logs: Mapping[str, list[str]]) -> None:
    """Every try's log is there, and says what it should."""
    assert from_bucket(logs) == set(logs), {
        name: lines[:6] for name, lines in logs.items() if name not in from_bucket(logs)
    }
    assert any(SUMMARY in line for line in logs["conclude[-1] 1"])
    assert any("fails on purpose" in line for line in logs["fail_once[-1] 1"])
    waited = logs["wait_on_triggerer[-1] 1"]
    assert any("woken by the triggerer" in line for line in waited)
    assert any(".log.trigger." in line for line in waited), "the part of the triggerer is missing"


def test_logs_outlive_their_pods(stack: DeployedStack, report: Report) -> None:
    first = smoke(stack)
    wait_for("no log is left in the worker", 30, lambda: left_in(stack, WORKER) == [])
    replaced_seconds = replace_worker(stack)
    with stack.api(AIRFLOW) as api:
        logs = logs_of(api, first.run_id)
        assert_complete(logs)
        begun = time.monotonic()
        logs_of(api, first.run_id)
        read_seconds = (time.monotonic() - begun) / len(logs)
        hung = _store_hangs(stack, api)
        removed = _old_ones_go(stack, api, first.run_id)
    report(
        "logs",
        {
            "logs_of_a_run": len(logs),
            "worker_replaced_seconds": replaced_seconds,
            "read_seconds_per_log": round(read_seconds, 3),
            "run_seconds": round(first.run_seconds, 1),
            **hung,
            **removed,
        },
    )


def _store_hangs(stack: DeployedStack, api: AirflowApi) -> dict[str, Any]:
    """Tasks end as ever and their logs are read from the worker, which hands them on when it stops."""
    (store,) = stack.pods(AIRFLOW, STORE)
    begun = time.monotonic()
    with frozen(store, "store"):
        during = smoke(stack)
        assert from_bucket(logs_of(api, during.run_id)) == set()
        kept = len(left_in(stack, WORKER))
        assert kept > 0
        time.sleep(max(0.0, AWAY_SECONDS - (time.monotonic() - begun)))
    away_seconds = time.monotonic() - begun
    wait_for("the store answers again", 60, lambda: any(pod.ready for pod in stack.pods(AIRFLOW, STORE)))
    replace_worker(stack)
    # The triggerer hands on what it still has with the log of its next trigger.
    smoke(stack)
    logs = logs_of(api, during.run_id)
    assert_complete(logs)
    return {
        "store_hung_seconds": round(away_seconds, 1),
        "store_hung_run_seconds": round(during.run_seconds, 1),
        "store_hung_logs_kept_by_worker": kept,
        "store_hung_logs_lost": len(logs) - len(from_bucket(logs)),
        "store_hung_tasks_retried": list(during.retried),
    }


def _old_ones_go(stack: DeployedStack, api: AirflowApi, run: str) -> dict[str, Any]:
    """The CronJob removes what is older than it says and nothing else."""
    (store,) = stack.pods(AIRFLOW, STORE)
    old = ("find", "/objects/logs", "-type", "f", "-path", f"*run_id={run}/task_id=conclude/*")
    age = ("-exec", "touch", "--date", f"{KEEP_DAYS + 1} days ago", "{}", "+")
    stack.kubectl("exec", "--namespace", AIRFLOW, store.name, "--", *old, *age)
    job = "log-cleaning-now"
    stack.kubectl("create", "job", "--namespace", AIRFLOW, job, "--from", "cronjob/log-cleaning")
    stack.kubectl(
        "wait", "--namespace", AIRFLOW, "--for=condition=complete", f"job/{job}", "--timeout=180s", timeout=200
    )
    said = stack.kubectl("logs", "--namespace", AIRFLOW, f"job/{job}").splitlines()
    assert said[-1] == f"1 logs were older than {KEEP_DAYS} days"
    logs = logs_of(api, run)
    assert set(logs) - from_bucket(logs) == {"conclude[-1] 1"}
    return {"old_logs_removed": 1}
