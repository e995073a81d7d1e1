from typing import Any

import pytest
from airflow_guard.capacity.autoscaler_bounds import RULE
from airflow_guard.node import UNKNOWN, NotKnownError

from tests.policies.objects import ABSENT, change, judge, paths, scaler

KEDA = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "spec": {"minReplicaCount": 3, "maxReplicaCount": 50}}
MOST = "spec.maxReplicas"


@pytest.mark.parametrize("made", [scaler(), KEDA, change(scaler(), "spec.minReplicas", ABSENT)])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(
    ("made", "path", "value"),
    [
        (scaler(), MOST, ABSENT),
        (scaler(), MOST, 0),
        (scaler(), MOST, 101),
        (scaler(), "spec.minReplicas", 6),
        (KEDA, "spec.maxReplicaCount", ABSENT),
        (KEDA, "spec.minReplicaCount", 51),
    ],
)
def test_violating_and_absent(made: dict[str, Any], path: str, value: Any) -> None:
    assert paths(judge(RULE, change(made, path, value))) == [path]


def test_another_ceiling() -> None:
    assert judge(RULE, scaler(), ceiling=4)
    assert judge(RULE, scaler(), ceiling=5) == []


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="maxReplicas"):
        judge(RULE, change(scaler(), MOST, UNKNOWN))
