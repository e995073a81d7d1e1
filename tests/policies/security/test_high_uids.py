from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.security.high_uids import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths

POD = "spec.template.spec.securityContext.runAsUser"
OWN = "spec.template.spec.containers[0].securityContext.runAsUser"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, change(deployment(), OWN, 10000)) == []
    assert judge(RULE, change(deployment(), OWN, 999), lowest=900) == []


@pytest.mark.parametrize("value", [1, 999, 9999.0, "10000"])
def test_violating(value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), OWN, value))) == [OWN]


def test_absent_on_the_pod_is_found_in_each_container() -> None:
    assert paths(judge(RULE, change(deployment(), POD, ABSENT))) == [POD, POD]


def test_root_is_another_rules_business() -> None:
    assert judge(RULE, change(deployment(), OWN, 0)) == []


def test_unknown() -> None:
    found = judge(RULE, change(deployment(), OWN, UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(OWN, True)]
