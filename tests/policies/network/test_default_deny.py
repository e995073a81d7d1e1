from typing import Any

import pytest
from airflow_guard.network.default_deny import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import (
    ABSENT,
    change,
    config_map,
    default_deny,
    deployment,
    judge_stack,
    metadata,
    stack_of,
    text,
)

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata("airflow", None)}


def half(direction: str) -> dict[str, Any]:
    return change(default_deny(), "spec.policyTypes", [direction])


def test_silent_on_compliant() -> None:
    assert judge_stack(RULE, stack_of(deployment(), default_deny())) == []
    assert judge_stack(RULE, stack_of(deployment(), half("Ingress"), half("Egress"))) == []
    assert judge_stack(RULE, stack_of(config_map())) == []


def test_absent() -> None:
    other = change(NAMESPACE, "metadata.name", "another")
    found = judge_stack(RULE, stack_of(deployment(), deployment("triggerer"), other, NAMESPACE))
    assert [item.resource and item.resource.title for item in found] == ["Namespace airflow"]
    found = judge_stack(RULE, stack_of(deployment(), other))
    assert [item.resource and item.resource.title for item in found] == ["Deployment airflow/scheduler"]


@pytest.mark.parametrize(
    "policy",
    [
        default_deny("another"),
        change(default_deny(), "spec.podSelector", {"matchLabels": {"app": "x"}}),
        change(default_deny(), "spec.ingress", [{}]),
        change(default_deny(), "spec.egress", [{"to": []}]),
        change(default_deny(), "spec.policyTypes", ABSENT),
        change(default_deny(), "metadata.namespace", ABSENT),
        half("Ingress"),
    ],
)
def test_violating(policy: dict[str, Any]) -> None:
    assert "denies" in text(judge_stack(RULE, stack_of(deployment(), policy)))


def test_says_which_way_is_open() -> None:
    assert "no NetworkPolicy denies egress by" in text(judge_stack(RULE, stack_of(deployment(), half("Ingress"))))


def test_shared_namespaces_are_another_rules_business() -> None:
    for value in (ABSENT, "kube-system"):
        assert judge_stack(RULE, stack_of(change(deployment(), "metadata.namespace", value))) == []


def test_unknown() -> None:
    made = change(deployment(), "metadata.namespace", UNKNOWN)
    policy = change(default_deny(), "spec.podSelector", UNKNOWN)
    found = judge_stack(RULE, stack_of(made, deployment(), policy))
    assert [finding.unknown for finding in found] == [True, True, False]
