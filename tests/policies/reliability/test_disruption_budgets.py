from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.disruption_budgets import RULE

from tests.policies.objects import (
    ABSENT,
    budget,
    change,
    deployment,
    judge_stack,
    paths,
    scaler,
    stack_of,
    stateful_set,
    text,
)

MOST = "spec.maxUnavailable"


def least(value: Any) -> dict[str, Any]:
    return change(change(budget(), MOST, ABSENT), "spec.minAvailable", value)


@pytest.mark.parametrize(
    "stack",
    [
        stack_of(deployment(), budget()),
        stack_of(stateful_set(), budget("postgres", "airflow-data")),
        stack_of(deployment(replicas=1)),
        stack_of(deployment(environment="dev")),
        stack_of(deployment(), least(1)),
        stack_of(deployment(), least("50%")),
        stack_of(deployment(), change(budget(), MOST, "50%")),
        stack_of(deployment(), change(budget(), "spec.selector", {})),
    ],
)
def test_compliant(stack: Any) -> None:
    assert judge_stack(RULE, stack) == []


@pytest.mark.parametrize("made", [budget("triggerer"), budget(place="another")])
def test_absent(made: dict[str, Any]) -> None:
    assert "no PodDisruptionBudget" in text(judge_stack(RULE, stack_of(deployment())))
    assert "no PodDisruptionBudget" in text(judge_stack(RULE, stack_of(deployment(), made)))


def test_the_autoscaler_says_how_many_where_there_is_one() -> None:
    target = change(deployment("api-core"), "spec.replicas", ABSENT)
    assert "no PodDisruptionBudget" in text(judge_stack(RULE, stack_of(target, scaler())))
    assert judge_stack(RULE, stack_of(target, scaler(), budget("api-core"))) == []
    assert judge_stack(RULE, stack_of(target, scaler(minimum=1))) == []


def test_expressions_select() -> None:
    key = "app.kubernetes.io/name"
    picks = {"matchExpressions": [{"key": key, "operator": "In", "values": ["scheduler", "x"]}]}
    misses = {"matchExpressions": [{"key": key, "operator": "NotIn", "values": ["scheduler"]}]}
    exists = {"matchExpressions": [{"key": "nothing", "operator": "Exists"}]}
    assert judge_stack(RULE, stack_of(deployment(), change(budget(), "spec.selector", picks))) == []
    for selector in (misses, exists):
        assert judge_stack(RULE, stack_of(deployment(), change(budget(), "spec.selector", selector)))


@pytest.mark.parametrize(
    "made",
    [change(budget(), MOST, 0), change(budget(), MOST, "0%"), change(budget(), MOST, "10%"), least(2), least("100%")],
)
def test_budgets_that_block(made: dict[str, Any]) -> None:
    assert "never be drained" in text(judge_stack(RULE, stack_of(deployment(), made)))


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(change(deployment(), "spec.replicas", UNKNOWN)))
    assert [(item.path, item.unknown) for item in found] == [("spec.replicas", True)]
    assert paths(judge_stack(RULE, stack_of(deployment(), change(budget(), MOST, UNKNOWN)))) == [MOST]
