"""Every secret that two sides share is rotated in two updates, under clients that log in without a pause."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.contract.labels import ROLE_LABEL
from local.stacks import stack_config
from tests.drills import deploy_with
from tests.drills.clients import conninfo
from tests.drills.ha.ledger import Ledger
from tests.drills.reports import machine
from tests.drills.rotation.logins import Client, Cluster, broker_login, database_login
from tests.drills.rotation.servers import first_days
from tests.drills.runbooks import Reader

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
OF_SENTINELS = ("broker_replication_password", "broker_sentinel_password")
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
    return {"airflow": "airflow", "data": "airflow-data", "edge": "airflow-edge", **given}


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
        return cluster.kubectl("exec", *target)

    yield run
    run(f"from airflow.models import Variable; Variable.delete({KEEP!r})")


@pytest.fixture
def new_ledger(cluster: Cluster, namespaces: dict[str, str], tmp_path: Path) -> Callable[[], Ledger]:
    """Writers with the login that a scheduler's pod has now."""
    airflow, data = namespaces["airflow"], namespaces["data"]

    def make() -> Ledger:
        writers = cluster.files(airflow, cluster.secret_of(airflow, "deployment/scheduler"))
        owner = cluster.files(airflow, cluster.newest_secret(airflow, "migration"))
        (tmp_path / "ca.crt").write_text(writers["ca.crt"])

        def way(files: dict[str, str], service: str) -> str:
            host = f"{service}.{data}.svc.cluster.local"
            return conninfo(files["database_url"], host, cluster.address_of(host), tmp_path / "ca.crt")

        return Ledger({"pooler": (way(writers, "postgres-pooler"), 2)}, way(owner, "postgres-rw"))

    return make


def update(credentials: dict[str, Any]) -> float:
    """Deploy with these credentials; returns the seconds that it took."""
    begun = time.monotonic()
    result = deploy_with.deployed(STACK, credentials=credentials)
    assert result.returncode == 0, result.stdout + result.stderr
    return time.monotonic() - begun


def standbys(cluster: Cluster, namespaces: dict[str, str]) -> set[str]:
    """Logins with which standbys stream."""
    instances = cluster.get("pods", "--namespace", namespaces["data"], "--selector", f"{ROLE_LABEL}=primary")["items"]
    sql = "SELECT usename FROM pg_stat_replication"
    target = ("--namespace", namespaces["data"], instances[0]["metadata"]["name"], "--container", "postgres", "--")
    return set(cluster.kubectl("exec", *target, "psql", "-U", "postgres", "-At", "-c", sql).split())


def rotated() -> tuple[str, ...]:
    """What is rotated: what two sides of this stack share."""
    mode = stack_config(STACK).get("airflow-platform:redis", {}).get("mode", "sentinel")
    return (*ROTATED, *(OF_SENTINELS if mode == "sentinel" else ()))


def test_two_updates_rotate_everything_without_a_failed_login(
    cluster: Cluster,
    namespaces: dict[str, str],
    clients: list[Client],
    new_ledger: Callable[[], Ledger],
    inside: Callable[[str], str],
    report: Callable[[str, dict[str, Any]], None],
) -> None:
    given = dict(stack_config(STACK).get("airflow-platform:credentials", {}))
    inside(_WRITE)
    before = standbys(cluster, namespaces)
    measured: dict[str, Any] = {"machine": machine(), "stack": STACK, "rotated": list(rotated())}
    today = datetime.now(UTC).date()
    # Certificates are renewed with the rest: all of them, by the one date.
    raised = {
        **given,
        "rotation": dict.fromkeys(rotated(), 1),
        "authority": {**given.get("authority", {}), "issued": today.isoformat()},
    }
    steps = {"raised": raised, "retired": {**raised, "retired": dict.fromkeys(rotated(), 0)}}
    for step, credentials in steps.items():
        ledger = new_ledger()
        with ExitStack() as running:
            running.enter_context(ledger.writing())
            for client in clients:
                running.enter_context(client)
            begun = time.monotonic()
            measured[step] = {"seconds": round(update(credentials), 1)}
            outage = ledger.outage("pooler", begun, time.monotonic())
        audit = ledger.audit()
        measured[step] |= {
            "commits": {"acknowledged": audit.acknowledged, "lost": len(audit.lost), "outage": round(outage, 2)},
            "clients": {client.name: client.report() for client in clients},
        }
        shown = first_days(cluster, namespaces)
        measured[step]["certificates"] = {server: sorted(map(str, days)) for server, days in shown.items()}
        assert "value: kept" in inside(_READ)
    measured["standbys"] = sorted(standbys(cluster, namespaces))
    report(f"rotation-{STACK}", measured)
    for step in steps:
        assert measured[step]["commits"]["lost"] == 0, step
        assert {day for days in measured[step]["certificates"].values() for day in days} == {str(today)}, step
        for name, came_of_it in measured[step]["clients"].items():
            assert came_of_it["failed_logins"] == {}, f"{step}: {name}"
            assert came_of_it["logins"] > 50, f"{step}: {name}"
    assert "decrypted: 0" not in inside(_DECRYPT)
    assert before <= {"replication_a"}
    assert set(measured["standbys"]) == ({"replication_b"} if before else set())
    page = Reader("rotation", STACK, {"NAMESPACE": namespaces["airflow"], "DATA": namespaces["data"]})
    assert "none" in page.follow("# Rotation").splitlines()
    assert page.left() == []
