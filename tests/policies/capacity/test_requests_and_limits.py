from typing import Any

import pytest
from airflow_guard.capacity.requests_and_limits import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, deployment, judge, paths, text

RESOURCES = "spec.template.spec.containers[0].resources"


def test_silent_on_compliant() -> None:
    assert judge(RULE, deployment()) == []


@pytest.mark.parametrize("value", [0, "0", "", "lots", "-1", True, ABSENT])
@pytest.mark.parametrize("path", ["requests.cpu", "requests.memory", "limits.memory"])
def test_violating_and_absent(path: str, value: Any) -> None:
    assert f"{RESOURCES}.{path}" in paths(judge(RULE, change(deployment(), f"{RESOURCES}.{path}", value)))


def test_nothing_at_all() -> None:
    assert len(judge(RULE, change(deployment(), RESOURCES, ABSENT))) == 3


def test_request_above_the_limit() -> None:
    found = judge(RULE, change(deployment(), f"{RESOURCES}.requests.memory", "2Gi"))
    assert "more memory than its limit" in text(found)


def test_request_at_the_limit_in_another_notation() -> None:
    assert judge(RULE, change(deployment(), f"{RESOURCES}.requests.memory", "1024Mi")) == []


def test_numbers_need_no_quotes() -> None:
    assert judge(RULE, change(deployment(), f"{RESOURCES}.requests.cpu", 1.0)) == []


def test_unknown() -> None:
    found = judge(RULE, change(deployment(), f"{RESOURCES}.limits.memory", UNKNOWN))
    assert [(finding.path, finding.unknown) for finding in found] == [(f"{RESOURCES}.limits.memory", True)]
