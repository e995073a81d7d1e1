import pytest
from airflow_guard.network.service_exposure import RULE
from airflow_guard.node import UNKNOWN, NotKnownError

from tests.policies.objects import ABSENT, change, judge, paths, service


def test_compliant_and_absent() -> None:
    assert judge(RULE, service()) == []
    assert judge(RULE, change(service(), "spec.type", ABSENT)) == []
    assert judge(RULE, service("LoadBalancer", "edge")) == []


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_violating(kind: str) -> None:
    assert paths(judge(RULE, service(kind))) == ["spec.type"]


def test_addresses_and_other_edges() -> None:
    assert paths(judge(RULE, change(service(), "spec.externalIPs", ["192.0.2.1"]))) == ["spec.externalIPs"]
    assert judge(RULE, service("LoadBalancer", "gateway"), edges=["gateway"]) == []
    assert judge(RULE, service("NodePort", "edge"))


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match=r"spec\.type"):
        judge(RULE, change(service(), "spec.type", UNKNOWN))
