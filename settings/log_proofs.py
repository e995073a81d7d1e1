"""Rules about where task logs go."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.backup import KeyType, S3Settings
from settings.backup_proofs import missing_keys
from settings.logs import LogSettings
from settings.problems import Problem
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

_GIVEN_KEYS = ("logs_access_key", "logs_secret_key")


def log_target(settings: "PlatformSettings") -> Iterator[Problem]:
    """Logs go to one place, which lets in who writes them."""
    logs = settings.airflow.logs
    if logs is None:
        return
    if (logs.s3 is None) == (logs.bundled is None):
        given = logs.s3 is not None
        yield Problem(
            key="airflow.logs",
            value="s3, bundled" if given else "(neither s3 nor bundled)",
            reason="logs go to one place",
            way_out="Remove one of s3 and bundled" if given else "Add s3 with a bucket, or bundled with a volume",
        )
    if missing := missing_keys(logs.s3, _GIVEN_KEYS, settings.credentials.given):
        yield Problem(
            key="airflow.logs.s3.credentialsSecret",
            value="(missing)",
            reason=f"keyType 'shared' needs an access key, and credentials.given does not list {' and '.join(missing)}",
            way_out="Name a Secret of Airflow's namespace, list both values in credentials.given, or write keyType 'web-id'",
        )
    if logs.service_account_annotations and not _by_identity(logs):
        yield Problem(
            key="airflow.logs.serviceAccountAnnotations",
            value=", ".join(sorted(logs.service_account_annotations)),
            reason="nobody logs in by the identity of a service account",
            way_out="Remove it, or write s3 with keyType 'web-id'",
        )


def _by_identity(logs: LogSettings) -> bool:
    return logs.s3 is not None and logs.s3.key_type is KeyType.WEB_ID


def logs_apart_from_backups(settings: "PlatformSettings") -> Iterator[Problem]:
    """Tasks are foreign code and reach whatever their worker's key opens."""
    logs, backup = settings.airflow.logs, settings.postgres.backup
    if logs is not None and logs.s3 is not None and _place(logs.s3) == _place(backup.s3):
        yield Problem(
            key="airflow.logs.s3.bucket",
            value=logs.s3.bucket,
            reason="postgres.backup.s3 is the same bucket, and whoever writes a DAG could then reach the backups",
            way_out="Write another bucket",
        )


def _place(bucket: S3Settings | None) -> tuple[str, str] | None:
    return (bucket.endpoint, bucket.bucket) if bucket else None


def production_logs(settings: "PlatformSettings") -> Iterator[Problem]:
    """Workers come and go in prod."""
    if settings.environment is Environment.PROD and settings.airflow.logs is None:
        yield Problem(
            key="airflow.logs",
            value="(missing)",
            reason="a worker that goes takes the logs of its tasks along",
            way_out="Add airflow.logs with a bucket in s3, or a volume in bundled",
        )


LOG_RULES = (log_target, logs_apart_from_backups, production_logs)
