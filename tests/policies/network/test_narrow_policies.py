from typing import Any

import pytest
from airflow_guard.network.narrow_policies import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, allow, change, default_deny, judge, paths, text

EVERYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
BUT_METADATA = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}


def egress(**rule: Any) -> dict[str, Any]:
    return change(allow(), "spec.egress[0]", rule)


@pytest.mark.parametrize(
    "made",
    [
        allow(),
        default_deny(),
        egress(to=[BUT_METADATA]),
        egress(to=[EVERYWHERE], ports=[{"port": 443}]),
        egress(to=[EVERYWHERE], ports=[{"protocol": "UDP", "port": 80}]),
        egress(to=[{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
        egress(ports=[{"protocol": "TCP", "port": 6443}]),
        egress(to=[EVERYWHERE], ports=[{"port": 81, "endPort": 90}]),
        change(allow(), "spec.ingress[0].from", ABSENT),
    ],
)
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize("side", ["ingress", "egress"])
def test_everything(side: str) -> None:
    assert paths(judge(RULE, change(allow(), f"spec.{side}[0]", {}))) == [f"spec.{side}[0]"]
    peers = "from" if side == "ingress" else "to"
    assert "all traffic" in text(judge(RULE, change(allow(), f"spec.{side}[0]", {peers: [], "ports": []})))


@pytest.mark.parametrize(
    "rule",
    [
        {"to": [EVERYWHERE]},
        {"to": [EVERYWHERE], "ports": [{"port": 80}]},
        {"to": [EVERYWHERE], "ports": [{"port": 1, "endPort": 1024}]},
        {"to": [EVERYWHERE], "ports": [{"protocol": "TCP"}]},
        {"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]},
        {"ports": [{"port": 80}]},
    ],
)
def test_the_metadata_service(rule: dict[str, Any]) -> None:
    assert "metadata service" in text(judge(RULE, egress(**rule)))


def test_absent() -> None:
    assert judge(RULE, change(allow(), "spec.egress", ABSENT)) == []


def test_unknown() -> None:
    found = judge(RULE, egress(to=[{"ipBlock": {"cidr": UNKNOWN}}]))
    assert [(item.path, item.unknown) for item in found] == [("spec.egress[0].to[0].ipBlock.cidr", True)]
