"""Settings of a database cluster that is made from an archive."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.backup import Prefix, S3Settings
from settings.base import Name, Settings


def _with_zone(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("it has no time zone, and two people would read two times in it")
    return time


ZonedTime = Annotated[datetime, AfterValidator(_with_zone), Field(examples=["2026-11-22T10:30:00+00:00"])]
"""A point in time, ISO 8601 with a time zone."""


class RestoreSettings(Settings):
    """The archive that a new cluster is made from: of another stack, or an earlier generation of this one's own.

    It is read when the cluster is made, with empty volumes and nothing known of it in the Kubernetes API; a cluster
    that is there does not look at it.
    """

    prefix: Prefix = "/airflow-platform"
    """Path of the source inside its bucket or volume, as its `postgres.backup.prefix`."""
    generation: int = Field(default=1, ge=1, le=9999)
    """Last part of that path, as the source's `postgres.backup.generation`."""
    s3: S3Settings | None = None
    """Bucket of the source; with neither this nor `claim`, where this stack's own backups go."""
    claim: Name | None = None
    """PersistentVolumeClaim of the data namespace that holds the source's backups, where those went to a volume; with three
    instances one that all their nodes can mount."""
    target_time: ZonedTime | None = None
    """The point in time to go back to, ISO 8601 with a time zone; the end of the archive when left out."""
    follow: bool = False
    """Make a standby stack: the database, of one instance or three, goes on replaying what arrives in the archive and takes
    no writes, and Airflow is not deployed. Turned off, the database is promoted and Airflow comes up."""
