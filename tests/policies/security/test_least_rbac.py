from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.security.least_rbac import RULE

from tests.policies.objects import ABSENT, change, judge, paths, role, role_binding, text


@pytest.mark.parametrize("made", [role(), role("ClusterRole"), role_binding()])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


def test_one_secret_by_name() -> None:
    made = change(change(role(), "rules[0].resources", ["secrets"]), "rules[0].verbs", ["get"])
    assert judge(RULE, change(made, "rules[0].resourceNames", ["database"])) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rules[0].verbs", ["*"]),
        ("rules[0].resources", ["*"]),
        ("rules[0].apiGroups", ["*"]),
        ("rules[0].verbs", ["escalate"]),
        ("rules[0].verbs", ["get", "impersonate"]),
        ("rules[0].resources", ["pods/exec"]),
        ("rules[0].resources", ["nodes/proxy"]),
    ],
)
@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
def test_violating_roles(kind: str, path: str, value: list[str]) -> None:
    assert paths(judge(RULE, change(role(kind), path, value))) == [path]


@pytest.mark.parametrize("verb", ["list", "watch"])
def test_reading_all_secrets(verb: str) -> None:
    made = change(change(role(), "rules[0].resources", ["secrets"]), "rules[0].verbs", [verb])
    assert "every Secret" in text(judge(RULE, made))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("roleRef.name", "cluster-admin"),
        ("roleRef.name", "edit"),
        ("subjects[0].name", "system:authenticated"),
        ("subjects[0].name", "default"),
    ],
)
def test_violating_bindings(path: str, value: str) -> None:
    assert paths(judge(RULE, change(role_binding(), path, value))) == [path]


def test_absent() -> None:
    assert judge(RULE, change(role(), "rules", ABSENT)) == []
    assert judge(RULE, change(role_binding(), "subjects", ABSENT)) == []


def test_unknown() -> None:
    found = judge(RULE, change(role(), "rules[0].verbs", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [("rules[0].verbs", True)]
