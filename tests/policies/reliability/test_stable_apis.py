from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.stable_apis import RULE

from tests.policies.objects import ABSENT, change, config_map, deployment, gateway, judge, paths


@pytest.mark.parametrize(
    "made",
    [
        deployment(),
        config_map(),
        gateway(),
        change(deployment(), "apiVersion", ABSENT),
        change(deployment(), "apiVersion", "keda.sh/v1alpha1"),
    ],
)
def test_compliant_and_absent(made: dict[str, Any]) -> None:
    assert judge(RULE, {**made, "kind": "Thing"}) == []


@pytest.mark.parametrize("version", ["batch/v1beta1", "example.com/v2alpha1", "v1beta1"])
def test_violating(version: str) -> None:
    assert paths(judge(RULE, change(deployment(), "apiVersion", version))) == ["apiVersion"]


def test_other_groups() -> None:
    assert judge(RULE, change(deployment(), "apiVersion", "example.com/v1beta1"), allowedGroups=["example.com"]) == []


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="apiVersion"):
        judge(RULE, change(deployment(), "apiVersion", UNKNOWN))
