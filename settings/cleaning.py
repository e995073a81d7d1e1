"""Settings of the removal of old rows from the metadata database."""

from enum import StrEnum

from pydantic import Field

from settings.backup import Cron
from settings.base import Settings


class CleanedTable(StrEnum):
    """A table that `airflow db clean` removes rows from; whatever depends on one of its rows goes with it."""

    ASSET_EVENT = "asset_event"
    CALLBACK = "callback"
    DAG = "dag"
    DAG_RUN = "dag_run"
    DAG_VERSION = "dag_version"
    DEADLINE = "deadline"
    IMPORT_ERROR = "import_error"
    JOB = "job"
    LOG = "log"
    REVOKED_TOKEN = "revoked_token"  # noqa: S105 - a table
    SESSION = "session"
    TASK_INSTANCE = "task_instance"
    TASK_INSTANCE_HISTORY = "task_instance_history"
    TASK_RESCHEDULE = "task_reschedule"
    TRIGGER = "trigger"
    XCOM = "xcom"


class CleaningSettings(Settings):
    """Removal of old rows from the metadata database, by a CronJob, straight to the primary."""

    schedule: Cron = "30 5 * * *"
    """When, in UTC; late enough after a full backup to find it finished."""
    keep_days: int = Field(default=90, ge=7, le=3650)
    """Days that rows are kept; the last run of each DAG stays however old it is."""
    archive_days: int = Field(default=0, ge=0, le=365)
    """Days that removed rows are still kept beside, in tables of the schema `cleaning`; 0 leaves them to the backups."""
    batch_size: int = Field(default=10000, ge=100, le=1000000)
    """Rows that one transaction removes at most."""
    timeout_seconds: int = Field(default=7200, ge=300, le=21600)
    """Seconds for all of it; what is left is removed the next time."""
    tables: list[CleanedTable] = Field(default_factory=list[CleanedTable])
    """Tables to clean; all that Airflow knows how to clean when left out."""
