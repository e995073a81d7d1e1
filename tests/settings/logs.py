"""Stacks whose task logs go somewhere, as plain values."""

from typing import Any

from tests.settings.stack_files import changed, values_of

LOG_BUCKET = {"endpoint": "s3.example.com", "bucket": "task-logs", "credentialsSecret": "log-bucket"}
LOG_STORE = {"storage": {"size": "10Gi"}}


def with_logs(stack: str, logs: dict[str, Any] | None) -> dict[str, Any]:
    """The values of a stack file with other logs; None leaves them in their pods."""
    return changed(values_of(stack), "airflow.logs", logs)
