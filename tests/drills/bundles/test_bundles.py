"""DAGs from Git on a stack of their own: a push, a pinned commit, a server that is away, and a bundle that is dropped."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from local import paths
from local.airflow_api import AirflowApi
from local.stacks import stack_config
from tests.drills import deploy_with
from tests.drills.bundles.server import TOKEN, USER, GitServer, Repository
from tests.drills.load import run_name
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

STACK, AIRFLOW = "bundles", "bundles-airflow"
DAG = "team_flow"
REFRESH_SECONDS = 5
Report = Callable[[str, Mapping[str, Any]], None]


def deployed(bundles: Mapping[str, Any]) -> None:
    """Deploy the stack with these bundles and the token."""
    airflow = {**stack_config(STACK)["airflow-platform:airflow"], "bundles": bundles}
    result = deploy_with.deployed(STACK, airflow=airflow, givenValues={"team_token": TOKEN})
    assert result.returncode == 0, result.stdout + result.stderr


def bundle(server: GitServer, ref: str) -> dict[str, Any]:
    return {
        "url": server.url,
        "ref": ref,
        "subdir": "flows",
        "user": USER,
        "tokenFrom": "team_token",
        "authority": server.authority,
        "refreshSeconds": REFRESH_SECONDS,
        "dagProcessor": {"resources": {"requests": {"cpu": "20m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}},
    }


def pods(stack: DeployedStack) -> dict[str, str]:
    """Name of each long-running workload to the identity of its one pod."""
    found = stack.get("pods", "--namespace", AIRFLOW, "--field-selector", "status.phase=Running")["items"]
    alive = [pod["metadata"] for pod in found if "deletionTimestamp" not in pod["metadata"]]
    return {pod["labels"]["app.kubernetes.io/name"]: pod["uid"] for pod in alive}


class Flow:
    """Runs of the DAG."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api

    def version(self) -> str | None:
        """Commit that its newest form was read from; None while nobody has read it."""
        answer = self._api.ask("GET", f"/dags/{DAG}", accept_errors=True)
        return answer.json().get("bundle_version") if answer.status_code == 200 else None

    def until_read(self, commit: str, seconds: float = 180) -> float:
        """Wait until it was read from this commit; returns the seconds."""
        return wait_for(f"{DAG} is read from {commit[:12]}", seconds, lambda: self.version() == commit)

    def begin(self) -> str:
        """Start a run; returns its name."""
        run = run_name()
        self._api.ask("POST", f"/dags/{DAG}/dagRuns", {"dag_run_id": run, "logical_date": None})
        return run

    def task(self, run: str, name: str) -> dict[str, Any]:
        """A task instance of a run."""
        return self._api.ask("GET", f"/dags/{DAG}/dagRuns/{run}/taskInstances/{name}").json()

    def said(self, run: str, name: str) -> str:
        """What a task returned."""
        path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/{name}/xcomEntries/return_value"
        return self._api.ask("GET", path).json()["value"]

    def ended(self, run: str, seconds: float = 180) -> tuple[str, str]:
        """Wait for a run's success; what its two tasks said."""

        def succeeded() -> bool:
            return self._api.ask("GET", f"/dags/{DAG}/dagRuns/{run}").json()["state"] == "success"

        wait_for(f"{run} has succeeded", seconds, succeeded)
        return self.said(run, "say"), self.said(run, "later")

    def is_listed(self) -> bool:
        """Whether it is among the DAGs that there are."""
        answer = self._api.ask("GET", f"/dags?dag_id_pattern={DAG}")
        return answer.json()["total_entries"] > 0


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[DeployedStack]:
    deployed({})
    yield DeployedStack(STACK, tmp_path_factory.mktemp("stack"))
    if not os.environ.get("DRILL_KEEP"):
        command = [sys.executable, "-m", "local", "destroy", "--stack", STACK]
        subprocess.run(command, cwd=paths.checkout(), check=True)


def test_dags_from_git(stack: DeployedStack, report: Report, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("git")
    repository = Repository(folder / "repository")
    server = GitServer(repository, stack.gateway(AIRFLOW), folder)
    first = repository.push("one")
    before = pods(stack)

    with server.serving():
        deployed({"team": bundle(server, "main")})
        assert {name for name, pod in pods(stack).items() if before.get(name) == pod} >= {
            "scheduler",
            "triggerer",
            "api-core",
        }
        with stack.api(AIRFLOW) as api:
            flow = Flow(api)
            flow.until_read(first)
            running = flow.begin()
            wait_for("its first task has ended", 120, lambda: flow.task(running, "say")["state"] == "success")
            second = repository.push("two")
            seen = flow.until_read(second)
            after = flow.begin()
            assert flow.ended(running) == ("one", "one")
            assert flow.ended(after) == ("two", "two")

    with stack.api(AIRFLOW) as api:
        away = _server_away(stack, server, Flow(api))

    with server.serving():
        pinned = _pinned(stack, server, first)
        deployed({})
        dropped = _dropped(stack)
    report("bundles", {"push_seen_seconds": round(seen, 1), **away, **pinned, **dropped})


def _server_away(stack: DeployedStack, server: GitServer, flow: Flow) -> dict[str, Any]:
    """A worker that has the commit runs it; one that does not tries until the server is back."""
    assert flow.ended(flow.begin()) == ("two", "two")
    worker = pods(stack)["worker-default"]
    stack.kubectl(
        "delete", "pod", "--namespace", AIRFLOW, "--selector", "app.kubernetes.io/name=worker-default", timeout=180
    )
    wait_for("another worker runs", 180, lambda: pods(stack).get("worker-default", worker) != worker)
    waiting = flow.begin()
    wait_for("its first task is tried again", 180, lambda: flow.task(waiting, "say")["try_number"] > 2)
    begun = time.monotonic()
    with server.serving():
        assert flow.ended(waiting) == ("two", "two")
        return {
            "server_away_tries_of_new_worker": flow.task(waiting, "say")["try_number"],
            "server_back_until_run_ended_seconds": round(time.monotonic() - begun, 1),
        }


def _pinned(stack: DeployedStack, server: GitServer, commit: str) -> dict[str, Any]:
    """Another commit in the stack file restarts who reads the bundle and nobody else."""
    before, begun = pods(stack), time.monotonic()
    deployed({"team": bundle(server, commit)})
    after = pods(stack)
    assert {name for name in before if before[name] != after.get(name)} == {"dag-processor-team"}
    with stack.api(AIRFLOW) as api:
        flow = Flow(api)
        flow.until_read(commit)
        seconds = time.monotonic() - begun
        assert flow.ended(flow.begin()) == ("one", "one")
    return {"other_commit_deployed_and_read_seconds": round(seconds, 1)}


def _dropped(stack: DeployedStack) -> dict[str, Any]:
    with stack.api(AIRFLOW) as api:
        flow = Flow(api)
        seconds = wait_for("the DAG is gone", 300, lambda: not flow.is_listed())
    assert "dag-processor-team" not in pods(stack)
    return {"dropped_bundle_gone_after_seconds": round(seconds, 1)}
