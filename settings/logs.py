"""Settings of task logs beyond the life of the pod that wrote them."""

from pydantic import Field

from settings.backup import BundledStoreSettings, Cron, Prefix, S3Settings
from settings.base import Settings


class LogStoreSettings(BundledStoreSettings):
    """A store of the stack's own for task logs, apart from that of backups."""

    keep_days: int = Field(default=30, ge=1, le=3650)
    """Days that a log is kept."""
    clean_schedule: Cron = "15 4 * * *"
    """When older ones are removed, in UTC."""


class LogSettings(Settings):
    """Where the log of a task goes when the task has ended."""

    s3: S3Settings | None = None
    """A bucket; how long it keeps what lies in it, its own lifecycle says."""
    bundled: LogStoreSettings | None = None
    """A store of the stack's own in place of the bucket."""
    prefix: Prefix = "/airflow-platform"
    """Path inside the bucket; one for each stack that shares it."""
    service_account_annotations: dict[str, str] = Field(default_factory=dict[str, str])
    """Annotations of the service accounts of who writes and reads logs, by which a cloud knows them, for keyType
    `web-id`; such as `eks.amazonaws.com/role-arn`."""
