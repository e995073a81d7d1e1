"""Settings of backups and restore drills of the metadata database."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import Name, ResourceList, Resources, Settings, Storage
from settings.cron import longest_gap


def _cron(text: str) -> str:
    longest_gap(text)
    return text


Cron = Annotated[str, AfterValidator(_cron), Field(examples=["30 1 * * *"])]
"""A schedule in UTC: five fields, as in a Kubernetes CronJob."""

Prefix = Annotated[str, Field(pattern=r"^(/[a-z0-9][-a-z0-9._]*)+$", max_length=200)]
"""A path inside a bucket or volume, such as `/airflow-platform`."""


class BackupTarget(StrEnum):
    """Where backups and the archive of the write-ahead log go."""

    S3 = "s3"
    """A bucket of any S3 service with TLS."""
    VOLUME = "volume"
    """A volume that all instances mount."""
    NONE = "none"
    """Nowhere; refused in prod."""


class UriStyle(StrEnum):
    """How a bucket is named in a request."""

    HOST = "host"
    """As a host name, `<bucket>.<endpoint>`: what S3 of AWS wants."""
    PATH = "path"
    """As the first part of the path: what most other stores want."""


class KeyType(StrEnum):
    """How a client logs in at an S3 service."""

    SHARED = "shared"
    """With an access key."""
    WEB_ID = "web-id"
    """With the identity of the pods' service account, where the cloud knows it."""
    AUTO = "auto"
    """With the role of the node."""


class S3Settings(Settings):
    """A bucket of an S3 service."""

    endpoint: str = Field(pattern=r"^[a-z0-9][-a-z0-9.]*(:[0-9]+)?$")
    """Host name, with a port where it is not 443; always reached by TLS."""
    bucket: str = Field(pattern=r"^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$")
    """Bucket; it must be there."""
    region: str = "us-east-1"
    """Region."""
    uri_style: UriStyle = UriStyle.HOST
    """How the bucket is named in a request."""
    key_type: KeyType = KeyType.SHARED
    """How to log in."""
    credentials_secret: Name | None = None
    """Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, in the namespace of who reads it: the data
    namespace, for task logs Airflow's. Without one they are the values `backup_access_key` and `backup_secret_key` of
    `credentials.given`, of a source `restore_access_key` and `restore_secret_key`, of task logs `logs_access_key` and
    `logs_secret_key`."""
    authority: str | None = Field(default=None, pattern=r"^-----BEGIN CERTIFICATE-----")
    """Certificate, PEM, of the authority that signed the endpoint's; those of the image when left out."""


class BundledStoreSettings(Settings):
    """An S3 store of the stack's own: versitygw over a volume, reached by TLS inside the cluster alone.

    It is as safe as its volume, and lies where the database does: for one machine, for trials, and where the volume's
    class keeps copies elsewhere.
    """

    storage: Storage
    """Its volume; the class has to know extended attributes, as ext4 and xfs do."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="10m", memory="48Mi"), limits=ResourceList(memory="512Mi")
    )
    """Of its one pod."""


class RetentionSettings(Settings):
    """How many backups are kept; the archive goes back to the oldest of them."""

    full: int = Field(default=14, ge=1, le=365)
    """Full backups."""
    diff: int = Field(default=4, ge=1, le=365)
    """Differential backups, whose full one is kept as well."""


class DrillSettings(Settings):
    """The restore drill: the newest backup in a throwaway instance, and whether it is what it should be."""

    schedule: Cron | None = None
    """When it runs, in UTC; only by hand (`make drill-restore`) when left out."""
    max_data_loss_seconds: int = Field(default=60, ge=10, le=86400)
    """It fails when what came back is older than this."""
    timeout_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds for the whole drill."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="20m", memory="256Mi"), limits=ResourceList(memory="1Gi")
    )
    """Of each container of its pod."""


class AccessMode(StrEnum):
    """Who may mount a volume, in Kubernetes' words."""

    ONE_NODE = "ReadWriteOnce"
    """One node."""
    MANY_NODES = "ReadWriteMany"
    """Any number of nodes."""


class BackupVolume(Storage):
    """The volume that all instances archive to."""

    access_mode: AccessMode | None = None
    """ReadWriteOnce for one instance and ReadWriteMany for three when left out. A claim keeps its mode for good: write
    ReadWriteMany for one instance that is to be raised to three."""


class BackupSettings(Settings):
    """Backups with pgBackRest: a continuous archive of the write-ahead log, and full and differential backups."""

    target: BackupTarget = BackupTarget.NONE
    """Where they go."""
    s3: S3Settings | None = None
    """The bucket, for target `s3`."""
    bundled: BundledStoreSettings | None = None
    """A store of the stack's own in place of the bucket, for target `s3`; refused in prod."""
    volume: BackupVolume | None = None
    """The volume, for target `volume`."""
    prefix: Prefix = "/airflow-platform"
    """Path inside the bucket or volume; one for each stack that shares it."""
    generation: int = Field(default=1, ge=1, le=9999)
    """Last part of that path; raised when the path holds another cluster's archive."""
    full_schedule: Cron = "30 1 * * *"
    """When a full backup is taken, in UTC."""
    diff_schedule: Cron | None = "30 7,13,19 * * *"
    """When a differential backup is taken, in UTC."""
    verify_schedule: Cron = "30 3 * * 0"
    """When every file of the store is read and compared with its checksum, in UTC."""
    retention: RetentionSettings = RetentionSettings()
    """How many are kept."""
    archive_timeout_seconds: int = Field(default=30, ge=10, le=3600)
    """The log is archived at least this often while anything is written."""
    heartbeat_seconds: int = Field(default=15, ge=5, le=300)
    """How often the time is written into the database, so that a restore can tell how much it lost."""
    drill: DrillSettings = DrillSettings()
    """The restore drill."""
