from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.security.namespace_standards import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, namespace, paths

LABEL = 'metadata.labels["pod-security.kubernetes.io/enforce"]'


@pytest.mark.parametrize("made", [namespace(), deployment()])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize("value", ["baseline", "privileged", "", ABSENT])
def test_namespace_violating_and_absent(value: Any) -> None:
    assert paths(judge(RULE, change(namespace(), LABEL, value))) == [LABEL]


@pytest.mark.parametrize("value", ["default", "kube-system", ABSENT])
def test_pods_in_shared_namespaces(value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), "metadata.namespace", value))) == ["metadata.namespace"]


@pytest.mark.parametrize(
    "made", [change(namespace(), LABEL, UNKNOWN), change(deployment(), "metadata.namespace", UNKNOWN)]
)
def test_unknown(made: dict[str, Any]) -> None:
    with pytest.raises(NotKnownError):
        judge(RULE, made)
