"""A source to restore from that cannot be meant is refused before anything is touched."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from settings.problems import Problem
from tests.settings.stack_files import changed, problems_of, values_of

BUCKET = {"endpoint": "s3.example.com", "bucket": "elsewhere", "credentialsSecret": "elsewhere-key"}
FUTURE = (datetime.now(UTC) + timedelta(days=1)).isoformat()


def problems_restoring(stack: str, source: dict[str, Any], **more: Any) -> list[Problem]:
    values = changed(values_of(stack), "postgres.restoreFrom", source)
    for path, value in more.items():
        values = changed(values, path.replace("__", "."), value)
    return problems_of(values)


GIVEN = {"credentials": {"given": ["restore_repository_passphrase"]}}
KEYS = {"credentials": {"given": ["restore_repository_passphrase", "restore_access_key", "restore_secret_key"]}}


@pytest.mark.parametrize(
    ("stack", "source", "more"),
    [
        ("dev", {"generation": 1}, {"postgres__backup__generation": 2}),
        ("dev", {"claim": "other"}, GIVEN),
        ("dev", {"generation": 1, "targetTime": "2026-11-20T10:00:00+01:00"}, {"postgres__backup__generation": 2}),
        ("prod", {"s3": BUCKET}, GIVEN),
        ("prod", {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere"}}, KEYS),
        ("prod", {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere", "keyType": "web-id"}}, GIVEN),
        ("prod", {"prefix": "/other"}, GIVEN),
        ("dev", {"claim": "other", "follow": True}, GIVEN),
        ("prod", {"s3": BUCKET, "follow": True}, GIVEN),
    ],
)
def test_what_fits_together_is_taken(stack: str, source: dict[str, Any], more: dict[str, Any]) -> None:
    assert problems_restoring(stack, source, **more) == []


@pytest.mark.parametrize(
    ("stack", "source", "more", "key", "reason"),
    [
        ("dev", {"generation": 1}, {}, "postgres.restoreFrom.generation", "would write into the archive that it is made from"),
        ("dev", {"claim": "postgres-backups"}, GIVEN, "postgres.restoreFrom.generation", "where this stack's own backups go"),
        ("dev", {"generation": 1}, {"postgres__backup": {"target": "none"}}, "postgres.backup.target", "not without one afterwards"),
        ("dev", {"claim": "other"}, {}, "postgres.restoreFrom", "backup_repository_passphrase"),
        ("prod", {"prefix": "/other"}, {}, "postgres.restoreFrom", "backup_repository_passphrase"),
        ("prod", {"s3": BUCKET, "claim": "other"}, GIVEN, "postgres.restoreFrom.claim", "there is one source"),
        ("prod", {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere"}}, GIVEN, "postgres.restoreFrom.s3.credentialsSecret", "restore_access_key and restore_secret_key"),
        ("dev", {"claim": "other", "follow": True, "targetTime": "2026-11-20T10:00:00Z"}, GIVEN, "postgres.restoreFrom.targetTime", "beyond any point in time"),
        ("prod", {"s3": BUCKET, "targetTime": FUTURE}, GIVEN, "postgres.restoreFrom.targetTime", "it is in the future"),
        ("prod", {"s3": BUCKET, "targetTime": "2026-11-20T10:00:00"}, GIVEN, "postgres.restoreFrom.targetTime", "no time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    stack: str, source: dict[str, Any], more: dict[str, Any], key: str, reason: str
) -> None:
    found = problems_restoring(stack, source, **more)
    assert [problem.key for problem in found if reason in problem.reason] == [key], found
    assert all(problem.way_out for problem in found)
