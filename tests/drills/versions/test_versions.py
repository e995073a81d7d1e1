"""Two real Airflow versions after each other on one database: up with a DAG run in flight, what is refused, and back."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.progress import ConsoleReporter
from tests.drills.versions import older
from tests.drills.versions.platform import AIRFLOW, STACK, Watch, api, deployed, has_ready, query, smoke

full = pytest.mark.skipif(
    not os.environ.get("DRILL_FULL"), reason="takes a quarter of an hour: `make drills-versions FULL=1`"
)
pytestmark = [pytest.mark.drill, pytest.mark.timeout(5400), full]

NEWER = "3.3.2"
LOAD = {"tasks": 100, "seconds": 8.0}
Report = Callable[[str, dict[str, Any]], None]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    return older.build(tmp_path_factory.mktemp("older") / "context", ConsoleReporter())


def head() -> str:
    return query("SELECT version_num FROM alembic_version")


def begin_load() -> str:
    """A run that is in flight for more than three minutes."""
    run = f"versions__{int(time.time())}"
    with api() as connection:
        body = {"dag_run_id": run, "logical_date": None, "conf": {**LOAD, "report_to": ""}}
        connection.ask("POST", "/dags/platform_load/dagRuns", body)
    while int(query(f"SELECT count(*) FROM task_instance WHERE run_id = '{run}' AND state = 'running'")) < 2:  # noqa: S608
        time.sleep(1)
    return run


def ended(run: str) -> dict[str, Any]:
    """Wait for its end; what came of its tasks."""
    while query(f"SELECT state FROM dag_run WHERE run_id = '{run}'") not in ("success", "failed"):  # noqa: S608
        time.sleep(2)
    tasks = f"FROM task_instance WHERE run_id = '{run}'"
    return {
        "tasks": int(query(f"SELECT count(*) {tasks}")),
        "not_successful": int(query(f"SELECT count(*) {tasks} AND state <> 'success'")),
        "tried_again": int(query(f"SELECT count(*) {tasks} AND try_number > 1")),
    }


def watched(version: str, image: str | None, **migration: Any) -> dict[str, Any]:
    """Deploy a version while a run is in flight; what was away for how long."""
    run = begin_load()
    with api() as connection:
        begun = time.monotonic()
        with (
            Watch(
                lambda: connection.ask("GET", "/version", accept_errors=True).status_code == 200
            ).watching() as served,
            Watch(lambda: has_ready("scheduler")).watching() as scheduled,
        ):
            result = deployed(version, image, **migration)
        assert result.returncode == 0, result.stdout + result.stderr
        seconds = time.monotonic() - begun
    return {
        "seconds": round(seconds, 1),
        "without_scheduler_seconds": round(scheduled.longest_seconds, 1),
        "without_api_seconds": round(served.away_seconds, 1),
        **ended(run),
        "dags_still_waiting": int(query("SELECT count(*) FROM dag WHERE is_paused AND NOT is_stale")),
    }


def test_up_and_back_with_a_run_in_flight(image: str, report: Report) -> None:
    first = deployed(older.VERSION, image)
    assert first.returncode == 0, first.stdout + first.stderr
    smoke()
    before = head()

    up = watched(NEWER, None)
    assert head() != before
    smoke()
    after, pods = (
        head(),
        STACK.kubectl("-n", AIRFLOW, "get", "pods", "-l", "app.kubernetes.io/name=scheduler", "-o", "name"),
    )

    refused = deployed(older.VERSION, image)
    assert refused.returncode == 1
    assert f"airflow.version = {older.VERSION}: the database is newer" in refused.stdout + refused.stderr
    assert head() == after
    assert STACK.kubectl("-n", AIRFLOW, "get", "pods", "-l", "app.kubernetes.io/name=scheduler", "-o", "name") == pods

    newer = STACK.kubectl(
        "-n", AIRFLOW, "get", "deployment", "scheduler", "-o", "jsonpath={.spec.template.spec.containers[0].image}"
    )
    back = watched(older.VERSION, image, downgrade={"fromVersion": NEWER, "image": newer})
    assert head() == before
    smoke()

    report("versions", {"stack": STACK.name, "from": older.VERSION, "to": NEWER, "up": up, "back": back})
    for way in (up, back):
        assert (way["not_successful"], way["tried_again"], way["dags_still_waiting"]) == (0, 0, 0)
