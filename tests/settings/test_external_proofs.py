"""What a stack file may say of services that somebody else runs."""

from typing import Any

import pytest

from tests.settings.external import AUTHORITY, with_broker, with_database
from tests.settings.stack_files import STACKS, changed, problems_of, values_of


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_can_have_somebody_elses_broker(stack: str) -> None:
    assert problems_of(with_broker(stack, authority=AUTHORITY)) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_can_have_somebody_elses_database(stack: str) -> None:
    assert problems_of(with_database(stack)) == []


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        (changed(with_broker("prod"), "redis.external", None), "redis.external", "mode 'external' needs it"),
        (changed(with_broker("prod"), "credentials", None), "credentials.given", "lacks 'broker_airflow_password'"),
        (changed(with_broker("prod"), "redis.maxMemory", "1Gi"), "redis.maxMemory", "would be ignored"),
        (
            changed(values_of("prod"), "redis.external", {"host": "broker.example.com"}),
            "redis.external",
            "mode 'sentinel' does not use it",
        ),
        (with_broker("prod", networks=["10.20.0.1/24"]), "redis.external.networks.0", "host bits"),
        (with_broker("prod", host="Broker_1"), "redis.external.host", "pattern"),
        (with_broker("prod", authority="no certificate"), "redis.external.authority", "pattern"),
        (
            with_broker("prod", authority="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"),
            "redis.external.authority",
            "no certificate that can be read",
        ),
        (changed(with_database("prod"), "postgres.external", None), "postgres.external", "mode 'external' needs it"),
        (with_database("prod", authority=None), "postgres.external.authority", "string"),
        (with_database("prod", database="Flow;"), "postgres.external.database", "pattern"),
        (changed(with_database("prod"), "credentials", None), "credentials.given", "lacks 'database_admin_password'"),
        (changed(with_database("prod"), "postgres.instances", 3), "postgres.instances", "would be ignored"),
        (changed(with_database("prod"), "postgres.storage", {"size": "1Gi"}), "postgres.storage", "would be ignored"),
        (changed(with_database("prod"), "postgres.backup", {"target": "s3"}), "postgres.backup", "its own backups"),
        (
            changed(with_database("prod"), "postgres.restoreFrom", {"generation": 1}),
            "postgres.restoreFrom",
            "its own backups",
        ),
        (changed(with_database("prod"), "postgres.maxConnections", 169), "postgres.maxConnections", "3 poolers x 50"),
        (
            changed(values_of("prod"), "postgres.external", {"host": "database.example.com", "authority": AUTHORITY}),
            "postgres.external",
            "mode 'patroni' does not use it",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_one_problem(values: dict[str, Any], key: str, reason: str) -> None:
    (problem,) = problems_of(values)
    assert problem.key == key
    assert reason in problem.reason


def test_a_missing_password_says_where_to_put_it() -> None:
    (problem,) = problems_of(changed(with_broker("prod"), "credentials", None))
    assert "givenValues" in problem.way_out


def test_all_that_is_wrong_is_told_at_once() -> None:
    values = changed(changed(with_broker("dev"), "credentials", None), "redis.storage", {"size": "1Gi"})
    assert [problem.key for problem in problems_of(values)] == ["redis.storage", "credentials.given"]
