from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.reaching_services import RULE

from tests.policies.objects import change, deployment, judge_stack, paths, service, stack_of

SELECTOR = "spec.selector"
NAME = {"app.kubernetes.io/name": "scheduler"}
TARGET = "spec.ports[0].targetPort"


def selecting(**more: Any) -> dict[str, Any]:
    return change(service(), SELECTOR, {**NAME, **more})


def test_compliant_and_absent() -> None:
    assert judge_stack(RULE, stack_of(service(), deployment())) == []
    assert judge_stack(RULE, stack_of(selecting(), deployment())) == []
    assert judge_stack(RULE, stack_of(change(selecting(), TARGET, "health"), deployment())) == []
    assert judge_stack(RULE, stack_of(change(selecting(), TARGET, 5432), deployment())) == []


def test_labels_that_are_set_at_run_time() -> None:
    assert judge_stack(RULE, stack_of(selecting(role="primary"), deployment())) == []


@pytest.mark.parametrize(
    "selector",
    [{"app.kubernetes.io/name": "triggerer"}, {"role": "primary"}, {**NAME, "app.kubernetes.io/part-of": "x"}],
)
def test_violating(selector: dict[str, str]) -> None:
    assert paths(judge_stack(RULE, stack_of(change(service(), SELECTOR, selector), deployment()))) == [SELECTOR]


def test_another_namespace() -> None:
    assert paths(judge_stack(RULE, stack_of(selecting(), deployment(namespace="another")))) == [SELECTOR]


def test_ports() -> None:
    made = change(selecting(), TARGET, "metrics")
    assert paths(judge_stack(RULE, stack_of(made, deployment()))) == [TARGET]


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(change(service(), SELECTOR, UNKNOWN), deployment()))
    assert [(item.path, item.unknown) for item in found] == [(SELECTOR, True)]
