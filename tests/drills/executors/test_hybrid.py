"""Workers and pods side by side: one DAG, from Git, with a task in each.

On the stack of pods, which is given workers and a broker for it, as the stack file `hybrid` states them, and loses them again.
"""

import logging
import os
from collections.abc import Generator
from typing import Any

import pytest

from local.stacks import stack_config
from tests.drills import deploy_with
from tests.drills.airflow.stage import tell
from tests.drills.bundles.server import TOKEN, USER, GitServer, Repository
from tests.drills.load import run_name
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

STACK, AIRFLOW = "pods", "pods-airflow"
DAG = "team_hybrid"
FLOW = """
import os
import socket
from airflow.sdk import dag, task
from kubernetes.client import models as k8s

def place() -> dict:
    secrets = [name for name in os.listdir("/run/secrets/airflow-platform") if not name.startswith(".")]
    return {"host": socket.gethostname(), "own": os.environ.get("OWN"), "secrets": secrets, "text": "{text}"}

own = k8s.V1Container(name="base", env=[k8s.V1EnvVar(name="OWN", value="1")])
size = {"pod_override": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[own]))}
in_worker = task(task_id="in_worker")(place)
in_pod = task(task_id="in_pod", executor="KubernetesExecutor", executor_config=size)(place)

@dag(dag_id="team_hybrid", schedule=None)
def team_hybrid():
    in_worker() >> in_pod()

team_hybrid()
"""

log = logging.getLogger(__name__)


@pytest.fixture
def commit(stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The DAG's, which the stack reads from a server while the drill runs."""
    folder = tmp_path_factory.mktemp("git")
    repository = Repository(folder / "repository", FLOW)
    server = GitServer(repository, stack.gateway(AIRFLOW), folder)
    pushed = repository.push("one")
    with server.serving():
        hybrid = {key: stack_config("hybrid")[f"airflow-platform:{key}"] for key in ("airflow", "workers", "redis")}
        deployed(**{**hybrid, "airflow": {**hybrid["airflow"], "bundles": {"team": bundle(server)}}})
        yield pushed
        deployed()


def deployed(**settings: Any) -> None:
    """Deploy the stack with these settings and the token."""
    result = deploy_with.deployed(STACK, **settings, givenValues={"team_token": TOKEN})
    assert result.returncode == 0, result.stdout + result.stderr


def bundle(server: GitServer) -> dict[str, Any]:
    return {
        "url": server.url,
        "ref": "main",
        "subdir": "flows",
        "user": USER,
        "tokenFrom": "team_token",
        "authority": server.authority,
        "refreshSeconds": 5,
        "dagProcessor": {"resources": {"requests": {"cpu": "10m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}},
    }


def test_one_dag_has_a_task_in_a_worker_and_one_in_a_pod(stack: DeployedStack, commit: str) -> None:
    load = os.getloadavg()[0]
    with stack.api(AIRFLOW) as api:

        def read() -> bool:
            answer = api.ask("GET", f"/dags/{DAG}", accept_errors=True)
            return answer.status_code == 200 and answer.json()["bundle_version"] == commit

        wait_for(f"{DAG} is read", 180, read)
        run = run_name()
        path = f"/dags/{DAG}/dagRuns"
        api.ask("POST", path, {"dag_run_id": run, "logical_date": None})
        took = wait_for(
            f"{run} has ended", 300, lambda: api.ask("GET", f"{path}/{run}").json()["state"] in {"success", "failed"}
        )
        tasks = {name: api.ask("GET", f"{path}/{run}/taskInstances/{name}").json() for name in ("in_worker", "in_pod")}
        log.info("%s", {name: (task["state"], task["executor"], task["hostname"]) for name, task in tasks.items()})
        said = {
            name: api.ask("GET", f"{path}/{run}/taskInstances/{name}/xcomEntries/return_value").json()["value"]
            for name in tasks
        }
        logs = {name: api.ask("GET", f"{path}/{run}/taskInstances/{name}/logs/1").text for name in tasks}
    log.info("%s", said)
    tell("hybrid-both", load, {"seconds": round(took, 1), "said": said})
    assert {task["state"] for task in tasks.values()} == {"success"}
    assert {task["try_number"] for task in tasks.values()} == {1}
    assert said["in_worker"]["host"].startswith("worker-default-")
    assert said["in_pod"]["host"].startswith("team-hybrid-in-pod-")
    assert (said["in_worker"]["own"], said["in_pod"]["own"]) == (None, "1")
    assert "broker_url" in said["in_worker"]["secrets"]
    assert set(said["in_pod"]["secrets"]) == {"ca.crt", "given_team_token", "logs_access_key", "logs_secret_key"}
    assert all("Done. Returned value was" in text for text in logs.values())
