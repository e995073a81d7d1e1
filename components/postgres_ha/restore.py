"""A cluster that is made from an archive: pgBackRest's file for the source, and how Patroni begins."""

from datetime import UTC, datetime
from typing import Any

from components.postgres_ha.backup import Store, configuration, store_at
from components.postgres_ha.names import DATA_PATH, REPOSITORY_PATH, SCRIPTS_PATH, SOURCE_REPOSITORY_PATH
from settings.backup import S3Settings
from settings.platform_settings import PlatformSettings
from settings.postgres import PostgresSettings

CONFIG_FILE = "source-pgbackrest.conf"
AUTHORITY_FILE = "source-bucket-ca.crt"
_METHOD = "pgbackrest"


def source_bucket(postgres: PostgresSettings) -> S3Settings | None:
    """The bucket of the source: one of its own, or this stack's; None where it is a volume, or there is no source."""
    source = postgres.restore_from
    if source is None or source.claim is not None:
        return None
    return source.s3 or postgres.backup.s3


def source_store(postgres: PostgresSettings) -> Store | None:
    """Where the source lies; None for a cluster that begins empty."""
    source = postgres.restore_from
    if source is None:
        return None
    mount = REPOSITORY_PATH if source.claim is None else SOURCE_REPOSITORY_PATH
    return store_at(source_bucket(postgres), mount, f"{source.prefix}/{source.generation}", AUTHORITY_FILE)


def configuration_files(settings: PlatformSettings) -> dict[str, str]:
    """File name to text."""
    store = source_store(settings.postgres)
    if store is None:
        return {}
    files = {CONFIG_FILE: configuration(store)}
    if store.bucket is not None and store.bucket.authority is not None:
        files[AUTHORITY_FILE] = store.bucket.authority
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


def origin(postgres: PostgresSettings) -> str:
    """What a cluster was made from and what it writes to: once for each cluster that is ever made so."""
    store, source, backup = source_store(postgres), postgres.restore_from, postgres.backup
    if store is None or source is None:
        return ""
    place = store.bucket.endpoint + "/" + store.bucket.bucket if store.bucket else source.claim or "own volume"
    target = _target(source.target_time) if source.target_time else "the end"
    return f"{place}{store.path} at {target}, archived to {backup.prefix}/{backup.generation}"


def _target(time: datetime) -> str:
    """As pgBackRest and PostgreSQL read it."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
