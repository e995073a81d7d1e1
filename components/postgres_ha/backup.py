"""pgBackRest's configuration: where the archive lies and what is kept."""

from dataclasses import dataclass

from components.contract import object_store
from components.postgres_ha.names import AUTHORITY_FILE as AUTHORITY_NAME
from components.postgres_ha.names import (
    BACKUP_SECRETS_PATH,
    BACKUP_STORE,
    DATA_PATH,
    REPOSITORY_PATH,
    SCRIPTS_PATH,
    SOCKET_PATH,
    SUPERUSER,
)
from settings.backup import BackupSettings, BackupTarget, S3Settings
from settings.platform_settings import PlatformSettings
from settings.postgres import PostgresSettings

STANZA = "platform"
CONFIG_FILE = "pgbackrest.conf"
AUTHORITY_FILE = "bucket-ca.crt"
BUNDLED_BUCKET = "backups"

_RUN = f"/bin/bash {SCRIPTS_PATH}/pgbackrest.sh"
# pgBackRest understands half a second before its own patience ends; a segment is sent in well under a second.
_ARCHIVE_PATIENCE_SECONDS = 60

Options = dict[str, str | int]


def is_backed_up(postgres: PostgresSettings) -> bool:
    """Whether there is an archive."""
    return postgres.backup.target is not BackupTarget.NONE


def archive_command(postgres: PostgresSettings) -> str:
    """What PostgreSQL runs for each finished segment of its log.

    One process that ends when the store has the segment: at 16 MiB in about 0.2 s it keeps up with far more than
    Airflow writes, and takes less memory than pgBackRest's asynchronous way. `pgbackrest_archive.sh` says what is left out;
    pgBackRest's `check` refuses a command without its name.
    """
    return f"/bin/bash {SCRIPTS_PATH}/pgbackrest_archive.sh %p" if is_backed_up(postgres) else "/bin/true"


def restore_command() -> str:
    """What a standby runs for a segment that no instance has any more."""
    return f'{_RUN} archive-get %f "%p"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where an archive lies.

    Attributes:
        bucket: of an S3 service; None for a volume.
        path: inside the bucket, or where the volume is mounted.
        authority: file of whoever signed the bucket's certificate, empty for the authorities of the image.
    """

    bucket: S3Settings | None
    path: str
    authority: str = ""


def own_store(settings: PlatformSettings) -> Store:
    """Where this stack's backups go."""
    backup = settings.postgres.backup
    return own_store_at(settings, f"{backup.prefix}/{backup.generation}")


def own_store_at(settings: PlatformSettings, path: str) -> Store:
    """Another path where this stack's backups go."""
    bucket = own_bucket(settings)
    if bucket is not None and settings.postgres.backup.bundled is not None:
        # Its certificate is signed by the platform's own authority.
        return Store(bucket=bucket, path=path, authority=f"{BACKUP_SECRETS_PATH}/{AUTHORITY_NAME}")
    return store_at(bucket, REPOSITORY_PATH, path, AUTHORITY_FILE)


def own_bucket(settings: PlatformSettings) -> S3Settings | None:
    """The bucket of this stack's backups: a given one, or that of its own store."""
    backup = settings.postgres.backup
    if backup.bundled is None:
        return backup.s3
    return object_store.bucket(BACKUP_STORE, settings.namespaces.data, BUNDLED_BUCKET)


def store_at(bucket: S3Settings | None, mount: str, path: str, authority_file: str) -> Store:
    """A store in a bucket, or on the volume that is mounted at `mount` where there is no bucket."""
    if bucket is None:
        return Store(bucket=None, path=f"{mount}{path}")
    return Store(bucket=bucket, path=path, authority=f"{SCRIPTS_PATH}/{authority_file}" if bucket.authority else "")


def configuration_files(settings: PlatformSettings) -> dict[str, str]:
    """File name to text."""
    backup = settings.postgres.backup
    if not is_backed_up(settings.postgres):
        return {}
    options: Options = {
        # Small files travel together, and a differential backup sends changed blocks instead of files.
        "repo1-bundle": "y",
        "repo1-block": "y",
        "repo1-retention-full": backup.retention.full,
        "repo1-retention-diff": backup.retention.diff,
        "compress-type": "zst",
        "start-fast": "y",
    }
    files = {CONFIG_FILE: configuration(own_store(settings), options)}
    if backup.s3 is not None and backup.s3.authority is not None:
        files[AUTHORITY_FILE] = backup.s3.authority
    return files


def configuration(store: Store, options: Options | None = None) -> str:
    """The configuration file of pgBackRest for a store.

    Args:
        store: where the archive lies.
        options: how it is written, where it is written.
    """
    sections: dict[str, Options] = {
        "global": {
            **_repository(store),
            "repo1-cipher-type": "aes-256-cbc",
            **(options or {}),
            "archive-timeout": _ARCHIVE_PATIENCE_SECONDS,
            "process-max": 2,
            "log-level-console": "warn",
            "log-level-file": "off",
            "lock-path": "/tmp/pgbackrest",  # noqa: S108 - of the container's own
        },
        STANZA: {"pg1-path": DATA_PATH, "pg1-socket-path": SOCKET_PATH, "pg1-user": SUPERUSER},
    }
    return "\n".join(_section(name, options) for name, options in sections.items())


def _section(name: str, options: Options) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in options.items()), ""])


def _repository(store: Store) -> Options:
    if store.bucket is None:
        return {"repo1-type": "posix", "repo1-path": store.path}
    host, _, port = store.bucket.endpoint.partition(":")
    return {
        "repo1-type": "s3",
        "repo1-path": store.path,
        "repo1-s3-endpoint": host,
        **({"repo1-storage-port": port} if port else {}),
        "repo1-s3-bucket": store.bucket.bucket,
        "repo1-s3-region": store.bucket.region,
        "repo1-s3-uri-style": store.bucket.uri_style.value,
        "repo1-s3-key-type": store.bucket.key_type.value,
        **({"repo1-storage-ca-file": store.authority} if store.authority else {}),
    }


def without_retention(text: str) -> str:
    """A file without what it says of how many backups are kept: the runner reads that at every backup."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("repo1-retention-"))


def retention_note(backup: BackupSettings) -> dict[str, str]:
    """What the instances' object says of its backups, for whoever judges it without pgBackRest's file."""
    if backup.target is BackupTarget.NONE:
        return {"airflow-platform/backup-target": backup.target.value}
    return {
        "airflow-platform/backup-target": backup.target.value,
        "airflow-platform/backup-retention-full": str(backup.retention.full),
        "airflow-platform/archive-timeout-seconds": str(backup.archive_timeout_seconds),
    }
