from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.rollouts import RULE

from tests.policies.objects import change, deployment, judge, paths, stateful_set

KIND = "spec.strategy.type"
AWAY = "spec.strategy.rollingUpdate.maxUnavailable"


@pytest.mark.parametrize(
    "made",
    [
        deployment(),
        stateful_set(),
        change(deployment(), KIND, "RollingUpdate"),
        change(deployment(), AWAY, 1),
        change(deployment(), AWAY, "50%"),
        change(deployment(replicas=1), KIND, "Recreate"),
        change(deployment(replicas=1), AWAY, 1),
        change(deployment(environment="dev"), KIND, "Recreate"),
    ],
)
def test_compliant_and_absent(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(("path", "value"), [(KIND, "Recreate"), (AWAY, 2), (AWAY, "100%")])
def test_violating(path: str, value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), path, value))) == [path]


def test_by_hand() -> None:
    path = "spec.updateStrategy.type"
    assert paths(judge(RULE, change(stateful_set(1), path, "OnDelete"))) == [path]


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="strategy"):
        judge(RULE, change(deployment(), KIND, UNKNOWN))
