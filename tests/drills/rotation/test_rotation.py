"""Every secret that two sides share is rotated in two updates, under clients that log in without a pause."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from components.contract.labels import ROLE_LABEL
from local.stacks import stack_config
from tests.drills import deploy_with
from tests.drills.rotation.logins import Client, Cluster, broker_login, database_login

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

STACK = os.environ.get("AIRFLOW_PLATFORM_DRILL_STACK", "dev")
ROTATED = (
    "admin_password",
    "broker_airflow_password",
    "broker_monitor_password",
    "database_airflow_password",
    "database_monitor_password",
    "database_owner_password",
    "database_reader_password",
    "database_replication_password",
    "database_rewind_password",
    "fernet_key",
    "jwt_private_key",
)
KEEP = "rotation_drill"
_WRITE = f"from airflow.models import Variable; Variable.set({KEEP!r}, 'kept')"
_READ = f"from airflow.models import Variable; print('value:', Variable.get({KEEP!r}))"
# With the first key alone: what the retired one had encrypted is not readable by it.
_DECRYPT = """
from pathlib import Path
from cryptography.fernet import Fernet
from airflow.utils.session import create_session
from sqlalchemy import text
first = Fernet(Path("/run/secrets/airflow-platform/fernet_key").read_text().split(",")[0])
with create_session() as session:
    rows = session.execute(text("SELECT val FROM variable WHERE is_encrypted")).scalars().all()
print("decrypted:", len([first.decrypt(row.encode()) for row in rows]))
"""


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(STACK)


@pytest.fixture
def namespaces() -> dict[str, str]:
    """Of the stack, as its file names them."""
    given = stack_config(STACK).get("airflow-platform:namespaces", {})
    return {"airflow": "airflow", "data": "airflow-data", **given}


@pytest.fixture
def clients(cluster: Cluster, namespaces: dict[str, str]) -> list[Client]:
    """A pod that runs and a pod that starts, at the database and at the broker."""
    space = namespaces["airflow"]
    logins = (
        ("database", "deployment/dag-processor", database_login(cluster)),
        ("broker", "deployment/scheduler", broker_login(cluster)),
    )
    return [
        Client(
            name=f"{name}, a pod that {'starts' if follows else 'runs'}",
            cluster=cluster,
            namespace=space,
            workload=workload,
            log_in=log_in,
            follows=follows,
        )
        for name, workload, log_in in logins
        for follows in (True, False)
    ]


@pytest.fixture
def inside(cluster: Cluster, namespaces: dict[str, str]) -> Iterator[Callable[[str], str]]:
    """Runs Python in the dag-processor's pod."""

    def run(program: str) -> str:
        target = ("--namespace", namespaces["airflow"], "deployment/dag-processor", "--", "python", "-c", program)
        return cluster.run("exec", *target)

    yield run
    run(f"from airflow.models import Variable; Variable.delete({KEEP!r})")


def update(credentials: dict[str, Any]) -> float:
    """Deploy with these credentials; returns the seconds that it took."""
    begun = time.monotonic()
    result = deploy_with.deployed(STACK, credentials=credentials)
    assert result.returncode == 0, result.stdout + result.stderr
    return time.monotonic() - begun


def standbys(cluster: Cluster, namespaces: dict[str, str]) -> set[str]:
    """Logins with which standbys stream."""
    instances = cluster.read("pods", "--namespace", namespaces["data"], "--selector", f"{ROLE_LABEL}=primary")["items"]
    sql = "SELECT usename FROM pg_stat_replication"
    target = ("--namespace", namespaces["data"], instances[0]["metadata"]["name"], "--container", "postgres", "--")
    return set(cluster.run("exec", *target, "psql", "-U", "postgres", "-At", "-c", sql).split())


def test_two_updates_rotate_everything_without_a_failed_login(
    cluster: Cluster,
    namespaces: dict[str, str],
    clients: list[Client],
    inside: Callable[[str], str],
    report: Callable[[str, dict[str, Any]], None],
) -> None:
    given = dict(stack_config(STACK).get("airflow-platform:credentials", {}))
    inside(_WRITE)
    before = standbys(cluster, namespaces)
    measured: dict[str, Any] = {"rotated": list(ROTATED)}
    steps = {
        "raised": {**given, "rotation": dict.fromkeys(ROTATED, 1)},
        "retired": {**given, "rotation": dict.fromkeys(ROTATED, 1), "retired": dict.fromkeys(ROTATED, 0)},
    }
    for step, credentials in steps.items():
        with ExitStack() as running:
            for client in clients:
                running.enter_context(client)
            measured[step] = {"seconds": round(update(credentials), 1)}
        measured[step]["clients"] = {client.name: client.report() for client in clients}
        assert "value: kept" in inside(_READ)
    measured["standbys"] = sorted(standbys(cluster, namespaces))
    report("rotation", measured)
    for step in steps:
        for name, came_of_it in measured[step]["clients"].items():
            assert came_of_it["failed_logins"] == {}, f"{step}: {name}"
            assert came_of_it["logins"] > 50, f"{step}: {name}"
    assert "decrypted: 0" not in inside(_DECRYPT)
    assert before <= {"replication_a"}
    assert set(measured["standbys"]) == ({"replication_b"} if before else set())
