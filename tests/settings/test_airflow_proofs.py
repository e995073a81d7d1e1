"""Numbers of Airflow's own processes that do not fit together are refused."""

from typing import Any

import pytest

from settings.connection_proofs import airflow_database_processes
from settings.load import parse
from tests.settings.stack_files import changed, problems_of, values_of

IMAGE = f"registry.example.com/airflow@sha256:{'7' * 64}"


@pytest.mark.parametrize(
    ("stack", "path", "value", "key", "arithmetic"),
    [
        ("prod", "airflow.apiCore.scaling.maxReplicas", 2, "airflow.apiCore.scaling.maxReplicas", "replicas 2"),
        ("prod", "airflow.apiExecution.resources.requests.cpu", None, "airflow.apiExecution.resources.requests.cpu", "percentage"),
        ("prod", "airflow.cleaning.schedule", "0 2 * * *", "airflow.cleaning.schedule", "by 30 minutes"),
        ("prod", "airflow.cleaning.schedule", "30 1 * * *", "airflow.cleaning.schedule", "by 0 minutes"),
        ("prod", "airflow.cleaning", {"schedule": "30 23 * * *", "timeoutSeconds": 7260}, "airflow.cleaning.timeoutSeconds", "120 minutes"),
        ("prod", "airflow.migration.downgrade", {"fromVersion": "3.3.2", "image": IMAGE}, "airflow.migration.downgrade.fromVersion", "airflow.version 3.3.2"),
        ("prod", "airflow.migration.downgrade", {"fromVersion": "3.2.10", "image": IMAGE}, "airflow.migration.downgrade.fromVersion", "airflow.version 3.3.2"),
    ],
)  # fmt: skip
def test_one_wrong_number_gives_one_problem(stack: str, path: str, value: Any, key: str, arithmetic: str) -> None:
    (problem,) = problems_of(changed(values_of(stack), path, value))
    assert problem.key == key
    assert arithmetic in problem.reason
    assert problem.way_out


def test_connections_are_counted_for_as_many_api_servers_as_there_can_be() -> None:
    fixed = changed(changed(values_of("prod"), "airflow.apiCore.scaling", None), "airflow.apiExecution.scaling", None)
    # Three pods more of each role, with two server processes in each.
    assert airflow_database_processes(parse(values_of("prod"))) - airflow_database_processes(parse(fixed)) == 12
    enough = changed(values_of("prod"), "postgres.pooler.maxClientConnections", 264)
    assert problems_of(enough) == []
    (problem,) = problems_of(changed(values_of("prod"), "postgres.pooler.maxClientConnections", 262))
    assert problem.key == "postgres.pooler.maxClientConnections"


def test_the_way_back_to_an_older_version_names_a_newer_one_by_digest() -> None:
    older = changed(values_of("prod"), "airflow.version", "3.2.10")
    assert problems_of(changed(older, "airflow.migration.downgrade", {"fromVersion": "3.3.0", "image": IMAGE})) == []
    (problem,) = problems_of(
        changed(older, "airflow.migration.downgrade", {"fromVersion": "3.3.0", "image": "a:3.3.0"})
    )
    assert problem.key == "airflow.migration.downgrade.image"
