from typing import Any

import pytest
from airflow_guard.network.data_tier import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, allow, change, default_deny, judge, paths

FROM = "spec.ingress[0].from"


@pytest.mark.parametrize("made", [allow(), default_deny(), allow("worker-default", 6379), allow("prometheus", 9187)])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize("port", [5432, 6379.0, 26379])
@pytest.mark.parametrize("value", [ABSENT, []])
def test_everyone_or_absent(port: int, value: Any) -> None:
    assert paths(judge(RULE, change(allow(port=port), FROM, value))) == [FROM]


@pytest.mark.parametrize("peer", [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}, {"podSelector": {}}])
def test_whole_namespaces_and_networks(peer: dict[str, Any]) -> None:
    assert paths(judge(RULE, change(allow(), FROM, [peer]))) == [f"{FROM}[0]"]


@pytest.mark.parametrize("name", ["worker", "worker-default", "workers"])
def test_workers_at_the_database(name: str) -> None:
    found = paths(judge(RULE, allow(name)))
    assert found == [f'{FROM}[0].podSelector.matchLabels["app.kubernetes.io/name"]']


def test_other_ports() -> None:
    assert judge(RULE, change(allow(port=3306), FROM, ABSENT), ports={"mysql": 3306})


def test_unknown() -> None:
    found = judge(RULE, change(allow(), FROM, UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(FROM, True)]
