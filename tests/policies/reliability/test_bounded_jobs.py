from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.bounded_jobs import RULE

from tests.policies.objects import ABSENT, change, job, judge, paths

DEADLINE = "spec.activeDeadlineSeconds"


@pytest.mark.parametrize("made", [job(), job("CronJob"), change(job("CronJob"), "spec.concurrencyPolicy", "Replace")])
def test_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Job", DEADLINE, ABSENT),
        ("Job", DEADLINE, 0),
        ("CronJob", f"spec.jobTemplate.{DEADLINE}", ABSENT),
        ("CronJob", "spec.concurrencyPolicy", "Allow"),
        ("CronJob", "spec.concurrencyPolicy", ABSENT),
        ("CronJob", "spec.startingDeadlineSeconds", ABSENT),
    ],
)
def test_violating_and_absent(kind: str, path: str, value: Any) -> None:
    assert paths(judge(RULE, change(job(kind), path, value))) == [path]


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="activeDeadlineSeconds"):
        judge(RULE, change(job(), DEADLINE, UNKNOWN))
