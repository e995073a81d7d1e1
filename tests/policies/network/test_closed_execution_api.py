from typing import Any

import pytest
from airflow_guard.network.closed_execution_api import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, ingress, judge, paths, redirect_route

RULE_PATH = "spec.rules[0].http.paths[0]"
ROUTE = change(
    redirect_route(), "spec.rules[0]", {"matches": [{"path": {"value": "/"}}], "backendRefs": [{"name": "api-core"}]}
)


@pytest.mark.parametrize(
    "made", [ingress(), redirect_route(), ROUTE, change(ingress(), f"{RULE_PATH}.path", "/executions")]
)
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(
    ("made", "path", "value"),
    [
        (ingress(), f"{RULE_PATH}.path", "/execution"),
        (ingress(), f"{RULE_PATH}.path", "/execution/task-instances"),
        (ingress(), f"{RULE_PATH}.backend.service.name", "api-execution"),
        (ROUTE, "spec.rules[0].matches[0].path.value", "/execution/"),
        (ROUTE, "spec.rules[0].backendRefs[0].name", "api-execution"),
    ],
)
def test_violating(made: dict[str, Any], path: str, value: str) -> None:
    assert paths(judge(RULE, change(made, path, value))) == [path]


def test_absent() -> None:
    assert judge(RULE, change(ingress(), "spec.rules", ABSENT)) == []


def test_unknown() -> None:
    found = judge(RULE, change(ingress(), f"{RULE_PATH}.path", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(f"{RULE_PATH}.path", True)]
