from typing import Any

import pytest
from airflow_guard.capacity.priority_classes import RULE
from airflow_guard.node import UNKNOWN, NotKnownError

from tests.policies.objects import ABSENT, change, deployment, judge, paths

NAME = "spec.template.spec.priorityClassName"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, change(deployment(environment="dev"), NAME, ABSENT)) == []


@pytest.mark.parametrize("value", ["", ABSENT])
def test_violating_and_absent(value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), NAME, value))) == [NAME]


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="priorityClassName"):
        judge(RULE, change(deployment(), NAME, UNKNOWN))
