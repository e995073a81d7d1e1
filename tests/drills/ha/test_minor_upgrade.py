"""A newer minor version of PostgreSQL, under load: instances are replaced one by one, and the lead is handed over before."""

from typing import Any

import pytest

from local.progress import ConsoleReporter
from local.stacks import stack_config
from tests.drills import deploy_with, older_postgres
from tests.drills.ha.bench import DATA, STACK, Bench
from tests.drills.ha.drill import Drill, Limits
from tests.drills.ha.patroni import Patroni
from tests.drills.ha.test_postgres import full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]


@full
def test_a_minor_upgrade(
    drill: Drill, patroni: Patroni, bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    older = older_postgres.build(tmp_path_factory.mktemp("older"), ConsoleReporter())
    newest = versions(bench, patroni)
    seen: list[dict[str, str]] = []

    def before() -> None:
        deploy({"postgres": older})
        seen.append(versions(bench, patroni))

    drill.run("postgres-minor-upgrade", lambda: deploy({}), Limits(outage=5), before=before)
    assert all(set(before_it.values()).isdisjoint(newest.values()) for before_it in seen)
    assert versions(bench, patroni) == newest


def deploy(overrides: dict[str, str]) -> None:
    """Deploy the stack with these images in place of the repository's."""
    images: dict[str, Any] = {**stack_config(STACK)["airflow-platform:images"], "overrides": overrides}
    result = deploy_with.deployed(STACK, images=images)
    assert result.returncode == 0, result.stdout + result.stderr


def versions(bench: Bench, patroni: Patroni) -> dict[str, str]:
    """What each instance's server says that it is."""
    patroni.until_whole()
    psql = ("psql", "-qAt", "-d", "postgres", "-c", "SHOW server_version")
    return {
        pod.name: bench.kubectl("exec", pod.name, "-n", DATA, "-c", "postgres", "--", *psql).strip()
        for pod in patroni.instances()
    }
