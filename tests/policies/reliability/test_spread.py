import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.spread import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths

SPREAD = "spec.template.spec.topologySpreadConstraints"
APART = "spec.template.spec.affinity.podAntiAffinity"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    bare = change(deployment(), SPREAD, ABSENT)
    assert judge(RULE, change(bare, APART, {"requiredDuringSchedulingIgnoredDuringExecution": []})) == []
    assert judge(RULE, change(bare, "spec.replicas", 1)) == []
    assert judge(RULE, change(deployment(environment="dev"), SPREAD, ABSENT)) == []


def test_violating_and_absent() -> None:
    for value in (ABSENT, []):
        assert paths(judge(RULE, change(deployment(), SPREAD, value))) == [SPREAD]


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="replicas"):
        judge(RULE, change(deployment(), "spec.replicas", UNKNOWN))
