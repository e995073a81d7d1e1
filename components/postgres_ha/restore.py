"""A cluster that is made from an archive: pgBackRest's file for the source, and how Patroni begins."""

from datetime import UTC, datetime
from typing import Any

from components.postgres_ha.backup import Store, configuration, own_store_at, store_at
from components.postgres_ha.names import DATA_PATH, SCRIPTS_PATH, SOURCE_REPOSITORY_PATH
from settings.backup import S3Settings
from settings.platform_settings import PlatformSettings
from settings.postgres import PostgresSettings

CONFIG_FILE = "source-pgbackrest.conf"
SOURCE_AUTHORITY_FILE = "source-bucket-ca.crt"
_METHOD = "pgbackrest"


def source_bucket(settings: PlatformSettings) -> S3Settings | None:
    """The bucket of the source: one of its own, or this stack's; None where it is a volume, or there is no source."""
    store = source_store(settings)
    return store.bucket if store else None


def source_store(settings: PlatformSettings) -> Store | None:
    """Where the source lies; None for a cluster that begins empty."""
    source = settings.postgres.restore_from
    if source is None:
        return None
    path = f"{source.prefix}/{source.generation}"
    if source.s3 is None and source.claim is None:
        return own_store_at(settings, path)
    return store_at(source.s3, SOURCE_REPOSITORY_PATH, path, SOURCE_AUTHORITY_FILE)


def configuration_files(settings: PlatformSettings) -> dict[str, str]:
    """File name to text."""
    store, source = source_store(settings), settings.postgres.restore_from
    if store is None or source is None:
        return {}
    files = {CONFIG_FILE: configuration(store)}
    if source.s3 is not None and source.s3.authority is not None:
        files[SOURCE_AUTHORITY_FILE] = source.s3.authority
    return files


def bootstrap(postgres: PostgresSettings) -> dict[str, Any]:
    """What Patroni's `bootstrap` says on top: the method that fills the first instance in place of `initdb`."""
    source = postgres.restore_from
    if source is None:
        return {}
    target = f" '{_target(source.target_time)}'" if source.target_time else ""
    return {
        "method": _METHOD,
        _METHOD: {
            "command": f"/bin/bash {SCRIPTS_PATH}/restore.sh {DATA_PATH}{target}",
            "no_params": True,
            # What pgBackRest writes of the recovery holds until the instance leads.
            "keep_existing_recovery_conf": True,
        },
    }


def standby_cluster(postgres: PostgresSettings) -> dict[str, Any]:
    """What the cluster agrees on where it was made from an archive: follow it, or do so no more."""
    source = postgres.restore_from
    if source is None:
        return {}
    if not source.follow:
        # Taken away from what was agreed on before, which promotes.
        return {"standby_cluster": None}
    command = f'/bin/bash {SCRIPTS_PATH}/pgbackrest.sh source archive-get %f "%p"'
    # The first instance has nobody to copy from; the others copy it, or read the archive where that fails.
    return {"standby_cluster": {"create_replica_methods": ["basebackup", _METHOD], "restore_command": command}}


def replica_method(postgres: PostgresSettings) -> dict[str, Any]:
    """How the first instance of a standby is filled; there is nobody to copy from."""
    if postgres.restore_from is None:
        return {}
    command = f"/bin/bash {SCRIPTS_PATH}/restore.sh {DATA_PATH} standby"
    return {_METHOD: {"command": command, "no_params": True, "no_leader": True}}


def origin(settings: PlatformSettings) -> str:
    """What a cluster was made from and what it writes to: once for each cluster that is ever made so."""
    store, source, backup = source_store(settings), settings.postgres.restore_from, settings.postgres.backup
    if store is None or source is None:
        return ""
    place = store.bucket.endpoint + "/" + store.bucket.bucket if store.bucket else source.claim or "own volume"
    target = _target(source.target_time) if source.target_time else "the end"
    return f"{place}{store.path} at {target}, archived to {backup.prefix}/{backup.generation}"


def _target(time: datetime) -> str:
    """As pgBackRest and PostgreSQL read it."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
