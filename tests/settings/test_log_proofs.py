"""Logs that would go nowhere, to two places, or where tasks reach backups are refused, each with a message of its own."""

from typing import Any

import pytest

from settings.load import parse
from tests.settings.logs import LOG_BUCKET as BUCKET
from tests.settings.logs import LOG_STORE as STORE
from tests.settings.logs import with_logs
from tests.settings.stack_files import changed, problems_of, values_of

BACKUPS = {
    "endpoint": "s3.eu-central-1.amazonaws.com",
    "bucket": "airflow-platform-prod-backups",
    "credentialsSecret": "b",
}


@pytest.mark.parametrize(
    ("stack", "logs", "key", "reason"),
    [
        ("prod", None, "airflow.logs", "a worker that goes takes"),
        ("dev", {}, "airflow.logs", "one place"),
        ("dev", {"s3": BUCKET, "bundled": STORE}, "airflow.logs", "one place"),
        ("dev", {"s3": {**BUCKET, "credentialsSecret": None}}, "airflow.logs.s3.credentialsSecret", "logs_access_key and logs_secret_key"),
        ("dev", {"s3": {**BUCKET, "endpoint": "http://s3.example.com"}}, "airflow.logs.s3.endpoint", "pattern"),
        ("dev", {"s3": {**BUCKET, "bucket": "Task_Logs"}}, "airflow.logs.s3.bucket", "pattern"),
        ("dev", {"s3": BUCKET, "prefix": "logs"}, "airflow.logs.prefix", "pattern"),
        ("dev", {"s3": BUCKET, "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "x"}}, "airflow.logs.serviceAccountAnnotations", "identity of a service account"),
        ("dev", {"bundled": {**STORE, "keepDays": 0}}, "airflow.logs.bundled.keepDays", "greater than or equal to 1"),
        ("dev", {"bundled": {**STORE, "cleanSchedule": "daily"}}, "airflow.logs.bundled.cleanSchedule", "five fields"),
        ("dev", {"bundled": {}}, "airflow.logs.bundled.storage", "missing"),
        ("dev", {"s3": {**BUCKET, "keepDays": 30}}, "airflow.logs.s3.keepDays", "no such key"),
        ("prod", {"s3": BACKUPS}, "airflow.logs.s3.bucket", "could then reach the backups"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_problem(stack: str, logs: dict[str, Any] | None, key: str, reason: str) -> None:
    (problem,) = problems_of(with_logs(stack, logs))
    assert problem.key == key
    assert reason in str(problem)
    assert problem.way_out


def test_a_key_may_be_given_and_an_identity_needs_none() -> None:
    without = {**BUCKET, "credentialsSecret": None}
    given = changed(with_logs("dev", {"s3": without}), "credentials.given", ["logs_access_key", "logs_secret_key"])
    known = {"s3": {**without, "keyType": "web-id"}, "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "x"}}
    for values in (given, with_logs("dev", known), with_logs("dev", {"s3": {**without, "keyType": "auto"}})):
        assert problems_of(values) == []


def test_staging_and_prod_keep_them_in_a_bucket_and_dev_in_its_pods() -> None:
    assert parse(values_of("dev")).airflow.logs is None
    for stack in ("staging", "prod"):
        logs = parse(values_of(stack)).airflow.logs
        assert logs is not None
        assert logs.s3 is not None
