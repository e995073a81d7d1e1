from typing import Any

import pytest
from airflow_guard.model import Resource
from airflow_guard.node import UNKNOWN, Node
from airflow_guard.security.explicit_providers import RULE

from tests.policies.objects import judge, paths, text


def provider(name: str = "cluster", **props: Any) -> Resource:
    token = "pulumi:providers:kubernetes"
    return Resource(token, name, f"urn:pulumi:prod::x::{token}::{name}", Node(props), stack="prod")


@pytest.mark.parametrize("key", ["context", "kubeconfig", "renderYamlToDirectory"])
def test_compliant_even_when_unknown(key: str) -> None:
    assert judge(RULE, provider(**{key: "x"})) == []
    assert judge(RULE, provider(**{key: UNKNOWN})) == []


def test_violating_and_absent() -> None:
    assert paths(judge(RULE, provider())) == ["context"]
    assert "default provider" in text(judge(RULE, provider("default_4_34_2", context="x")))


def test_other_resources() -> None:
    assert not RULE.applies(Resource("pulumi:providers:random", "default", "urn", Node({})))
