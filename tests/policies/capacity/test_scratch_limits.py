from typing import Any

import pytest
from airflow_guard.capacity.scratch_limits import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, deployment, judge, paths

VOLUME = "spec.template.spec.volumes[0]"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, change(deployment(), VOLUME, {"name": "x", "configMap": {"name": "y"}})) == []


@pytest.mark.parametrize("value", ["", ABSENT])
def test_violating_and_absent(value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), f"{VOLUME}.emptyDir.sizeLimit", value))) == [
        f"{VOLUME}.emptyDir.sizeLimit"
    ]


def test_unknown() -> None:
    found = judge(RULE, change(deployment(), f"{VOLUME}.emptyDir", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(f"{VOLUME}.emptyDir", True)]
