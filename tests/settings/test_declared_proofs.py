"""What cannot be declared, or would stand in clear, is refused, each with a message of its own."""

from typing import Any

import pytest

from settings.declared_proofs import is_hidden
from settings.load import parse
from tests.settings.stack_files import changed, problems_of, values_of

CONNECTION = {"connType": "http"}


def problems(declared: dict[str, Any]) -> list[tuple[str, str]]:
    found = problems_of(changed(values_of("dev"), "airflow.declared", declared))
    assert all(problem.way_out for problem in found)
    return [(problem.key, problem.reason) for problem in found]


@pytest.mark.parametrize(
    ("declared", "key", "reason"),
    [
        ({"pools": {"etl": {"slots": 0}}}, "pools.etl.slots", "a pool of no slots"),
        ({"pools": {"etl": {"slots": -2}}}, "pools.etl.slots", "-1 for no limit"),
        ({"pools": {"default_pool": {"slots": 5}}}, "pools.default_pool", "setting of its own"),
        ({"variables": {"stage": {}}}, "variables.stage", "no value"),
        ({"variables": {"stage": {"value": "x", "valueFrom": "y"}}}, "variables.stage", "two values"),
        ({"variables": {"api_token": {"value": "x"}}}, "variables.api_token.value", "in clear"),
        ({"variables": {"v": {"value": {"a": [{"Pass.Word": 1, "db-password": 2}]}}}}, "variables.v.value.a.0.db-password", "in clear"),
        ({"variables": {"stage": {"valueFrom": "stage"}}}, "variables.stage.valueFrom", "would show the value"),
        ({"connections": {"c": {"connType": "My Type"}}}, "connections.c.connType", "pattern"),
        ({"connections": {"c": {**CONNECTION, "host": "https://x.example.com/a"}}}, "connections.c.host", "no host name"),
        ({"connections": {"c": {**CONNECTION, "port": 0}}}, "connections.c.port", "greater than or equal to 1"),
        ({"connections": {"c": {**CONNECTION, "password": "x"}}}, "connections.c.password", "no such key"),
        ({"connections": {"c": {**CONNECTION, "passwordFrom": "Hunter 2!"}}}, "connections.c.passwordFrom", "pattern"),
        ({"connections": {"c": {**CONNECTION, "extra": {"private_key": "x"}}}}, "connections.c.extra.private_key", "in clear"),
        ({"schedule": "0 */2 * * *"}, "schedule", "120 minutes"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_problem(declared: dict[str, Any], key: str, reason: str) -> None:
    ((found, why),) = problems(declared)
    assert found == f"airflow.declared.{key}"
    assert reason in why


def test_all_mistakes_are_told_at_once_and_no_secret_with_them() -> None:
    values = changed(
        values_of("dev"),
        "airflow.declared",
        {
            "pools": {"default_pool": {"slots": 5}},
            "variables": {"api_token": {"value": "hunter2"}},
            "connections": {"c": {**CONNECTION, "extra": {"secret": "hunter3"}}},
            "schedule": "0 0 * * *",
        },
    )
    found = problems_of(values)
    assert len(found) == 4
    wrong = {**CONNECTION, "password": "hunter4", "passwordFrom": "Hunter 5"}
    found += problems_of(changed(values_of("dev"), "airflow.declared", {"connections": {"c": wrong}}))
    assert len(found) == 6
    assert "hunter" not in str(found).lower()


def test_what_can_be_declared() -> None:
    declared = {
        "pools": {"etl": {"slots": -1}},
        "variables": {"limits": {"value": {"rows": [1, 2]}}, "partner_token": {"valueFrom": "partner_token"}},
        "connections": {"w": {**CONNECTION, "schema": "https", "passwordFrom": "w", "extraFrom": "w_extra"}},
    }
    found = parse(changed(values_of("dev"), "airflow.declared", declared)).airflow.declared
    assert found is not None
    assert found.references == {
        "airflow.declared.variables.partner_token.valueFrom": "partner_token",
        "airflow.declared.connections.w.passwordFrom": "w",
        "airflow.declared.connections.w.extraFrom": "w_extra",
    }


def test_hidden_as_airflow_hides() -> None:
    assert is_hidden(" DB.Password ")
    assert is_hidden("service-account")
    assert not is_hidden("pass.word")
