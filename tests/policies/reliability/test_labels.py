from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.labels import RULE

from tests.policies.objects import ABSENT, change, config_map, deployment, judge, paths, secret, service, text

NAMES = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "airflow-platform/environment",
]


@pytest.mark.parametrize("made", [deployment(), config_map(), secret(), service()])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["", ABSENT])
def test_violating_and_absent(name: str, value: Any) -> None:
    found = judge(RULE, change(config_map(), f'metadata.labels["{name}"]', value))
    assert paths(found) == ["metadata.labels"]
    assert name in text(found)


def test_pod_templates() -> None:
    assert paths(judge(RULE, change(deployment(), "spec.template.metadata.labels", ABSENT))) == [
        "spec.template.metadata.labels"
    ]


def test_other_labels() -> None:
    assert "cost-centre" in text(judge(RULE, config_map(), labels=["cost-centre"]))


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="labels"):
        judge(RULE, change(config_map(), "metadata.labels", UNKNOWN))
